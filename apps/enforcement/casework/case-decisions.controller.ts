import { Body, Controller, Param, Post, Query, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import {
  Example,
  Instant,
  Many,
  OneOf,
  Optional,
  OwnId,
  PLATFORM_OWN_ID,
  PlatformId,
  Strings,
  Text,
} from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
import { apiAnswer, apiBody, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { badRequest } from '#libs/runtime/http/problem'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import type { AccountChange } from '../ledger/account-draft.rules.js'
import { ViewsPreview } from '../audit/evidence-views.js'
import { previewOf } from './decision-preview.js'
import { decisionView } from './decision-view.js'
import { MAX_MESSAGES } from '../ledger/decisions/decision.js'
import { asksForPreview } from './asks-for-preview.js'
import { DecisionPreview, DecisionView } from './decisions-api.js'
import { bilingual, type GivenReasons, Reasons } from './reasons-field.js'
import { DecideCluster } from './clusters/decide-cluster.js'
import { ClusterDecided, ClusterPreview, type MemberPreview } from './clusters/findings-api.js'
import type { CaseKind } from '../ledger/cases/case.js'
import { DecideCase } from './decide-case.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'
import { AsksForWork } from './work-request.decorator.js'

export class NamedAccountBody {
  @PlatformId() platform!: string
  @OwnId() account!: string
}

export class DecisionBody {
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause?: string
  @Reasons() reasons!: GivenReasons
  @Optional() @Strings(MAX_MESSAGES, PLATFORM_OWN_ID) messageIds?: string[]
  @Optional() @Instant() until?: string
  @Optional() @Instant() notBefore?: string
  /** Of a cluster: the accounts that are meant; all undecided ones without. Each is decided on for its own messages. */
  @Example() @Optional() @Many(() => NamedAccountBody, 1_000, 1) accounts?: NamedAccountBody[]
}

export class DecisionQuery {
  @Optional() @QueryFlag() dryRun?: boolean
}

/** How a person decides a case, or sees first what that would do. */
@Controller('cases/:id/decisions')
@apiTag('Cases')
export class CaseDecisionsController {
  constructor(
    private readonly work: WorkOnCases,
    private readonly decideCase: DecideCase,
    private readonly decideCluster: DecideCluster,
  ) {}

  @Post()
  @apiOperation(
    'Decides a case, or shows what a decision would do.',
    'Triage may decide `none`, moderators up to `suspend`, seniors also `ban`. With `dryRun` nothing is changed.',
    'A ban waits until its owner had time to answer, unless its clause is urgent; a ban or suspension of an',
    'account with a wide reach waits for a second person. All else is ordered from the platform at once.',
  )
  @Roles('triage', 'moderator', 'senior')
  @Idempotent({ unless: asksForPreview })
  @ViewsPreview(({ params }) => [params['id']!])
  @apiQuery(DecisionQuery)
  @apiBody(DecisionBody)
  @apiAnswer(200, 'With `dryRun`: what it would do; nothing is changed.', DecisionPreview, ClusterPreview)
  @apiAnswer(201, 'Decided, or held for a second person.', DecisionView, ClusterDecided)
  async decide(
    @Param('id') id: string,
    @Query() query: DecisionQuery,
    @Body() body: DecisionBody,
    @AsksForWork() request: WorkRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecisionView | DecisionPreview | ClusterDecided | ClusterPreview> {
    const { kind } = await this.work.mustFind(id)
    assertGoesWith(kind ?? 'account', body)
    if (kind === 'cluster') return this.decideOnCluster(id, query, body, request, reply)
    const { accounts: _none, ...rest } = body
    const given = { ...rest, reasons: bilingual(body.reasons), messageIds: body.messageIds ?? [] }
    if (!query.dryRun) return decisionView(await this.decideCase.decide(id, given, request))
    void reply.status(200)
    return previewOf(await this.decideCase.preview(id, given, request.caller))
  }

  private async decideOnCluster(
    id: string,
    { dryRun }: DecisionQuery,
    { messageIds: _none, ...body }: DecisionBody,
    request: WorkRequest,
    reply: FastifyReply,
  ): Promise<ClusterDecided | ClusterPreview> {
    const given = { ...body, reasons: bilingual(body.reasons) }
    if (dryRun) {
      void reply.status(200)
      const previews = await this.decideCluster.preview(id, given, request.caller)
      return { dryRun: true, accounts: previews.map(memberPreviewOf) }
    }
    const { count, decisions } = await this.decideCluster.decide(id, given, request)
    return { caseId: id, count, decisions: decisions.map((one) => decisionView(one)) }
  }
}

function memberPreviewOf(change: AccountChange): MemberPreview {
  const { platformId, accountId } = change.state
  const { account, ...preview } = previewOf(change)
  return { ...preview, account: { platformId, accountId, ...account } }
}

/** @throws Problem 400 for a field that is about another kind of case */
function assertGoesWith(kind: CaseKind, { accounts, messageIds }: DecisionBody): void {
  const wrong = kind === 'cluster' ? messageIds && 'messageIds' : accounts && 'accounts'
  if (!wrong) return
  const errors = [
    {
      path: `/${wrong}`,
      reason: `does not go with a case on ${kind === 'cluster' ? 'a cluster' : 'one account'}`,
    },
  ]
  throw badRequest('invalid-request', 'The decision cannot be made like this.', errors)
}
