import { Injectable } from '@nestjs/common'
import { Topics } from '#libs/contracts/catalogue'
import { PermanentError } from '#libs/runtime/errors'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import { PlatformBatchHandler } from '#libs/runtime/kafka/batch-handler'
import { Publisher, type OutRecord } from '#libs/runtime/kafka/publisher'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { type CheckedMessage, checkMessage } from './check-message.rules.js'
import { countRecords, countRejections, countRepairs } from './record-counters.js'
import { RememberedRevisions } from './remembered-revisions.js'
import { type Accepted, sortRecords } from './sort-records.rules.js'

type MessageRecord = InRecord<CheckedMessage>

/** Takes what platforms stream: every record ends as accepted, private, repeat or dead letter. */
@Injectable()
export class MessagesConsumer {
  constructor(
    private readonly publisher: Publisher,
    private readonly remembered: RememberedRevisions,
  ) {}

  @PlatformBatchHandler('messages', { decoder: ({ value }) => checkMessage(value) })
  async onMessages(batch: Batch<CheckedMessage>): Promise<void> {
    const platformId = batch.platformId!
    const sorted = sortRecords(platformId, batch.records, (key) => this.remembered.latest(key))
    await this.publisher.publish(...sorted.accepted.map(toRecord))
    this.remembered.remember(sorted.revisions)
    for (const { arrival, rejection } of sorted.rejected) {
      batch.deadLetter(arrival, new PermanentError(rejection.slug, rejection.reason, rejection.path))
    }
    countRecords(platformId, sorted.counts)
    countRejections(
      platformId,
      sorted.rejected.map(({ rejection }) => rejection.slug),
    )
    for (const { message } of sorted.accepted) countRepairs(message.repairs)
  }
}

function toRecord({ arrival, id, key, message }: Accepted<MessageRecord>): OutRecord<AcceptedMessage> {
  return { topic: Topics.messages, key, id, value: message, time: arrival.receivedAt, trace: arrival.trace }
}
