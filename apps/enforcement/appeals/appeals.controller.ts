import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common'
import { ApiHeader } from '@nestjs/swagger'
import type { FastifyRequest } from 'fastify'
import { Example, Instant, One, OneOf, Optional, OwnId, PlatformId, Text } from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Public, Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent, IDEMPOTENCY_KEY, idempotencyKeyOf } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch } from '#libs/runtime/http/if-match'
import {
  apiBody,
  apiCreated,
  apiOk,
  apiOperation,
  apiPage,
  apiProblem,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { page, PageQuery } from '#libs/runtime/http/paging'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import { type GivenReasons, Reasons } from '../casework/reasons-field.js'
import { APPEAL_OUTCOMES, APPEAL_STATES, type AppealOutcome, type AppealState } from './appeal-transitions.js'
import { appealStatusView, appealView } from './appeal-view.js'
import { AppealReceipt, AppealStatus, AppealView } from './appeals-api.js'
import { AppealStore } from './appeal.store.js'
import { FollowAppeal } from './follow-appeal.js'
import { GiveFacts } from './give-facts.js'
import { HearAppeals } from './hear-appeals.js'
import { LONGEST_APPEAL, OpenAppeal, SHORTEST_KEY } from './open-appeal.js'
import { TakeUpFacts } from './take-up-facts.js'

export class AppealBody {
  /** The token in the link of a statement of reasons. */
  @Example('v1.sor_n6tbv8yhc1r0p3k2mzq7xw5gd4.1827475200.5f1c…') @Text(2_048, 1) token!: string
  @Example('The text quotes a warning of the police.') @Text(LONGEST_APPEAL, 1) text!: string
}

export class FactsBody {
  @Example('The shop has been closed since May.') @Text(LONGEST_APPEAL, 1) text!: string
}

export class AppealsQuery extends PageQuery {
  @Optional() @OneOf(APPEAL_STATES) state?: AppealState
  @Optional() @QueryFlag() late?: boolean
  /** Decided, and told more since that nobody has taken up. */
  @Optional() @QueryFlag() facts?: boolean
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  @Optional() @Text(200, 1) claimedBy?: string
}

export class ReplacementBody {
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Instant() until?: string
}

export class AppealDecisionBody {
  @OneOf(APPEAL_OUTCOMES) outcome!: AppealOutcome
  @Reasons() reasons!: GivenReasons
  /** With `partly_granted` only: the lesser measure in the place of the one appealed. */
  @Example() @Optional() @One(() => ReplacementBody) replacement?: ReplacementBody
}

const READERS = ['senior', 'auditor', 'admin'] as const

/** Objections: opened and followed by everybody who has a link or a code, heard by people without an earlier part. */
@Controller('appeals')
@apiTag('Appeals')
export class AppealsController {
  constructor(
    private readonly appeals: AppealStore,
    private readonly openAppeal: OpenAppeal,
    private readonly hearing: HearAppeals,
    private readonly following: FollowAppeal,
    private readonly giveFacts: GiveFacts,
    private readonly takeUp: TakeUpFacts,
  ) {}

  // No kept answer under an Idempotency-Key: it would hold the code, which derives from the key instead.
  @Post()
  @apiOperation(
    'Opens an appeal against a measure.',
    'For the owner, who has the link from a statement of reasons, or the platform for them.',
    'The receipt code is shown to nobody else and never again, except under the same `Idempotency-Key`.',
    'The measure stands meanwhile; it is suspended where the appeal is not decided in time.',
  )
  @Public()
  @ApiHeader({
    name: IDEMPOTENCY_KEY,
    required: false,
    description: `A secret of yours, of at least ${SHORTEST_KEY} characters: the same request gives the same code again.`,
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
  })
  @apiBody(AppealBody)
  @apiProblem(403, 'This is no link of ours, it has expired, or you are neither the owner nor the platform.')
  @apiProblem(
    409,
    'It was decided already (`already-decided`), an appeal is open, or there is nothing to object to.',
  )
  @apiCreated(AppealReceipt)
  async open(@Body() body: AppealBody, @CurrentCaller() caller: Caller, @Req() { headers }: FastifyRequest) {
    const key = idempotencyKeyOf(headers['idempotency-key'])
    return { receiptCode: await this.openAppeal.open(body.token, body.text, { caller, key }) }
  }

  @Get('status/:receiptCode')
  @apiOperation(
    'Shows how an appeal stands.',
    'For whoever has its receipt code. Tells the state and the outcome, nothing more;',
    'the reasons go to the owner through the platform.',
  )
  @Public()
  @apiOk(AppealStatus)
  async status(@Param('receiptCode') receiptCode: string, @CurrentCaller() caller: Caller) {
    return appealStatusView(await this.following.byCode(receiptCode, caller))
  }

  @Post('status/:receiptCode/withdraw')
  @apiOperation(
    'Takes an appeal back.',
    'For whoever has its receipt code, until it is decided. The measure stands.',
    'Taking it back again changes nothing.',
  )
  @HttpCode(200)
  @Public()
  @apiOk(AppealStatus)
  async withdraw(@Param('receiptCode') receiptCode: string, @CurrentCaller() caller: Caller) {
    return appealStatusView(await this.openAppeal.withdraw(receiptCode, caller))
  }

  @Post(':receiptCode/facts')
  @apiOperation(
    'Adds facts to an appeal, also after it was decided.',
    'For whoever has its receipt code. While it is open, those who hear it read them.',
    'After the decision they wait for a senior and change nothing by themselves, however long they wait.',
  )
  @Public()
  @apiBody(FactsBody)
  @apiProblem(403, 'You are neither the owner nor the platform.')
  @apiCreated(
    AppealStatus,
    'Those who hear the appeal see them; a decided one is heard again where a senior says so.',
  )
  async addFacts(
    @Param('receiptCode') receiptCode: string,
    @Body() { text }: FactsBody,
    @CurrentCaller() caller: Caller,
  ) {
    return appealStatusView(await this.giveFacts.give(receiptCode, text, caller))
  }

  @Get()
  @apiOperation(
    'Lists appeals, also those that are late or have facts nobody took up.',
    'The last opened first. The view is entered into the audit log.',
  )
  @Roles(...READERS)
  @ViewsList<AppealView>('appeals', ({ appealId }) => `appeal/${appealId}`)
  @apiQuery(AppealsQuery)
  @apiPage(AppealView)
  async list(@Query() query: AppealsQuery) {
    const { state, late, facts: factsWaiting, platform: platformId, account: accountId, claimedBy } = query
    const filter = { state, late, factsWaiting, platformId, accountId, claimedBy }
    const found = await this.appeals.list(filter, query.limit, instantCursor(query.cursor))
    return page(found, query.limit, (one) => [one.openedAt.toISOString(), one._id], appealView)
  }

  @Get(':id')
  @apiOperation('Shows an appeal with its text and its facts.', 'The view is entered into the audit log.')
  @Roles(...READERS)
  @ViewsEvidence('appeal')
  @apiOk(AppealView)
  async get(@Param('id') id: string) {
    return appealView(await this.hearing.mustFind(id))
  }

  @Post(':id/claim')
  @apiOperation(
    'Claims an appeal in order to hear it.',
    'For a senior without a part in what it would undo.',
    'A claim that led to no decision for 72 hours may be taken over. One’s own again changes nothing.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiOk(AppealView)
  async claim(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return appealView(await this.hearing.claim(id, caller.subject, ifMatch))
  }

  /** Hears one that was upheld again, for facts that were told since. The measure stands meanwhile. */
  @Post(':id/reopen')
  @apiOperation(
    'Hears an appeal that was upheld again, for facts told since.',
    'The caller claims it; who decided it before cannot.',
    'The measure stands meanwhile, however long that takes.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiOk(AppealView)
  async reopen(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    return appealView(await this.takeUp.reopen(id, caller.subject, ifMatch))
  }

  @Post(':id/decision')
  @apiOperation(
    'Decides an appeal that the caller has claimed.',
    'Granted, everything that the decision did is undone: strike, level and measure, by a directive to the',
    'platform. Granted in part, a lesser measure takes its place, and the time served counts. It never makes',
    'matters worse.',
  )
  @Roles('senior')
  @Idempotent()
  @apiBody(AppealDecisionBody)
  @apiCreated(AppealView)
  async decide(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @Body() body: AppealDecisionBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    const { outcome, reasons, replacement } = body
    const order = replacement && {
      measure: replacement.measure,
      until: replacement.until ? new Date(replacement.until) : null,
    }
    const given = { outcome, reasons, replacement: order ?? null }
    return appealView(await this.hearing.decide(id, given, caller.subject, ifMatch))
  }
}
