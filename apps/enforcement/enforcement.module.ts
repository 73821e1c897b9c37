import { Module } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { RuntimeModule } from '#libs/runtime/runtime.module'
import { ENV } from '#libs/runtime/tokens'
import { AccountChanges } from './ledger/account-changes.js'
import { AccountsController } from './accounts/accounts.controller.js'
import { FindRelated } from './accounts/find-related.js'
import { LabelAccount } from './accounts/label-account.js'
import { PaceVerdicts } from './intake/pace-verdicts.js'
import { ReachConsumer } from './intake/reach.consumer.js'
import { ReadAccount } from './accounts/read-account.js'
import { TakeVerdicts } from './intake/take-verdicts.js'
import { VerdictsConsumer } from './intake/verdicts.consumer.js'
import { AnswerIntent } from './answers/answer-intent.js'
import { AnswerLinks } from './ledger/statements/answer-links.js'
import { AnswerPages } from './answers/answer-pages.controller.js'
import { AnswersController } from './answers/answers.controller.js'
import { AppealPages } from './appeals/appeal-pages.controller.js'
import { AppealsController } from './appeals/appeals.controller.js'
import { ReviewersOf } from './appeals/reviewers-of.js'
import { FollowAppeal } from './appeals/follow-appeal.js'
import { GiveFacts } from './appeals/give-facts.js'
import { HearAppeals } from './appeals/hear-appeals.js'
import { OpenAppeal } from './appeals/open-appeal.js'
import { ReadEvidence } from './appeals/read-evidence.js'
import { TakeUpFacts } from './appeals/take-up-facts.js'
import { SettleAppeals } from './appeals/settle-appeals.js'
import { SettleDueAccounts } from './ledger/settle-due-accounts.js'
import { MarkOverdue } from './duties/mark-overdue.js'
import { auditKey, AuditKey } from './audit/audit-key.js'
import { AuditLog } from './audit/audit-log.js'
import { AuditController } from './audit/audit.controller.js'
import { CheckpointsController } from './audit/checkpoints.controller.js'
import { ExportAudit } from './audit/export-audit.js'
import { PublishCheckpoints } from './audit/publish-checkpoints.js'
import { PublishedCheckpoints } from './audit/published-checkpoints.js'
import { ViewsConsumer } from './audit/views.consumer.js'
import { CaseDecisionsController } from './casework/case-decisions.controller.js'
import { CaseWorkController } from './casework/case-work.controller.js'
import { CasesController } from './casework/cases.controller.js'
import { CountQueues } from './casework/count-queues.js'
import { DecideCase } from './casework/decide-case.js'
import { FindCopies } from './casework/find-copies.js'
import { MergeCases } from './casework/merge-cases.js'
import { QueuesController } from './casework/queues.controller.js'
import { ReadCase } from './casework/read-case.js'
import { ReopenCase } from './casework/reopen-case.js'
import { WorkOnCases } from './casework/work-on-cases.js'
import { EnforcementEnv } from './config.js'
import { BulkDecisionsController } from './casework/bulk-decisions.controller.js'
import { ChangeDecision } from './casework/change-decision.js'
import { DecideInBulk } from './casework/decide-in-bulk.js'
import { DecisionsController } from './casework/decisions.controller.js'
import { AnswerDirective } from './duties/answer-directive.js'
import { DirectivesController } from './duties/directives.controller.js'
import { ReceiptsConsumer } from './duties/receipts.consumer.js'
import { TakeReceipts } from './duties/take-receipts.js'
import { ClusterCases } from './casework/clusters/cluster-cases.js'
import { DecideCluster } from './casework/clusters/decide-cluster.js'
import { FindingsConsumer } from './intake/findings.consumer.js'
import { ReadCluster } from './casework/clusters/read-cluster.js'
import { TakeFindings } from './intake/take-findings.js'
import { DeliveriesConsumer } from './intake/deliveries.consumer.js'
import { TakeDeliveries } from './intake/take-deliveries.js'
import { Outbox } from './outbox/outbox.js'
import { Relay } from './outbox/relay.js'
import { TellNewest } from './outbox/tell-newest.js'
import { PlatformsController } from './platforms/platforms.controller.js'
import { RegisterPlatform } from './platforms/register-platform.js'
import { TellPlatforms } from './platforms/tell-platforms.js'
import { ChangePolicy } from './policies/change-policy.js'
import { PoliciesController } from './policies/policies.controller.js'
import { PublishFirstPolicies } from './policies/publish-first-policies.js'
import { PublishPolicy } from './policies/publish-policy.js'
import { YamlBodies } from './policies/yaml-bodies.js'
import { ReadReviewers } from './quality/read-reviewers.js'
import { GiveReviews } from './quality/give-reviews.js'
import { GoldenCasesController } from './quality/golden-cases.controller.js'
import { KeepGoldenCases } from './quality/keep-golden-cases.js'
import { OperatorsController } from './quality/operators.controller.js'
import { QualityReportController } from './quality/quality-report.controller.js'
import { ReadExposure } from './exposure/read-exposure.js'
import { ReportQuality } from './quality/report-quality.js'
import { ReviewsController } from './quality/reviews.controller.js'
import { SampleDecisions } from './quality/sample-decisions.js'
import { EraseEvidence } from './retention/erase-evidence.js'
import { ReadEvidenceFacts } from './retention/evidence-facts.js'
import { RetainWhatIsNeeded } from './retention/retain-what-is-needed.js'
import { AppealLinks } from './ledger/statements/appeal-links.js'
import { DsaExport } from './statements/dsa-export.js'
import { StatementsController } from './statements/statements.controller.js'
import { StoresModule } from './stores.module.js'
import { Timer } from './timers/timer.js'

