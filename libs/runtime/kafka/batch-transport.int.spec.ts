import 'reflect-metadata'
import { Injectable } from '@nestjs/common'
import type { INestMicroservice } from '@nestjs/common'
import kafkajs from 'kafkajs'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DeadLetterTopic, PlatformTopics, platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { Sighting } from '#libs/contracts/measures-in-force'
import type { Platform } from '#libs/contracts/platform'
import type { Receipt } from '#libs/contracts/receipt'
import { PermanentError, RetryableError } from '../errors.js'
import { BatchHandler, PlatformBatchHandler } from './batch-handler.js'
import type { Batch, InRecord } from './batch.js'
import { committed, freshPrefix, send, startService, testEnv, testKafka, until } from './kafka.fixture.js'
import { KafkaHealth } from './kafka-health.js'
import { Publisher } from './publisher.js'
import { TopicsAdmin } from './topics-admin.js'
import { createLogger } from '../logger.js'

const running: { close(): Promise<void> }[] = []

async function service(
  name: 'enforcement' | 'ingestion',
  handler: new (...args: never[]) => object,
  env: Record<string, string> = {},
): Promise<INestMicroservice> {
  const app = await startService(name, testEnv(env), [handler])
  running.push(app)
  return app
}

beforeAll(async () => {
  await new TopicsAdmin(testEnv(), createLogger('test', 'silent')).createMissing()
})

afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

function sighting(messageId: string): Sighting {
  return {
    sightingId: `si_${messageId}`,
    platformId: 'p1',
    accountId: 'a1',
    messageId,
    directiveId: 'd1',
    kind: 'suspend_account',
    at: '2026-11-24T07:00:00Z',
  }
}

/** Everything on a topic at this moment, from its beginning. */
async function readAll(
  topic: string,
): Promise<{ key: string | null; value: string | null; headers: Record<string, string> }[]> {
  const admin = testKafka().admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  let left = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
  const found: { key: string | null; value: string | null; headers: Record<string, string> }[] = []
  if (left === 0) return found
  const consumer = testKafka().consumer({ groupId: freshPrefix(), maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
      found.push({
        key: message.key?.toString() ?? null,
        value: message.value?.toString() ?? null,
        headers: Object.fromEntries(headers) as Record<string, string>,
      })
      left--
    },
  })
  await until(() => left <= 0, `all of ${topic} is read`)
  await consumer.disconnect()
  return found
}

describe('a batch handler', () => {
  it('gets every record of a topic, once done they are committed, and what is wrong is a dead letter', async () => {
    const seen: InRecord<Sighting>[] = []
    @Injectable()
    class Handler {
      @BatchHandler(Topics.sightings)
      async on(batch: Batch<Sighting>): Promise<void> {
        seen.push(...batch.records)
      }
    }
    const prefix = freshPrefix()
    const app = await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: prefix })
    const mark = freshPrefix()
    await send(Topics.sightings.name, [
      { key: 'p1/a1', value: JSON.stringify({ ...sighting(`${mark}-1`), nobodyKnows: 1, note: null }) },
      { key: 'p1/a1', value: `${mark} {` },
      { key: 'p1/a1', value: Buffer.concat([Buffer.from(mark), Buffer.from([0xff])]) },
      { key: 'p1/a1', value: JSON.stringify({ ...sighting(`${mark}-2`), at: 'yesterday' }) },
      { key: 'p1/a1', value: JSON.stringify(sighting(`${mark}-3`)) },
    ])
    await until(() => seen.some(({ value }) => value.messageId === `${mark}-3`), 'the last record arrives')
    const mine = seen.filter(({ value }) => value.messageId.startsWith(mark))
    expect(mine.map(({ value }) => value)).toEqual([sighting(`${mark}-1`), sighting(`${mark}-3`)])
    expect(mine[0]?.key).toBe('p1/a1')
    await until(() => app.get(KafkaHealth).ready().ok, 'ready')
    await app.close()
    const offsets = await committed(`${prefix}.enforcement`, Topics.sightings.name)
    expect(Number(offsets[mine[1]!.partition])).toBe(Number(mine[1]!.offset) + 1)
    const dead = await readAll(DeadLetterTopic.name)
    const letters = dead.filter(({ value }) => value?.includes(mark))
    expect(letters.map(({ headers }) => [headers['weir-reason'], headers['weir-path']])).toEqual([
      ['not-json', ''],
      ['not-utf8', ''],
      ['schema', '/at'],
    ])
    expect(letters[0]).toMatchObject({
      key: 'p1/a1',
      value: `${mark} {`,
      headers: { 'weir-topic': Topics.sightings.name, 'weir-attempts': '1', 'weir-service': 'enforcement' },
    })
  })

  it('that throws keeps its offset: the same records come again, and the error keeps its class', async () => {
    const mark = freshPrefix()
    const attempts: string[][] = []
    let healed = false
    @Injectable()
    class Handler {
      @BatchHandler(Topics.sightings)
      async on(batch: Batch<Sighting>): Promise<void> {
        const mine = batch.records.map(({ value }) => value.messageId).filter((id) => id.startsWith(mark))
        if (mine.length === 0) return
        attempts.push(mine)
        if (!healed) throw new RetryableError('away', 'The database is away.')
      }
    }
    const prefix = freshPrefix()
    const app = await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: prefix })
    await send(Topics.sightings.name, [
      { key: mark, value: JSON.stringify(sighting(`${mark}-1`)) },
      { key: mark, value: JSON.stringify(sighting(`${mark}-2`)) },
    ])
    await until(() => attempts.length >= 3, 'it is tried three times')
    await app.close()
    running.splice(0)
    const end = await endOf(Topics.sightings.name)
    const offsets = await committed(`${prefix}.enforcement`, Topics.sightings.name)
    expect(offsets.some((offset, partition) => Number(offset) < Number(end[partition]) - 1)).toBe(true)
    healed = true
    attempts.length = 0
    await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: prefix })
    await until(() => attempts.flat().length >= 2, 'they come again')
    expect(attempts.flat()).toEqual([`${mark}-1`, `${mark}-2`])
  })

  it('that cannot handle one record loses that one only', async () => {
    const mark = freshPrefix()
    const done = new Set<string>()
    @Injectable()
    class Handler {
      @BatchHandler(Topics.sightings)
      async on(batch: Batch<Sighting>): Promise<void> {
        for (const record of batch.records) {
          const { messageId } = record.value
          if (messageId === `${mark}-7`) throw new PermanentError('unknown-thing', 'No.', '/messageId')
          if (messageId === `${mark}-9`) JSON.parse('{')
          if (messageId === `${mark}-11`) batch.deadLetter(record, new PermanentError('not-yours', 'No.'))
          else if (messageId.startsWith(mark)) done.add(messageId)
        }
      }
    }
    await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: freshPrefix() })
    const ids = Array.from({ length: 40 }, (_, i) => `${mark}-${i}`)
    await send(
      Topics.sightings.name,
      ids.map((id) => ({ key: mark, value: JSON.stringify(sighting(id)) })),
    )
    await until(() => done.has(`${mark}-39`), 'the last record is handled')
    expect(ids.filter((id) => !done.has(id))).toEqual([`${mark}-7`, `${mark}-9`, `${mark}-11`])
    const letters = (): Promise<Awaited<ReturnType<typeof readAll>>> =>
      readAll(DeadLetterTopic.name).then((all) => all.filter(({ value }) => value?.includes(mark)))
    await until(async () => (await letters()).length === 3, 'three dead letters')
    expect(
      (await letters()).map(({ headers }) => [
        headers['weir-reason'],
        headers['weir-path'],
        headers['weir-attempts'],
      ]),
    ).toEqual([
      ['unknown-thing', '/messageId', '1'],
      ['handler-failed', 'SyntaxError', '3'],
      ['not-yours', '', '1'],
    ])
  })
})

