import { Module } from '@nestjs/common'
import { AppealsModule } from '../appeals/appeals.module.js'
import { AuditModule } from '../audit/audit.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { EraseEvidence } from './erase-evidence.js'
import { ReadEvidenceFacts } from './evidence-facts.js'
import { RetainWhatIsNeeded } from './retain-what-is-needed.js'

/** When content is needed no more, and its erasure. */
@Module({
  imports: [AuditModule, PoliciesModule, LedgerModule, AppealsModule],
  providers: [ReadEvidenceFacts, EraseEvidence, RetainWhatIsNeeded],
})
export class RetentionModule {}
