import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { OutboxModule } from '../outbox/outbox.module.js'
import { PlatformsModule } from '../platforms/platforms.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { AccountLedger } from './account-ledger.js'
import { ACCOUNTS, AccountSchema, AccountStore } from './account.store.js'
import { CASE_ENTRIES, CaseEntrySchema, CaseEntryStore } from './cases/case-entry.store.js'
import { CASES, CaseSchema, CaseStore } from './cases/case.store.js'
import { DECISIONS, DecisionSchema, DecisionStore } from './decisions/decision.store.js'
import { DIRECTIVES, DirectiveSchema, DirectiveStore } from './directives/directive.store.js'
import { EXONERATIONS, ExonerationSchema, ExonerationStore } from './exonerations/exoneration.store.js'
import { FINDINGS, FindingSchema, FindingStore } from './findings/finding.store.js'
import { REACH, ReachSchema, ReachStore } from './reach.store.js'
import { SettleDueAccounts } from './settle-due-accounts.js'
import { AnswerLinks } from './statements/answer-links.js'
import { AppealLinks } from './statements/appeal-links.js'
import { KEYS, KeySchema } from './statements/signed-links.js'
import { STATEMENTS, StatementSchema, StatementStore } from './statements/statement.store.js'
import { STRIKES, StrikeSchema, StrikeStore } from './strikes/strike.store.js'

/** Who reads and writes the collections of the ledger. */
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
  StatementStore,
]

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
  { name: STATEMENTS, schema: StatementSchema },
  { name: KEYS, schema: KeySchema },
])

/** The account ledger: the one aggregate, what follows from its changes, and who reads and writes each part of it. */
@Module({
  imports: [collections, OutboxModule, PoliciesModule, PlatformsModule],
  providers: [...stores, AppealLinks, AnswerLinks, AccountLedger, SettleDueAccounts],
  exports: [...stores, AppealLinks, AnswerLinks, AccountLedger],
})
export class LedgerModule {}
