import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { OneOf, Optional, OwnId, PlatformId, Text } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Clock } from '#libs/runtime/clock'
import { Idempotent, RequestId } from '#libs/runtime/http/idempotency'
import { type ExpectedVersions, IfMatch, mustBeFresh } from '#libs/runtime/http/if-match'
import {
  apiAnswer,
  apiBody,
  apiCreated,
  apiOk,
  apiOperation,
  apiPage,
  apiQuery,
  apiTag,
} from '#libs/runtime/http/openapi'
import { type Page, page, PageQuery } from '#libs/runtime/http/paging'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import { ViewsEvidence, ViewsList } from '../audit/evidence-views.js'
import { accountCursor, instantCursor } from '../store/cursor.js'
import { CountsExposure } from '../exposure/count-exposure.js'
import { ReadExposure } from '../exposure/read-exposure.js'
import { CASE_KINDS, type CaseDocument, type CaseKind } from '../ledger/cases/case.js'
import { CASE_STATES, type CaseState } from '../ledger/cases/case-transitions.js'
import { caseView } from './case-view.js'
import { CaseFile, CaseView } from './cases-api.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import { CopyView } from './copy-view.js'
import { FindCopies } from './find-copies.js'
import { ReadCase } from './read-case.js'
import { WorkOnCases } from './work-on-cases.js'

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

/** The queue of operators. */
@Controller('cases')
@apiTag('Cases')
export class CasesController {
  constructor(
    private readonly cases: CaseStore,
    private readonly work: WorkOnCases,
    private readonly readCase: ReadCase,
    private readonly findCopies: FindCopies,
    private readonly exposure: ReadExposure,
    private readonly clock: Clock,
  ) {}

  @Get()
  @apiOperation(
    'Finds cases by state, account, category, assignee or what is overdue.',
    'In the order of `sort`. It shows no message; the view is entered into the audit log.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @ViewsList<CaseView>('cases', ({ caseId }) => `case/${caseId}`)
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
  @apiOperation(
    'Claims the most urgent open case for the caller.',
    'Of several callers each gets another case.',
    'Who has reached the daily limit of grave messages gets only milder ones.',
    'The claim lapses by itself when its lease is over.',
  )
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
  @apiOperation(
    'Shows the file of a case with its messages, findings, notes and decisions.',
    'What a category seals is left out.',
    'The view is entered into the audit log, and counted for the well-being of who looks.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @ViewsEvidence('case')
  @CountsExposure()
  @apiQuery(CaseQuery)
  @apiOk(CaseFile)
  get(@Param('id') id: string, @Query() query: CaseQuery): Promise<CaseFile> {
    return this.readCase.read(id, query.membersAfter)
  }

  @Get(':id/copies')
  @apiOperation(
    'Finds reposts and near-duplicates of its messages in other cases.',
    'Of the newest messages of the case, over all accounts and platforms, the newest first.',
    'A resemblance is a hint for people: nothing follows from it by itself.',
  )
  @Roles('triage', 'moderator', 'senior', 'auditor', 'admin')
  @ViewsList<CopyView>('copies', ({ caseId }) => `case/${caseId}`, {
    of: ({ id }) => ({ subject: `case/${id!}` }),
  })
  @apiQuery(PageQuery)
  @apiPage(
    CopyView,
    'Reposts and near-duplicates of its messages in other cases. A page may be short and have a next one.',
  )
  copies(@Param('id') id: string, @Query() query: PageQuery) {
    return this.findCopies.of(id, query.limit, instantCursor(query.cursor))
  }

  @Post(':id/notes')
  @apiOperation(
    'Adds a note to a case.',
    'Operators read it with the case.',
    'It is never shown to the platform or the owner, and cannot be taken back.',
  )
  @Roles('triage', 'moderator', 'senior')
  @Idempotent()
  @apiBody(NoteBody)
  @apiCreated(CaseView)
  async note(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
    @Body() body: NoteBody,
    @IfMatch() ifMatch: ExpectedVersions | undefined,
  ) {
    await mustBeFresh(ifMatch, () => this.work.mustFind(id))
    return caseView(await this.work.note(id, caller, body.text, requestId), this.clock.now())
  }
}
