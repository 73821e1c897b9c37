import { Module } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.js'
import { LedgerModule } from '../ledger/ledger.module.js'
import { OutboxModule } from '../outbox/outbox.module.js'
import { AnswerDirective } from './answer-directive.js'
import { DirectivesController } from './directives.controller.js'
import { MarkOverdue } from './mark-overdue.js'
import { ReceiptsConsumer } from './receipts.consumer.js'
import { TakeReceipts } from './take-receipts.js'

/** What platforms owe: receipts, answers to stopped clocks, overdue marks. */
@Module({
  imports: [AuditModule, OutboxModule, LedgerModule],
  controllers: [DirectivesController],
  providers: [ReceiptsConsumer, TakeReceipts, AnswerDirective, MarkOverdue],
})
export class DutiesModule {}
