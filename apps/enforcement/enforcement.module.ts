import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { PlatformModule } from '#libs/platform/platform.module'
import { AccountChanges } from './accounts/account-changes.js'
import { ACCOUNTS, AccountSchema, AccountStore } from './accounts/account.store.js'
import { AccountsController } from './accounts/accounts.controller.js'
import { LabelAccount } from './accounts/label-account.js'
import { ReadAccount } from './accounts/read-account.js'
import { STRIKES, StrikeSchema, StrikeStore } from './accounts/strike.store.js'
import { TakeVerdicts } from './accounts/take-verdicts.js'
import { VerdictsConsumer } from './accounts/verdicts.consumer.js'
import { AppealPages } from './appeals/appeal-pages.controller.js'
import { APPEALS, AppealSchema, AppealStore } from './appeals/appeal.store.js'
import { AppealsController } from './appeals/appeals.controller.js'
import { HearAppeals } from './appeals/hear-appeals.js'
import { OpenAppeal } from './appeals/open-appeal.js'
import { ReadEvidence } from './appeals/read-evidence.js'
import { SettleAppeals } from './appeals/settle-appeals.js'
import { CASE_ENTRIES, CASES, CaseEntrySchema, CaseSchema, CaseStore } from './cases/case.store.js'
import { CaseWorkController } from './cases/case-work.controller.js'
import { CasesController } from './cases/cases.controller.js'
import { CountQueues } from './cases/count-queues.js'
import { DecideCase } from './cases/decide-case.js'
import { QueuesController } from './cases/queues.controller.js'
import { ReopenCase } from './cases/reopen-case.js'
import { WorkOnCases } from './cases/work-on-cases.js'
import { EnforcementEnv } from './config.js'
import { BulkDecisionsController } from './decisions/bulk-decisions.controller.js'
import { ChangeDecision } from './decisions/change-decision.js'
import { DECISIONS, DecisionSchema, DecisionStore } from './decisions/decision.store.js'
import { DecideInBulk } from './decisions/decide-in-bulk.js'
import { DecisionsController } from './decisions/decisions.controller.js'
import { AnswerDirective } from './directives/answer-directive.js'
import { DIRECTIVES, DirectiveSchema, DirectiveStore } from './directives/directive.store.js'
import { DirectivesController } from './directives/directives.controller.js'
import { ReceiptsConsumer } from './directives/receipts.consumer.js'
import { TakeReceipts } from './directives/take-receipts.js'
import { Outbox } from './outbox/outbox.js'
import { Relay } from './outbox/relay.js'
import { PLATFORMS, PlatformSchema, PlatformStore } from './platforms/platform.store.js'
import { PlatformsController } from './platforms/platforms.controller.js'
import { RegisterPlatform } from './platforms/register-platform.js'
import { BANKS, BankSchema, BankStore } from './policies/bank.store.js'
import { ChangePolicy } from './policies/change-policy.js'
import { PoliciesController } from './policies/policies.controller.js'
import { POLICIES, PolicySchema, PolicyStore } from './policies/policy.store.js'
import { PublishFirstPolicies } from './policies/publish-first-policies.js'
import { YamlBodies } from './policies/yaml-bodies.js'
import { AppealLinks, KEYS, KeySchema } from './statements/appeal-links.js'
import { STATEMENTS, StatementSchema, StatementStore } from './statements/statement.store.js'
import { DsaExport } from './statements/dsa-export.js'
import { StatementsController } from './statements/statements.controller.js'
import { Timer } from './timers/timer.js'

const collections = MongooseModule.forFeature([
  { name: ACCOUNTS, schema: AccountSchema },
  { name: STRIKES, schema: StrikeSchema },
  { name: CASES, schema: CaseSchema },
  { name: CASE_ENTRIES, schema: CaseEntrySchema },
  { name: DECISIONS, schema: DecisionSchema },
  { name: DIRECTIVES, schema: DirectiveSchema },
  { name: STATEMENTS, schema: StatementSchema },
  { name: APPEALS, schema: AppealSchema },
  { name: PLATFORMS, schema: PlatformSchema },
  { name: POLICIES, schema: PolicySchema },
  { name: BANKS, schema: BankSchema },
  { name: KEYS, schema: KeySchema },
])

/** What enforcement does: takes verdicts into accounts and cases, orders measures, hears the platforms and appeals, is asked by operators. */
@Module({
  imports: [PlatformModule.forService('enforcement', EnforcementEnv), collections],
  controllers: [
    AccountsController,
    AppealPages,
    AppealsController,
    CasesController,
    CaseWorkController,
    QueuesController,
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
    AccountChanges,
    LabelAccount,
    ReadAccount,
    AccountStore,
    StrikeStore,
    // cases and decisions
    WorkOnCases,
    DecideCase,
    CountQueues,
    ReopenCase,
    DecideInBulk,
    ChangeDecision,
    CaseStore,
    DecisionStore,
    // appeals
    OpenAppeal,
    HearAppeals,
    SettleAppeals,
    ReadEvidence,
    AppealStore,
    // directives and statements
    ReceiptsConsumer,
    TakeReceipts,
    AnswerDirective,
    DirectiveStore,
    StatementStore,
    DsaExport,
    AppealLinks,
    // platforms and policies
    RegisterPlatform,
    PlatformStore,
    PublishFirstPolicies,
    ChangePolicy,
    PolicyStore,
    BankStore,
    YamlBodies,
    // what makes changes real, and the clock
    Outbox,
    Relay,
    Timer,
  ],
})
export class EnforcementModule {}
