import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { AuditModule } from '../audit/audit.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { OutboxModule } from '../outbox/outbox.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { AppealPages } from './appeal-pages.controller.js'
import { APPEALS, AppealSchema, AppealStore } from './appeal.store.js'
import { AppealsController } from './appeals.controller.js'
import { FollowAppeal } from './follow-appeal.js'
import { GiveFacts } from './give-facts.js'
import { HearAppeals } from './hear-appeals.js'
import { OpenAppeal } from './open-appeal.js'
import { ReadEvidence } from './read-evidence.js'
import { SettleAppeals } from './settle-appeals.js'
import { TakeUpFacts } from './take-up-facts.js'

const collections = MongooseModule.forFeature([{ name: APPEALS, schema: AppealSchema }])

/** Objections, from the page to the decision. Who reviews what is asked of whoever provides `ReviewersOf`. */
@Module({
  imports: [collections, AuditModule, OutboxModule, PoliciesModule, LedgerModule],
  controllers: [AppealPages, AppealsController],
  providers: [
    AppealStore,
    OpenAppeal,
    FollowAppeal,
    GiveFacts,
    HearAppeals,
    TakeUpFacts,
    SettleAppeals,
    ReadEvidence,
  ],
  exports: [AppealStore],
})
export class AppealsModule {}
