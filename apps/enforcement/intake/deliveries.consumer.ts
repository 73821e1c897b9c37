import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { TakeDeliveries } from './take-deliveries.js'

/** What became of notices. */
@Injectable()
export class DeliveriesConsumer {
  constructor(private readonly deliveries: TakeDeliveries) {}

  @BatchHandler(Topics.deliveries, { joined: true })
  async onDeliveries(batch: Batch<DeliveryReport>): Promise<void> {
    await this.deliveries.take(batch.records.map((record) => record.value))
  }
}
