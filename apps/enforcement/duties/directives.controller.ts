import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { Instant, OneOf, Optional, OwnId, PlatformId, Text } from '#libs/contracts/fields'
import { RECEIPT_STATUSES, type ReceiptStatus } from '#libs/contracts/receipt'
import { Clock } from '#libs/runtime/clock'
import { type Caller, CurrentCaller, hasRole, isPlatformOnly } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { assertFresh, type ExpectedVersions, IfMatch, mustBeFresh } from '#libs/runtime/http/if-match'
import { apiBody, apiOk, apiOperation, apiPage, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { badRequest, notFound } from '#libs/runtime/http/problem'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { AnswerDirective } from './answer-directive.js'
import { DIRECTIVE_STATES } from '../ledger/directives/directive-state.rules.js'
import { DIRECTIVE_READERS, directiveView } from './directive-view.js'
import { DirectiveStore, type DirectiveDocument } from '../ledger/directives/directive.store.js'
import { DirectiveView } from './directives-api.js'
import { TakeReceipts } from './take-receipts.js'

export class DirectivesQuery extends PageQuery {
  /** `overdue` finds what is overdue, in whatever state. */
  @Optional() @OneOf([...DIRECTIVE_STATES, 'overdue']) state?: string
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  @Optional() @QueryFlag() overdue?: boolean
}

export class ReceiptBody {
  @OneOf(RECEIPT_STATUSES) status!: ReceiptStatus
  @Instant() at!: string
  @Optional() @Text(2_000) note?: string
  @Optional() @Instant() ownerNotifiedAt?: string
}

export class AnswerBody {
  @Text(2_000, 1) text!: string
}

/** A platform that fetches its own orders is no view of evidence: it was sent them. */
const ONE_OF_US = { by: (caller: Caller) => !isPlatformOnly(caller) }

/** Orders to platforms and their answers. A platform sees its own. */
@Controller('directives')
@apiTag('Directives')
export class DirectivesController {
  constructor(
    private readonly directives: DirectiveStore,
    private readonly receipts: TakeReceipts,
    private readonly answers: AnswerDirective,
    private readonly clock: Clock,
  ) {}

  @Get()
  @apiOperation(
    'Lists orders to platforms by state, account or what is overdue.',
    'A platform sees its own, whatever `platform` says.',
    'Each view by an operator is entered into the audit log.',
  )
  @Roles(...DIRECTIVE_READERS, 'platform')
  @ViewsList<DirectiveView>('directives', ({ directiveId }) => `directive/${directiveId}`, ONE_OF_US)
  @apiQuery(DirectivesQuery)
  @apiPage(DirectiveView)
  async list(@CurrentCaller() caller: Caller, @Query() query: DirectivesQuery) {
    const platformId = hasRole(caller, ...DIRECTIVE_READERS) ? query.platform : caller.platform
    const state = query.state === 'overdue' ? undefined : query.state
    const filter = {
      platformId,
      accountId: query.account,
      state,
      overdue: query.state === 'overdue' ? true : query.overdue,
    }
    const found = await this.directives.list(filter, query.limit, instantCursor(query.cursor))
    return page(
      found,
      query.limit,
      (one) => [one.issuedAt.toISOString(), one._id],
      (one) => directiveView(one, caller),
    )
  }

  @Get(':id')
  @apiOperation(
    'Shows an order to a platform with its receipts and deadlines.',
    'A platform sees its own; of another’s it learns nothing, not even that it exists.',
  )
  @Roles(...DIRECTIVE_READERS, 'platform')
  @ViewsEvidence('directive', ONE_OF_US)
  @apiOk(DirectiveView)
  async get(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    return directiveView(await this.mustSee(id, caller), caller)
  }

  @Post(':id/receipts')
  @apiOperation(
    'Takes the receipt of a platform for one of its directives.',
    'The same as a record on the platform’s topic of receipts. Receipts may come twice and out of order.',
    '`impossible`, `clarification_needed` and `disputed` stop the clock, each once, until an operator',
    'answers.',
  )
  @HttpCode(200)
  @Roles('platform')
  @Idempotent()
  @apiBody(ReceiptBody)
  @apiOk(DirectiveView)
  async receive(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: ReceiptBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    const { platformId, version } = await this.mustSee(id, { ...caller, roles: ['platform'] })
    assertFresh(ifMatch, version)
    const given = { receipt: { ...body, directiveId: id }, receivedAt: this.clock.now() }
    const [problem] = await this.receipts.take(platformId, [given])
    if (problem) {
      throw badRequest(problem.slug, problem.message, [{ path: problem.path ?? '', reason: problem.message }])
    }
    return directiveView(await this.mustSee(id, caller), caller)
  }

  @Post(':id/answer')
  @apiOperation(
    'Answers a platform that stopped the clock of a directive.',
    'The clock runs on from there. The order itself does not change; to take it back, reverse the decision.',
  )
  @HttpCode(200)
  @Roles('moderator', 'senior')
  @Idempotent()
  @apiBody(AnswerBody)
  @apiOk(DirectiveView)
  async answer(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: AnswerBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.mustSee(id, caller))
    return directiveView(await this.answers.answer(id, caller.subject, body.text), caller)
  }

  private async mustSee(id: string, caller: Caller): Promise<DirectiveDocument> {
    const directive = await this.directives.byId(id)
    const visible =
      directive && (hasRole(caller, ...DIRECTIVE_READERS) || directive.platformId === caller.platform)
    if (!visible) throw notFound('There is no such directive.')
    return directive
  }
}
