import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common'
import { Example, Instant, Int, OneOf, Optional, PlatformId, Text, WeirId } from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent } from '#libs/runtime/http/idempotency'
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
import { ViewsList } from '../audit/evidence-views.js'
import { instantCursor } from '../store/cursor.js'
import {
  GOLDEN_STATES,
  GoldenCaseStore,
  type GoldenCaseDocument,
  type GoldenState,
} from './golden-case.store.js'
import { KeepGoldenCases } from './keep-golden-cases.js'

export class GoldenCasesQuery extends PageQuery {
  @Optional() @OneOf(GOLDEN_STATES) state?: GoldenState
  @Optional() @PlatformId() platform?: string
}

export class GoldenCaseBody {
  /** A case that was decided. */
  @WeirId() caseId!: string
  /** The right answer; it need not be what was decided. */
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause?: string | null
  /** Why it is right. */
  @Example('The release fee is the mark of an advance-fee fraud.') @Text(10_000, 1) why!: string
}

export class GoldenCaseView {
  @WeirId() goldenCaseId!: string
  @OneOf(GOLDEN_STATES) state!: GoldenState
  @WeirId() caseId!: string
  @PlatformId() platformId!: string
  @Text(128, 1) accountId!: string
  @Text(60, 1) category!: string
  @Int(0, 4) severity!: number
  @Text(40, 1) policyVersion!: string
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause!: string | null
  @Example('The release fee is the mark of an advance-fee fraud.') @Text(10_000, 1) why!: string
  @Text(200) proposedBy!: string
  @Instant() proposedAt!: Date
  @Optional() @Text(200) approvedBy!: string | null
  @Optional() @Instant() approvedAt!: Date | null
  @Optional() @Text(200) retiredBy!: string | null
  @Optional() @Instant() retiredAt!: Date | null
}

/** Decided cases whose right answer is known; two seniors make one. They are handed out among the second reviews. */
@Controller('golden-cases')
@apiTag('Golden cases')
export class GoldenCasesController {
  constructor(
    private readonly goldenCases: GoldenCaseStore,
    private readonly keeping: KeepGoldenCases,
  ) {}

  @Get()
  @apiOperation(
    'Lists golden cases with their right answers.',
    'The last proposed first. The view is entered into the audit log.',
  )
  @Roles('senior', 'auditor', 'admin')
  @ViewsList<GoldenCaseView>('golden-cases', ({ goldenCaseId }) => `golden-case/${goldenCaseId}`)
  @apiQuery(GoldenCasesQuery)
  @apiPage(GoldenCaseView)
  async list(@Query() { limit, cursor, state, platform: platformId }: GoldenCasesQuery) {
    const found = await this.goldenCases.list({ state, platformId }, limit, instantCursor(cursor))
    return page(found, limit, (one) => [one.proposedAt.toISOString(), one._id], goldenCaseView)
  }

  @Post()
  @apiOperation(
    'Proposes a decided case as a golden one, with its right answer.',
    'It is handed out once a second senior has approved it. The right answer need not be what was decided;',
    'the decision stays as it is.',
  )
  @Roles('senior')
  @Idempotent()
  @apiBody(GoldenCaseBody)
  @apiProblem(404, 'There is no such case.')
  @apiCreated(GoldenCaseView, 'In use once a second senior has approved it.')
  async propose(@CurrentCaller() caller: Caller, @Body() { caseId, measure, clause, why }: GoldenCaseBody) {
    const proposal = { caseId, measure, clause: clause ?? null, why }
    return goldenCaseView(await this.keeping.propose(proposal, caller.subject))
  }

  @Post(':id/approve')
  @apiOperation(
    'Approves a golden case as the second person.',
    'Never possible for who proposed it. From then on it is handed out among the second reviews.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiOk(GoldenCaseView)
  async approve(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    return goldenCaseView(await this.keeping.approve(id, caller.subject))
  }

  @Post(':id/retire')
  @apiOperation(
    'Takes a golden case out of use.',
    'It is handed out no more, and no answer to it counts, earlier ones included.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent()
  @apiOk(GoldenCaseView, 'No longer handed out; answers to it no longer count.')
  async retire(@Param('id') id: string, @CurrentCaller() caller: Caller) {
    return goldenCaseView(await this.keeping.retire(id, caller.subject))
  }
}

function goldenCaseView(golden: GoldenCaseDocument): GoldenCaseView {
  const { _id: goldenCaseId, state, caseId, platformId, accountId, category, severity } = golden
  const { policyVersion, expected, why } = golden
  const { proposedBy, proposedAt, approvedBy, approvedAt, retiredBy, retiredAt } = golden
  return {
    ...{ goldenCaseId, state, caseId, platformId, accountId, category, severity },
    ...{ policyVersion, measure: expected.measure, clause: expected.clause, why },
    ...{ proposedBy, proposedAt, approvedBy, approvedAt, retiredBy, retiredAt },
  }
}
