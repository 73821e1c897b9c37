import { Module } from '@nestjs/common'
import { RuntimeModule } from '#libs/runtime/runtime.module'
import { AccountsModule } from './accounts/accounts.module.js'
import { AnswersModule } from './answers/answers.module.js'
import { AppealsModule } from './appeals/appeals.module.js'
import { AuditModule } from './audit/audit.module.js'
import { BanksModule } from './banks/banks.module.js'
import { CaseworkModule } from './casework/casework.module.js'
import { EnforcementEnv } from './config.js'
import { DutiesModule } from './duties/duties.module.js'
import { ExposureModule } from './exposure/exposure.module.js'
import { IntakeModule } from './intake/intake.module.js'
import { LedgerModule } from './ledger/ledger.module.js'
import { OutboxModule } from './outbox/outbox.module.js'
import { PlatformsModule } from './platforms/platforms.module.js'
import { PoliciesModule } from './policies/policies.module.js'
import { QualityModule } from './quality/quality.module.js'
import { RetentionModule } from './retention/retention.module.js'
import { StatementsModule } from './statements/statements.module.js'
import { TimersModule } from './timers/timers.module.js'

const below = [AuditModule, OutboxModule, BanksModule, PoliciesModule, PlatformsModule, ExposureModule]
const within = [LedgerModule, CaseworkModule, DutiesModule, StatementsModule, IntakeModule, AppealsModule]
const above = [AnswersModule, QualityModule, AccountsModule, RetentionModule]

/**
 * What enforcement consists of: each room says in its module what it holds and on what it stands. The clock is last: Nest starts
 * modules in this order and stops them in the reverse, and nothing is begun by the clock in a room that has stopped.
 */
export const ROOMS = [...below, ...within, ...above, TimersModule]

/** What enforcement does: takes verdicts into accounts and cases, orders measures, hears the platforms and appeals, is asked by operators. */
@Module({ imports: [RuntimeModule.forService('enforcement', EnforcementEnv), ...ROOMS] })
export class EnforcementModule {}
