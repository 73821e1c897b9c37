import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { OneOf, Optional, OwnId, PlatformId, WeirId } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch, mustBeFresh } from '#libs/runtime/http/if-match'
import { apiBody, apiOk, apiOperation, apiPage, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { notFound } from '#libs/runtime/http/problem'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { ChangeDecision } from './change-decision.js'
import { DECISION_STATES, type DecisionState } from '../ledger/decisions/decision.js'
import { decisionView } from './decision-view.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { DecisionView } from './decisions-api.js'
import { type GivenReasons, Reasons } from './reasons-field.js'

export class DecisionsQuery extends PageQuery {
  @Optional() @OneOf(DECISION_STATES) state?: DecisionState
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  @Optional() @WeirId() case?: string
}

export class ReasonsBody {
  @Reasons() reasons!: GivenReasons
}

/** What was decided, and what a second person says to it. */
@Controller('decisions')
@apiTag('Decisions')
export class DecisionsController {
  constructor(
    private readonly decisions: DecisionStore,
    private readonly changeDecision: ChangeDecision,
  ) {}

  @Get()
  @apiOperation(
    'Finds decisions by state, account or case.',
    'Those of people and those made automatically. The view is entered into the audit log.',
  )
  @Roles('moderator', 'senior', 'auditor', 'admin')
  @ViewsList<DecisionView>('decisions', ({ decisionId }) => `decision/${decisionId}`)
  @apiQuery(DecisionsQuery)
  @apiPage(DecisionView)
  async list(@Query() query: DecisionsQuery) {
    const filter = {
      state: query.state,
      platformId: query.platform,
      accountId: query.account,
      caseId: query.case,
    }
    const found = await this.decisions.list(filter, query.limit, instantCursor(query.cursor))
    return page(
      found,
      query.limit,
      (decision) => [decision.at.toISOString(), decision._id],
      (one) => decisionView(one),
    )
  }

  @Get(':id')
  @apiOperation(
    'Shows a decision with its reasons, what it rests on and each later step.',
    'Also shows what the owner answered to an intended ban. The view is entered into the audit log.',
  )
  @Roles('moderator', 'senior', 'auditor', 'admin')
  @ViewsEvidence('decision')
  @apiOk(DecisionView)
  async get(@Param('id') id: string) {
    const decision = await this.decisions.byId(id)
    if (!decision) throw notFound('There is no such decision.')
    return decisionView(decision, { asEvidence: true })
  }

  @Post(':id/approve')
  @apiOperation(
    'Approves a held decision as the second person.',
    'Never possible for who made it, or decided a strike that it rests on. It takes effect now, or when the',
    'owner’s hours to answer are over, counted from the proven delivery of the notice.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiBody(ReasonsBody)
  @apiOk(DecisionView)
  async approve(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: ReasonsBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.get(id))
    return decisionView(await this.changeDecision.approve(id, caller.subject, body.reasons))
  }

  @Post(':id/refuse')
  @apiOperation('Refuses a held decision.', 'It never takes effect, and its case is open again.')
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiBody(ReasonsBody)
  @apiOk(DecisionView)
  async refuse(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: ReasonsBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.get(id))
    return decisionView(await this.changeDecision.refuse(id, caller.subject, body.reasons))
  }

  @Post(':id/reverse')
  @apiOperation(
    'Reverses a decision that is in force.',
    'Its strikes count no more, and what it ordered, or the ladder did because of it, is lifted by directives',
    'to the platform. Nobody is punished anew by it.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiBody(ReasonsBody)
  @apiOk(DecisionView)
  async reverse(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: ReasonsBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.get(id))
    return decisionView(await this.changeDecision.reverse(id, caller.subject, body.reasons))
  }
}
