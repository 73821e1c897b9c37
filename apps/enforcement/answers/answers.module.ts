import { Module } from '@nestjs/common'
import { LedgerModule } from '../ledger/ledger.module.js'
import { PoliciesModule } from '../policies/policies.module.js'
import { AnswerIntent } from './answer-intent.js'
import { AnswerPages } from './answer-pages.controller.js'
import { AnswersController } from './answers.controller.js'

/** What the owner of an account answers to the notice of an intended ban. */
@Module({
  imports: [PoliciesModule, LedgerModule],
  controllers: [AnswerPages, AnswersController],
  providers: [AnswerIntent],
})
export class AnswersModule {}
