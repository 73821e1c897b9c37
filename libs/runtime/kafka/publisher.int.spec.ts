import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PlatformTopics, Topics } from '#libs/contracts/catalogue'
import type { Tally } from '#libs/contracts/tally'
import { createLogger } from '../logger.js'
import { freshPrefix, freshTopic, testEnv, testKafka, until } from './kafka.fixture.js'
import { Publisher } from './publisher.js'
import { TopicsAdmin } from './topics-admin.js'

const logger = createLogger('test', 'silent')

interface Read {
  key: string | undefined
  value: string
  headers: Record<string, string>
}

/** The first records of a topic, partition after partition. */
async function read(topic: string, count: number): Promise<Read[]> {
  const found: Read[] = []
  const consumer = testKafka().consumer({ groupId: freshPrefix(), maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers } }) => {
      const texts = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)])
      found.push({
        key: key?.toString(),
        value: value!.toString(),
        headers: Object.fromEntries(texts) as Record<string, string>,
      })
    },
  })
  await until(() => found.length >= count, `${count} records of ${topic}`)
  await consumer.disconnect()
  return found
}

describe('the publisher', () => {
  const publisher = new Publisher(testEnv(), 'classification', logger)

  beforeAll(async () => {
    await new TopicsAdmin(testEnv(), logger).createMissing()
  })
  afterAll(() => publisher.onApplicationShutdown())

  const plain = (
    topic: string,
    key: string,
    value: string,
  ): Parameters<Publisher['publishPlain']>[0][number] => ({
    topic,
    key,
    value: Buffer.from(value),
    headers: undefined,
  })

  it('keeps the order of each key over many calls and more bytes than one request takes', async () => {
    const topic = await freshTopic('order', 3)
    const filler = 'x'.repeat(2_000)
    const calls = Array.from({ length: 300 }, (_, i) =>
      publisher.publishPlain(
        Array.from({ length: 10 }, (_item, j) => plain(topic, `k${j}`, JSON.stringify([i, filler]))),
      ),
    )
    await Promise.all(calls)
    const records = await read(topic, 3_000)
    expect(records).toHaveLength(3_000)
    for (let j = 0; j < 10; j++) {
      const mine = records
        .filter(({ key }) => key === `k${j}`)
        .map(({ value }) => (JSON.parse(value) as [number])[0])
      expect(mine).toEqual(Array.from({ length: 300 }, (_, i) => i))
    }
  })

  it('refuses a record that no request can hold, and sends nothing of its call', async () => {
    const topic = await freshTopic('large')
    const call = publisher.publishPlain([
      plain(topic, 'k', 'small'),
      plain(topic, 'k', 'x'.repeat(1_000_000)),
    ])
    await expect(call).rejects.toMatchObject({ name: 'PermanentError', slug: 'too-large' })
    await publisher.publishPlain([plain(topic, 'k', 'next')])
    expect((await read(topic, 1)).map(({ value }) => value)).toEqual(['next'])
  })

  it('lets one topic that does not exist fail by itself', async () => {
    const topic = await freshTopic('beside')
    const bad = publisher.publishPlain([plain(`nowhere.${freshPrefix()}`, 'k', '1')])
    const good = publisher.publishPlain([plain(topic, 'k', '2')])
    await expect(bad).rejects.toMatchObject({ name: 'RetryableError', slug: 'publish-failed' })
    await good
    await publisher.publishPlain([plain(topic, 'k', '3')])
    expect((await read(topic, 2)).map(({ value }) => value)).toEqual(['2', '3'])
  })

  it('writes CloudEvents headers, and the same bytes when a record is published again', async () => {
    const id = freshPrefix()
    const tally = { platformId: 'p1', minute: '2026-11-24T07:00:00Z' } as unknown as Tally
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: '01' }
    const record = {
      topic: Topics.tallies,
      key: id,
      id,
      value: tally,
      time: new Date('2026-11-24T07:01:00Z'),
      trace,
    }
    await publisher.publish(record)
    await publisher.publish(record)
    const records = (await read(Topics.tallies.name, 2)).filter(({ key }) => key === id)
    expect(records[0]).toEqual(records[1])
    expect(records[0]?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: 'weir.messages.tallied.v1',
      ce_source: '/weir/classification',
      ce_time: '2026-11-24T07:01:00.000Z',
      'content-type': 'application/json',
      traceparent: expect.stringMatching(/^00-a{32}-(?!b{16})[0-9a-f]{16}-01$/) as string,
    })
  })

  it('asks for the platform of a platform’s topic', () => {
    const record = { topic: PlatformTopics.directives, key: 'k', id: 'i', value: null }
    expect(() => publisher.publish(record)).toThrow(RangeError)
  })
})
