import { Body, Controller, HttpCode, Post, Query } from '@nestjs/common'
import { Example, Instant, OneOf, Optional, Text, WeirIds } from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { type Caller, CurrentCaller } from '#libs/runtime/auth/caller'
import { Roles } from '#libs/runtime/auth/roles.decorator'
import { Idempotent, RequestId } from '#libs/runtime/http/idempotency'
import { apiBody, apiOk, apiOperation, apiQuery, apiTag } from '#libs/runtime/http/openapi'
import { QueryFlag } from '#libs/runtime/http/query-fields'
import { ViewsPreview } from '../audit/evidence-views.js'
import { asksForPreview } from './asks-for-preview.js'
import { DecideInBulk } from './decide-in-bulk.js'
import { BulkResults } from './decisions-api.js'
import { bilingual, type GivenReasons, Reasons } from './reasons-field.js'

/** As many as a person can look over before they decide. */
const MAX_CASES = 50

export class BulkDecisionBody {
  @WeirIds(MAX_CASES) caseIds!: string[]
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause?: string
  @Reasons() reasons!: GivenReasons
  @Example() @Optional() @Instant() until?: string
  @Example() @Optional() @Instant() notBefore?: string
}

export class BulkDecisionQuery {
  @Optional() @QueryFlag() dryRun?: boolean
}

/** One decision for many cases; with `dryRun` only what it would do. Each case has its own result. */
@Controller('decisions')
@apiTag('Decisions')
export class BulkDecisionsController {
  constructor(private readonly bulk: DecideInBulk) {}

  @Post('bulk')
  @apiOperation(
    'Decides up to 50 cases alike, or shows what that would do.',
    'Each case has its own result; what goes wrong with one keeps no other from being decided.',
    'Decided cases are refused. With `dryRun` nothing is changed.',
  )
  @HttpCode(200)
  @Roles('senior')
  @Idempotent({ unless: asksForPreview })
  @ViewsPreview(({ body }) => (body as BulkDecisionBody).caseIds)
  @apiQuery(BulkDecisionQuery)
  @apiBody(BulkDecisionBody)
  @apiOk(BulkResults)
  async decide(
    @Query() query: BulkDecisionQuery,
    @Body() body: BulkDecisionBody,
    @CurrentCaller() caller: Caller,
    @RequestId() requestId: string,
  ): Promise<BulkResults> {
    const bulk = { ...body, reasons: bilingual(body.reasons) }
    const results = query.dryRun
      ? await this.bulk.preview(bulk, caller)
      : await this.bulk.decide(bulk, caller, requestId)
    return { dryRun: query.dryRun ?? false, results }
  }
}
