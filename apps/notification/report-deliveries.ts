import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Topics } from '#libs/contracts/catalogue'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import { derivedId } from '#libs/contracts/ids'
import { type OutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import type { Logger } from '#libs/runtime/logger'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import { NotificationEnv } from './config.js'
import type { Delivery } from './delivery.js'
import { DeliveryStore } from './delivery.store.js'

const BATCH_SIZE = 200

/**
 * Tells what became of deliveries. Each end is kept with its delivery until the broker has it, so that nothing is lost when an
 * instance dies; several instances may tell the same, under one id and to the byte alike.
 */
@Injectable()
export class ReportDeliveries implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController()
  private running: Promise<void> = Promise.resolve()

  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly publisher: Publisher,
    @Inject(ENV) private readonly env: Pick<NotificationEnv, 'DELIVERY_POLL_MS'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.run()
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  /** Tells everything that is to be told now. */
  async report(): Promise<void> {
    for (;;) {
      const untold = await this.deliveries.untold(BATCH_SIZE)
      if (untold.length === 0) return
      await this.publisher.publish(...untold.flatMap(reportsOf))
      await this.deliveries.told(untold)
      if (untold.length < BATCH_SIZE) return
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      await this.report().catch((error: unknown) =>
        this.logger.warn({ err: error }, 'deliveries could not be reported, trying again'),
      )
      await sleep(this.env.DELIVERY_POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

function reportsOf(delivery: Delivery): OutRecord<DeliveryReport>[] {
  const { _id: deliveryId, noticeId, channel, template, of: deliveries } = delivery
  return delivery.reports.map(({ state, at }) => ({
    topic: Topics.deliveries,
    key: delivery.addressee,
    id: derivedId('end', deliveryId, state, at.toISOString()),
    value: { noticeId, deliveryId, channel, state, at: at.toISOString(), template, deliveries },
    time: at,
  }))
}
