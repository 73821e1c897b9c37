import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common'
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
import { type Caller, CurrentCaller } from '#libs/platform/auth/caller'
import { Roles } from '#libs/platform/auth/roles.decorator'
import { Clock } from '#libs/platform/clock'
import { Idempotent, RequestId } from '#libs/platform/http/idempotency'
import { apiAnswer, apiBody, apiCreated, apiOk, apiPage, apiQuery } from '#libs/platform/http/openapi'
import { type Page, page, PageQuery } from '#libs/platform/http/paging'
import { badRequest } from '#libs/platform/http/problem'
import { QueryFlag } from '#libs/platform/http/query-fields'
import type { AccountChange } from '../accounts/account-draft.rules.js'
import { ViewsEvidence } from '../audit/evidence-views.js'
import { accountCursor, instantCursor } from '../cursor.js'
import { previewOf } from '../decisions/decision-preview.js'
import { decisionView } from '../decisions/decision-view.js'
import { MOST_MESSAGES } from '../decisions/decision.js'
import { DecisionStore } from '../decisions/decision.store.js'
import { DecisionPreview, DecisionView } from '../decisions/decisions-api.js'
import { bilingual, type GivenReasons, Reasons } from '../decisions/reasons-field.js'
import { CountsExposure } from '../quality/count-exposure.js'
import { ReadExposure } from '../quality/read-exposure.js'
import { PolicyStore } from '../policies/policy.store.js'
import { DecideCluster } from '../findings/decide-cluster.js'
import { ReadCluster } from '../findings/read-cluster.js'
import { findingView } from '../findings/finding-view.js'
import { ClusterDecided, ClusterPreview, type MemberPreview } from '../findings/findings-api.js'
import { FindingStore } from '../findings/finding.store.js'
import { CASE_KINDS, type CaseKind, partsOf } from './case.js'
import { CASE_STATES, type CaseState } from './case-transitions.js'
import { caseView, entryView } from './case-view.js'
import { CaseFile, CaseView } from './cases-api.js'
import { CaseEntryStore } from './case-entry.store.js'
import { type CaseDocument, CaseStore } from './case.store.js'
import { CopyView } from './copy-view.js'
import { DecideCase } from './decide-case.js'
import { FindCopies } from './find-copies.js'
import { WorkOnCases, type WorkRequest } from './work-on-cases.js'
import { AsksForWork } from './work-request.decorator.js'

const SORTS = ['priority', 'newest', 'due', 'account'] as const

export class CasesQuery extends PageQuery {
  /** What they are about. */
  @Optional() @OneOf(CASE_KINDS) kind?: CaseKind
  @Optional() @OneOf(CASE_STATES) state?: CaseState
  @Optional() @PlatformId() platform?: string
  @Optional() @OwnId() account?: string
  @Optional() @Text(60, 1) category?: string
  @Optional() @Text(200, 1) assignee?: string
  /** Undecided past its due time, or not. */
  @Optional() @QueryFlag() overdue?: boolean
  /** Prefix of the account's id. */
  @Optional() @Text(128, 1) q?: string
  /** The newest first unless said otherwise; of what is overdue, what was due first; with `q`, by account. */
  @Optional() @OneOf(SORTS) sort?: (typeof SORTS)[number]
}

/** Which of the waiting cases somebody wants; all without. */
export class NextQuery {
  @Optional() @Text(60, 1) category?: string
  @Optional() @Text(35, 1) language?: string
  @Optional() @PlatformId() platform?: string
}

export class NoteBody {
  @Text(10_000, 1) text!: string
}

/** The members of a cluster are shown from after this one on. */
export class CaseQuery {
  /** `platform/account`. */
  @Optional() @Text(169, 1) membersAfter?: string
}

export class NamedAccountBody {
  @PlatformId() platform!: string
  @OwnId() account!: string
}

export class DecisionBody {
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause?: string
  @Reasons() reasons!: GivenReasons
  @Optional() @Strings(MOST_MESSAGES, PLATFORM_OWN_ID) messageIds?: string[]
  @Optional() @Instant() until?: string
  @Optional() @Instant() notBefore?: string
  /** Of a cluster: the accounts that are meant; all undecided ones without. Each is decided on for its own messages. */
  @Example() @Optional() @Many(() => NamedAccountBody, 1_000, 1) accounts?: NamedAccountBody[]
}

export class DecisionQuery {
  @Optional() @QueryFlag() dryRun?: boolean
}

/** A case shows as many of its newest entries; the rest is in the account's timeline. */
const ENTRIES_SHOWN = 200
/** Of the newest version of a finding the edges too. */
const FINDINGS_SHOWN = 20
/** Decisions on a cluster that are answered with; the rest is in the list of decisions. */
const DECISIONS_SHOWN = 200

