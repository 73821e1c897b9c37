import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { HotAccounts } from './hot-accounts.js'

/** Verdicts enter the accounts that they are about. */
@Injectable()
export class VerdictsConsumer {
  constructor(private readonly hotAccounts: HotAccounts) {}

  @BatchHandler(Topics.verdicts, { joined: true })
  async onVerdicts(batch: Batch<Verdict>): Promise<void> {
    await this.hotAccounts.take(
      batch.records.map((record) => record.value),
      () => batch.heartbeat(),
    )
  }
}
