import 'reflect-metadata'
import { register } from 'prom-client'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PermanentError } from '#libs/runtime/errors'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import type { AnyOutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { type CheckedMessage, checkMessage } from './check-message.rules.js'
import { MessagesConsumer } from './messages.consumer.js'
import { RememberedRevisions } from './remembered-revisions.js'

const good = {
  messageId: 'm-1',
  accountId: 'acc',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
}

interface GivenBatch extends Batch<CheckedMessage> {
  readonly letters: [InRecord<CheckedMessage>, PermanentError][]
}

function batchOf(...values: unknown[]): GivenBatch {
  const topic = 'weir.in.p1.messages.v1'
  const records = values.map((value, i): InRecord<CheckedMessage> => {
    const raw = {
      topic,
      partition: 0,
      offset: String(i),
      timestamp: '1795503600000',
      key: null,
      value: Buffer.from(JSON.stringify(value)),
      headers: undefined,
    }
    const receivedAt = new Date(Number(raw.timestamp))
    return { ...raw, value: checkMessage(raw.value), key: null, headers: {}, receivedAt, trace: null, raw }
  })
  const letters: GivenBatch['letters'] = []
  return {
    topic,
    platformId: 'p1',
    records,
    letters,
    deadLetter: (record: InRecord<CheckedMessage>, error: PermanentError) =>
      void letters.push([record, error]),
    heartbeat: () => Promise.resolve(),
  }
}

async function counted(): Promise<Record<string, number>> {
  const { values } = await register.getSingleMetric('weir_ingestion_records_total')!.get()
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value] as const))
}

describe('the consumer of messages', () => {
  let published: AnyOutRecord[]
  let isAway: boolean
  let consumer: MessagesConsumer

  beforeEach(() => {
    register.resetMetrics()
    published = []
    isAway = false
    const publish = async (...records: AnyOutRecord[]): Promise<void> => {
      if (isAway) throw new Error('away')
      published.push(...records)
    }
    consumer = new MessagesConsumer({ publish } as Publisher, new RememberedRevisions(100))
  })

  it('publishes what is accepted, gives up what is malformed, and counts every record once', async () => {
    const batch = batchOf(good, good, { ...good, visibility: 'private' }, { ...good, text: 7 }, 'words')
    await consumer.onMessages(batch)
    expect(published.map(({ key, value }) => [key, (value as typeof good).text])).toEqual([
      ['p1/acc', 'hello'],
    ])
    expect(batch.letters.map(([record, { slug, path }]) => [record.offset, slug, path])).toEqual([
      ['3', 'schema', '/text'],
      ['4', 'schema', ''],
    ])
    expect(await counted()).toEqual({ accepted: 1, repeat: 1, private: 1, dead_lettered: 2 })
  })

  it('remembers, counts and gives up nothing that the broker has not acknowledged', async () => {
    isAway = true
    const batch = batchOf(good, 'words')
    await expect(consumer.onMessages(batch)).rejects.toThrow('away')
    expect(batch.letters).toEqual([])
    expect(await counted()).toEqual({})
    isAway = false
    await consumer.onMessages(batch)
    expect(published.length).toBe(1)
    expect(await counted()).toEqual({ accepted: 1, dead_lettered: 1 })
  })
})
