import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Reach } from '#libs/contracts/reach'
import { Clock } from '#libs/runtime/clock'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { ReachStore } from '../ledger/reach.store.js'

/** Keeps how many followers accounts have, also of those that were never flagged. */
@Injectable()
export class ReachConsumer {
  constructor(
    private readonly reach: ReachStore,
    private readonly clock: Clock,
  ) {}

  @BatchHandler(Topics.reach, { joined: true })
  async onReach(batch: Batch<Reach>): Promise<void> {
    const seen = batch.records.map((record) => record.value)
    await this.reach.raise(seen, this.clock.now())
  }
}
