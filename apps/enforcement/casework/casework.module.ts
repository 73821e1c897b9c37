import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { AuditModule } from '../audit/audit.module.js'
import { ExposureModule } from '../exposure/exposure.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { OutboxModule } from '../outbox/outbox.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { BulkDecisionsController } from './bulk-decisions.controller.js'
import { CaseDecisionsController } from './case-decisions.controller.js'
import { CaseWorkController } from './case-work.controller.js'
import { CasesController } from './cases.controller.js'
import { ChangeDecision } from './change-decision.js'
import { ClusterCases } from './clusters/cluster-cases.js'
import { CLUSTER_MEMBERS, ClusterMemberSchema, ClusterMemberStore } from './clusters/cluster-member.store.js'
import { CLUSTER_ORDERS, ClusterOrderSchema, ClusterOrderStore } from './clusters/cluster-order.store.js'
import { DecideCluster } from './clusters/decide-cluster.js'
import { ReadCluster } from './clusters/read-cluster.js'
import { CountQueues } from './count-queues.js'
import { DecideCase } from './decide-case.js'
import { DecideInBulk } from './decide-in-bulk.js'
import { DecisionsController } from './decisions.controller.js'
import { FindCopies } from './find-copies.js'
import { MergeCases } from './merge-cases.js'
import { QueuesController } from './queues.controller.js'
import { ReadCase } from './read-case.js'
import { ReopenCase } from './reopen-case.js'
import { WorkOnCases } from './work-on-cases.js'

const collections = MongooseModule.forFeature([
  { name: CLUSTER_MEMBERS, schema: ClusterMemberSchema },
  { name: CLUSTER_ORDERS, schema: ClusterOrderSchema },
])

/** What people do with cases: claim, decide, decide in bulk, merge, clusters. */
@Module({
  imports: [collections, AuditModule, OutboxModule, PoliciesModule, ExposureModule, LedgerModule],
  controllers: [
    CasesController,
    CaseDecisionsController,
    CaseWorkController,
    QueuesController,
    DecisionsController,
    BulkDecisionsController,
  ],
  providers: [
    ClusterMemberStore,
    ClusterOrderStore,
    WorkOnCases,
    DecideCase,
    ReadCase,
    CountQueues,
    ReopenCase,
    MergeCases,
    FindCopies,
    DecideInBulk,
    ChangeDecision,
    ClusterCases,
    DecideCluster,
    ReadCluster,
  ],
  exports: [ClusterCases],
})
export class CaseworkModule {}
