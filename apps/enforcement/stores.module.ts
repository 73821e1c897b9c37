import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { ACCOUNTS, AccountSchema, AccountStore } from './ledger/account.store.js'
import { REACH, ReachSchema, ReachStore } from './ledger/reach.store.js'
import { STRIKES, StrikeSchema, StrikeStore } from './ledger/strikes/strike.store.js'
import { APPEALS, AppealSchema, AppealStore } from './appeals/appeal.store.js'
import { AUDIT_LOG, AuditLogSchema, AuditStore } from './audit/audit.store.js'
import { AUDIT_CHECKPOINTS, AuditCheckpointSchema, CheckpointStore } from './audit/checkpoint.store.js'
import { CASE_ENTRIES, CaseEntrySchema, CaseEntryStore } from './ledger/cases/case-entry.store.js'
import { CASES, CaseSchema, CaseStore } from './ledger/cases/case.store.js'
import { DECISIONS, DecisionSchema, DecisionStore } from './ledger/decisions/decision.store.js'
import { DIRECTIVES, DirectiveSchema, DirectiveStore } from './ledger/directives/directive.store.js'
import { EXONERATIONS, ExonerationSchema, ExonerationStore } from './ledger/exonerations/exoneration.store.js'
import {
  CLUSTER_MEMBERS,
  ClusterMemberSchema,
  ClusterMemberStore,
} from './casework/clusters/cluster-member.store.js'
import {
  CLUSTER_ORDERS,
  ClusterOrderSchema,
  ClusterOrderStore,
} from './casework/clusters/cluster-order.store.js'
import { FINDINGS, FindingSchema, FindingStore } from './ledger/findings/finding.store.js'
import { PLATFORMS, PlatformSchema, PlatformStore } from './platforms/platform.store.js'
import { BANKS, BankSchema, BankStore } from './policies/bank.store.js'
import { POLICIES, PolicySchema, PolicyStore } from './policies/policy.store.js'
import { PUBLICATIONS, PublicationSchema, PublicationStore } from './policies/publication.store.js'
import { EXPOSURES, ExposureSchema, ExposureStore } from './exposure/exposure.store.js'
import { GOLDEN_CASES, GoldenCaseSchema, GoldenCaseStore } from './quality/golden-case.store.js'
import { REVIEWS, ReviewSchema, ReviewStore } from './quality/review.store.js'
import { KEYS, KeySchema } from './ledger/statements/signed-links.js'
import { STATEMENTS, StatementSchema, StatementStore } from './ledger/statements/statement.store.js'

const collections = MongooseModule.forFeature([
  { name: ACCOUNTS, schema: AccountSchema },
  { name: STRIKES, schema: StrikeSchema },
  { name: REACH, schema: ReachSchema },
  { name: CASES, schema: CaseSchema },
  { name: CASE_ENTRIES, schema: CaseEntrySchema },
  { name: DECISIONS, schema: DecisionSchema },
  { name: DIRECTIVES, schema: DirectiveSchema },
  { name: EXONERATIONS, schema: ExonerationSchema },
  { name: FINDINGS, schema: FindingSchema },
  { name: CLUSTER_MEMBERS, schema: ClusterMemberSchema },
  { name: CLUSTER_ORDERS, schema: ClusterOrderSchema },
  { name: STATEMENTS, schema: StatementSchema },
  { name: APPEALS, schema: AppealSchema },
  { name: PLATFORMS, schema: PlatformSchema },
  { name: POLICIES, schema: PolicySchema },
  { name: PUBLICATIONS, schema: PublicationSchema },
  { name: BANKS, schema: BankSchema },
  { name: KEYS, schema: KeySchema },
  { name: AUDIT_LOG, schema: AuditLogSchema },
  { name: AUDIT_CHECKPOINTS, schema: AuditCheckpointSchema },
  { name: EXPOSURES, schema: ExposureSchema },
  { name: REVIEWS, schema: ReviewSchema },
  { name: GOLDEN_CASES, schema: GoldenCaseSchema },
])

const stores = [
  AccountStore,
  StrikeStore,
  ReachStore,
  CaseStore,
  CaseEntryStore,
  DecisionStore,
  DirectiveStore,
  ExonerationStore,
  FindingStore,
  ClusterMemberStore,
  ClusterOrderStore,
  StatementStore,
  AppealStore,
  PlatformStore,
  PolicyStore,
  PublicationStore,
  BankStore,
  AuditStore,
  CheckpointStore,
  ExposureStore,
  ReviewStore,
  GoldenCaseStore,
]

/** The collections of enforcement, and who reads and writes each. */
@Module({ imports: [collections], providers: stores, exports: [collections, ...stores] })
export class StoresModule {}
