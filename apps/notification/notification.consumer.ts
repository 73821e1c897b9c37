import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import type { Notice } from '#libs/contracts/notice'
import type { Batch } from '#libs/runtime/kafka/batch'
import { BatchHandler } from '#libs/runtime/kafka/batch-handler'
import { Dispatcher } from './dispatcher.js'
import { KeepNotices } from './keep-notices.js'

/** Notices from Kafka. They are kept here, and sent by the dispatcher. */
@Injectable()
export class NotificationConsumer {
  constructor(
    private readonly keepNotices: KeepNotices,
    private readonly dispatcher: Dispatcher,
  ) {}

  @BatchHandler(Topics.notices, { joined: true })
  async onNotices(batch: Batch<Notice>): Promise<void> {
    await this.keepNotices.keep(batch)
    this.dispatcher.wake()
  }
}