describe('a dead letter', () => {
  it('holds all of a record as large as a broker takes, and the beginning of a larger one that came compressed', async () => {
    @Injectable()
    class Handler {
      @BatchHandler(Topics.sightings)
      async on(_batch: Batch<Sighting>): Promise<void> {}
    }
    await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: freshPrefix() })
    const mark = freshPrefix()
    await send(Topics.sightings.name, [{ key: mark, value: `${mark}${'x'.repeat(1_000_000)}` }])
    const gzip = kafkajs.CompressionTypes.GZIP
    await send(Topics.sightings.name, [{ key: mark, value: `${mark}${'y'.repeat(3_000_000)}` }], gzip)
    const mine = async (): Promise<Awaited<ReturnType<typeof readAll>>> =>
      (await readAll(DeadLetterTopic.name)).filter(({ key }) => key === mark)
    await until(async () => (await mine()).length === 2, 'both are kept')
    const [whole, cut] = await mine()
    expect(whole?.value).toHaveLength(1_000_000 + mark.length)
    expect(whole?.headers).not.toHaveProperty('weir-truncated')
    expect(cut?.value?.startsWith(`${mark}yyy`)).toBe(true)
    expect(cut?.headers['weir-truncated']).toBe(String(3_000_000 + mark.length))
  })
})

describe('a handler of platforms’ topics', () => {
  it('gets the topic of a platform that is registered while it runs, from its first record on', async () => {
    const seen: string[] = []
    @Injectable()
    class Handler {
      @PlatformBatchHandler('receipts')
      async on(batch: Batch<Receipt>): Promise<void> {
        for (const { value } of batch.records) seen.push(`${batch.platformId}:${value.directiveId}`)
      }
    }
    const app = await service('enforcement', Handler, { KAFKA_GROUP_PREFIX: freshPrefix() })
    const id = freshPrefix()
    await app.get(TopicsAdmin).createPlatformTopics(id)
    await app.get(TopicsAdmin).createPlatformTopics(id)
    const receipt: Receipt = { directiveId: 'd1', status: 'done', at: '2026-11-24T07:00:00Z' }
    await send(platformTopicName('receipts', id), [{ key: 'a', value: JSON.stringify(receipt) }])
    const platform: Platform = {
      platformId: id,
      name: id,
      mode: 'enforce',
      contacts: [],
      registeredAt: '2026-11-24T07:00:00Z',
    }
    await app.get(Publisher).publish({ topic: Topics.platforms, key: id, id: `pf_${id}`, value: platform })
    await until(() => seen.includes(`${id}:d1`), 'the receipt arrives', 10_000)
    expect(PlatformTopics.receipts.to).toContain('enforcement')
  })
})

async function endOf(topic: string): Promise<string[]> {
  const admin = testKafka().admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return ends.sort((a, b) => a.partition - b.partition).map(({ high }) => high)
}