/** What enforcement does: takes verdicts into accounts and cases, orders measures, hears the platforms and appeals, is asked by operators. */
@Module({
  imports: [DiscoveryModule, RuntimeModule.forService('enforcement', EnforcementEnv), StoresModule],
  controllers: [
    AccountsController,
    AnswerPages,
    AnswersController,
    AppealPages,
    AppealsController,
    CasesController,
    CaseDecisionsController,
    CaseWorkController,
    QueuesController,
    OperatorsController,
    ReviewsController,
    GoldenCasesController,
    QualityReportController,
    AuditController,
    CheckpointsController,
    DecisionsController,
    BulkDecisionsController,
    DirectivesController,
    PlatformsController,
    PoliciesController,
    StatementsController,
  ],
  providers: [
    // accounts
    VerdictsConsumer,
    TakeVerdicts,
    PaceVerdicts,
    ReachConsumer,
    AccountChanges,
    LabelAccount,
    ReadAccount,
    FindRelated,
    // cases and decisions
    WorkOnCases,
    DecideCase,
    ReadCase,
    CountQueues,
    ReopenCase,
    MergeCases,
    FindCopies,
    DecideInBulk,
    ChangeDecision,
    // findings and clusters
    FindingsConsumer,
    TakeFindings,
    ClusterCases,
    DecideCluster,
    ReadCluster,
    // intended bans: whether the notice arrived, and what is answered
    DeliveriesConsumer,
    TakeDeliveries,
    AnswerIntent,
    AnswerLinks,
    // appeals
    OpenAppeal,
    FollowAppeal,
    GiveFacts,
    HearAppeals,
    TakeUpFacts,
    SettleAppeals,
    SettleDueAccounts,
    MarkOverdue,
    ReadEvidence,
    // quality and well-being of the people who decide
    ReadExposure,
    SampleDecisions,
    GiveReviews,
    { provide: ReviewersOf, useClass: ReadReviewers },
    KeepGoldenCases,
    ReportQuality,
    // directives and statements
    ReceiptsConsumer,
    TakeReceipts,
    AnswerDirective,
    DsaExport,
    AppealLinks,
    // platforms and policies
    RegisterPlatform,
    TellPlatforms,
    PublishFirstPolicies,
    ChangePolicy,
    PublishPolicy,
    YamlBodies,
    // the audit log
    ViewsConsumer,
    AuditLog,
    { provide: AuditKey, inject: [ENV], useFactory: auditKey },
    PublishCheckpoints,
    PublishedCheckpoints,
    ExportAudit,
    // what is kept, and no longer
    ReadEvidenceFacts,
    EraseEvidence,
    RetainWhatIsNeeded,
    // what makes changes real, and the clock
    Outbox,
    TellNewest,
    Relay,
    Timer,
  ],
})
export class EnforcementModule {}
