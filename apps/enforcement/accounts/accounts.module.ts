import { Module } from '@nestjs/common'
import { AppealsModule } from '../appeals/appeals.module.js'
import { AuditModule } from '../audit/audit.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { AccountsController } from './accounts.controller.js'
import { FindRelated } from './find-related.js'
import { LabelAccount } from './label-account.js'
import { ReadAccount } from './read-account.js'

/** What is read about an account, and the labels that operators give it. */
@Module({
  imports: [AuditModule, PoliciesModule, LedgerModule, AppealsModule],
  controllers: [AccountsController],
  providers: [ReadAccount, FindRelated, LabelAccount],
})
export class AccountsModule {}
