import { Injectable } from '@nestjs/common'
import type { Receipt } from '#libs/contracts/receipt'
import type { Batch } from '#libs/runtime/kafka/batch'
import { PlatformBatchHandler } from '#libs/runtime/kafka/batch-handler'
import { TakeReceipts } from './take-receipts.js'

/** What platforms answer on their topics. */
@Injectable()
export class ReceiptsConsumer {
  constructor(private readonly receipts: TakeReceipts) {}

  @PlatformBatchHandler('receipts')
  async onReceipts(batch: Batch<Receipt>): Promise<void> {
    const given = batch.records.map(({ value, receivedAt }) => ({ receipt: value, receivedAt }))
    const problems = await this.receipts.take(batch.platformId!, given)
    problems.forEach((problem, i) => problem && batch.deadLetter(batch.records[i]!, problem))
  }
}
