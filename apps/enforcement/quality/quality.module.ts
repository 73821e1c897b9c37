import { Global, Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { AppealsModule } from '../appeals/appeals.module.js'
import { ReviewersOf } from '../appeals/reviewers-of.js'
import { AuditModule } from '../audit/audit.module.js'
import { ExposureModule } from '../exposure/exposure.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { OutboxModule } from '../outbox/outbox.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { GiveReviews } from './give-reviews.js'
import { GOLDEN_CASES, GoldenCaseSchema, GoldenCaseStore } from './golden-case.store.js'
import { GoldenCasesController } from './golden-cases.controller.js'
import { KeepGoldenCases } from './keep-golden-cases.js'
import { OperatorsController } from './operators.controller.js'
import { QualityReportController } from './quality-report.controller.js'
import { ReadReviewers } from './read-reviewers.js'
import { ReportQuality } from './report-quality.js'
import { REVIEWS, ReviewSchema, ReviewStore } from './review.store.js'
import { ReviewsController } from './reviews.controller.js'
import { SampleDecisions } from './sample-decisions.js'

const collections = MongooseModule.forFeature([
  { name: REVIEWS, schema: ReviewSchema },
  { name: GOLDEN_CASES, schema: GoldenCaseSchema },
])

/** Second reviews, golden cases, agreement. Global, since it provides what appeals below ask for (`ReviewersOf`). */
@Global()
@Module({
  imports: [
    collections,
    AuditModule,
    OutboxModule,
    PoliciesModule,
    ExposureModule,
    LedgerModule,
    AppealsModule,
  ],
  controllers: [OperatorsController, ReviewsController, GoldenCasesController, QualityReportController],
  providers: [
    ReviewStore,
    GoldenCaseStore,
    SampleDecisions,
    GiveReviews,
    KeepGoldenCases,
    ReportQuality,
    { provide: ReviewersOf, useClass: ReadReviewers },
  ],
  exports: [ReviewersOf],
})
export class QualityModule {}