/** The queue of operators. */
@Controller('cases')
export class CasesController {
  constructor(
    private readonly cases: CaseStore,
    private readonly entries: CaseEntryStore,
    private readonly work: WorkOnCases,
    private readonly decideCase: DecideCase,
    private readonly decideCluster: DecideCluster,
    private readonly readCluster: ReadCluster,
    private readonly findings: FindingStore,
    private readonly findCopies: FindCopies,
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly exposure: ReadExposure,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(CasesQuery)
  @apiPage(CaseView)
  async list(@Query() query: CasesQuery): Promise<Page<CaseView>> {
    const { limit, cursor, overdue } = query
    const now = this.clock.now()
    const view = (one: CaseDocument) => caseView(one, now)
    const filter = {
      kind: query.kind,
      state: query.state,
      platformId: query.platform,
      accountId: query.account,
      categories: query.category,
      assignee: query.assignee,
      ...(overdue === undefined ? {} : { overdue: { is: overdue, now } }),
      q: query.q,
    }
    const sort = query.sort ?? (overdue ? 'due' : query.q === undefined ? 'newest' : 'account')
    if (sort === 'account') {
      const found = await this.cases.byAccount(filter, limit, accountCursor(cursor))
      return page(found, limit, (one) => [one.accountId, one.openedAt.toISOString(), one._id], view)
    }
    const after = instantCursor(cursor)
    if (sort === 'newest') {
      const found = await this.cases.newest(filter, limit, after)
      return page(found, limit, (one) => [one.openedAt.toISOString(), one._id], view)
    }
    const by = sort === 'due' ? 'dueAt' : 'urgentSince'
    const found = await this.cases.earliest(by, filter, limit, after)
    return page(found, limit, (one) => [one[by].toISOString(), one._id], view)
  }

  @Post('next')
  @HttpCode(200)
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiQuery(NextQuery)
  @apiAnswer(200, 'The most urgent open case, claimed for the caller.', CaseView)
  @apiAnswer(204, 'There is none, or none that is mild enough for who has seen enough today.')
  async next(
    @Query() query: NextQuery,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CaseView | undefined> {
    const { category, language, platform } = query
    const maxSeverity = await this.exposure.mostSevereFor(caller.subject)
    const wanted = { category, language, platformId: platform, maxSeverity }
    const claimed = await this.work.claimNext(caller, requestId, wanted)
    if (claimed) return caseView(claimed, this.clock.now())
    void reply.status(204)
    return undefined
  }

  @Get(':id')
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @ViewsEvidence('case')
  @CountsExposure()
  @apiQuery(CaseQuery)
  @apiOk(CaseFile)
  async get(@Param('id') id: string, @Query() query: CaseQuery): Promise<CaseFile> {
    const found = await this.work.mustFind(id)
    const cluster = found.kind === 'cluster' ? await this.readCluster.read(id, query.membersAfter) : null
    const parts = partsOf(found)
    const [entries, count, decisions, findings] = await Promise.all([
      cluster?.entries ?? this.entries.ofCases(parts, ENTRIES_SHOWN),
      cluster?.entries.length ?? this.entries.countOf(parts),
      this.decisions.ofCases(parts),
      this.findings.ofCases(parts, FINDINGS_SHOWN),
      this.policies.refresh(this.clock.now()),
    ])
    const { policy } = this.policies.inForce(this.clock.now())
    return {
      ...caseView(found, this.clock.now()),
      entryCount: count,
      entries: entries.map((entry) => entryView(entry, policy)),
      findings: findings.map((finding, i) => findingView(finding, i === 0)),
      ...(cluster ? { members: cluster.members, nextMember: cluster.nextMember } : {}),
      decisions: decisions.map(decisionView),
    }
  }

  @Get(':id/copies')
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @apiQuery(PageQuery)
  @apiPage(
    CopyView,
    'Reposts and near-duplicates of its messages in other cases. A page may be short and have a next one.',
  )
  copies(@Param('id') id: string, @Query() query: PageQuery) {
    return this.findCopies.of(id, query.limit, instantCursor(query.cursor))
  }

  @Post(':id/notes')
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiBody(NoteBody)
  @apiCreated(CaseView)
  async note(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @Body() body: NoteBody,
  ) {
    return caseView(await this.work.note(id, caller, body.text, requestId), this.clock.now())
  }

  @Post(':id/decisions')
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
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
    const made = await this.decideCluster.decide(id, given, request)
    return { caseId: id, count: made.length, decisions: made.slice(0, DECISIONS_SHOWN).map(decisionView) }
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
