import { Module } from '@nestjs/common'
import { CaseworkModule } from '../casework/casework.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { PlatformsModule } from '../platforms/platforms.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { DeliveriesConsumer } from './deliveries.consumer.js'
import { FindingsConsumer } from './findings.consumer.js'
import { HotAccounts } from './hot-accounts.js'
import { ReachConsumer } from './reach.consumer.js'
import { TakeDeliveries } from './take-deliveries.js'
import { TakeFindings } from './take-findings.js'
import { TakeVerdicts } from './take-verdicts.js'
import { VerdictsConsumer } from './verdicts.consumer.js'

/** Takes verdicts, findings, reach and reports of deliveries in. */
@Module({
  imports: [PoliciesModule, PlatformsModule, LedgerModule, CaseworkModule],
  providers: [
    VerdictsConsumer,
    TakeVerdicts,
    HotAccounts,
    ReachConsumer,
    FindingsConsumer,
    TakeFindings,
    DeliveriesConsumer,
    TakeDeliveries,
  ],
})
export class IntakeModule {}
