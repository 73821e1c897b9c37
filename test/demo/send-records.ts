import { setTimeout as sleep } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { platformTopicName } from '#libs/contracts/catalogue'
import type { PlannedRecord } from './plan-records.js'

/** A record that a platform sent, and when: the `sentAt` of a message. */
export interface SentRecord {
  readonly bytes: Buffer
  readonly sentAt: number
}

/** Names the planned record in the headers, where dead letters keep it. */
export const NUMBER_HEADER = 'demo-record'
const TICK_MS = 20

/**
 * Sends records in their order, `perSecond` of them, each as soon as it is due; the instant of that is its `sentAt`. What is
 * sent is added to `sent`, by number.
 */
export async function sendRecords(
  producer: Producer,
  records: readonly PlannedRecord[],
  perSecond: number,
  sent: Map<number, SentRecord>,
  onProgress: (count: number) => void,
): Promise<void> {
  const start = performance.now()
  let done = 0
  while (done < records.length) {
    const due = Math.min(records.length, 1 + Math.floor(((performance.now() - start) / 1_000) * perSecond))
    const some = records.slice(done, due)
    if (some.length > 0) await sendAtOnce(producer, some, sent)
    done = due
    onProgress(done)
    await sleep(TICK_MS)
  }
}

async function sendAtOnce(
  producer: Producer,
  records: readonly PlannedRecord[],
  sent: Map<number, SentRecord>,
): Promise<void> {
  const sentAt = Date.now()
  for (const record of records) sent.set(record.number, { bytes: bytesOf(record, sentAt, sent), sentAt })
  await producer.sendBatch({
    acks: -1,
    topicMessages: [...Map.groupBy(records, ({ platformId }) => platformId)].map(([platformId, some]) => ({
      topic: platformTopicName('messages', platformId),
      messages: some.map(({ number, key }) => ({
        key,
        value: sent.get(number)!.bytes,
        headers: { [NUMBER_HEADER]: String(number) },
      })),
    })),
  })
}

function bytesOf(record: PlannedRecord, sentAt: number, sent: ReadonlyMap<number, SentRecord>): Buffer {
  switch (record.ending) {
    case 'accepted':
    case 'private':
      return Buffer.from(JSON.stringify({ ...record.message, sentAt: new Date(sentAt).toISOString() }))
    case 'repeat':
      return sent.get(record.of)!.bytes
    case 'dead-lettered':
      return record.bytes
  }
}
