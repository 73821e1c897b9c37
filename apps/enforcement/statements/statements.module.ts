import { Module } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { DsaExport } from './dsa-export.js'
import { StatementsController } from './statements.controller.js'

/** Statements of reasons as they are read and exported. */
@Module({
  imports: [AuditModule, PoliciesModule, LedgerModule],
  controllers: [StatementsController],
  providers: [DsaExport],
})
export class StatementsModule {}
