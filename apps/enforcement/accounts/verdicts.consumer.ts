import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import type { Batch } from '#libs/platform/kafka/batch'
import { BatchHandler } from '#libs/platform/kafka/batch-handler'
import { TakeVerdicts } from './take-verdicts.js'

/** Verdicts enter the accounts that they are about. */
@Injectable()
export class VerdictsConsumer {
  constructor(private readonly takeVerdicts: TakeVerdicts) {}

  @BatchHandler(Topics.verdicts, { joined: true })
  async onVerdicts(batch: Batch<Verdict>): Promise<void> {
    await this.takeVerdicts.take(
      batch.records.map((record) => record.value),
      () => batch.heartbeat(),
    )
  }
}
