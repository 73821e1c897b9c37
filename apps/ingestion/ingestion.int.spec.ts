import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mongoose'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DeadLetterTopic, PlatformTopics, platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { Message } from '#libs/contracts/message'
import type { Platform } from '#libs/contracts/platform'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import { readEnv } from '#libs/runtime/env'
import { createKafka } from '#libs/runtime/kafka/kafka-client'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { localServiceEnv } from '#libs/testing/local-service-env'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import { IngestionEnv } from './config.js'

/** Nothing of this run meets another run on the same servers. */
const RUN = randomUUID().slice(0, 8)
const silent = pino({ level: 'silent' })

interface Stored {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, string>
}

let env: Readonly<IngestionEnv>
let serviceEnv: Record<string, string>
let keys: string
let admin: TopicsAdmin
let publisher: Publisher
const processes: ServiceProcess[] = []

function platformNamed(name: string): string {
  return `${name}-${RUN}`
}

async function createPlatform(platformId: string): Promise<void> {
  await admin.createPlatformTopics(platformId)
}

async function register(platformId: string): Promise<void> {
  const now = new Date()
  const value: Platform = {
    platformId,
    name: platformId,
    mode: 'enforce',
    contacts: [],
    registeredAt: now.toISOString(),
  }
  await publisher.publish({
    topic: Topics.platforms,
    key: platformId,
    id: `reg-${platformId}`,
    value,
    time: now,
  })
}

function aMessage(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    messageId: 'm-1',
    accountId: 'acc-1',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    text: 'hello',
    ...change,
  }
}

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

async function send(platformId: string, ...values: (Buffer | null)[]): Promise<void> {
  const topic = platformTopicName('messages', platformId)
  await publisher.publishPlain(values.map((value) => ({ topic, key: 'acc-1', value, headers: {} })))
}

/** Everything that is in some topics now, by a reader of its own. */
async function contentsOf(...topics: string[]): Promise<Stored[]> {
  const missing = new Map<string, number>()
  for (const topic of topics) {
    // A topic that was created a moment ago may have no leader yet.
    const offsets = await vi.waitFor(() => admin.offsets(topic), { timeout: 20_000, interval: 200 })
    for (const { partition, low, high } of offsets) {
      const count = Number(high) - Number(low)
      if (count > 0) missing.set(`${topic}/${partition}`, Number(high))
    }
  }
  const found: Stored[] = []
  if (missing.size === 0) return found
  const consumer = createKafka(env, 'test', silent).consumer({
    groupId: `test-${randomUUID()}`,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topics, fromBeginning: true })
  const done = Promise.withResolvers<void>()
  await consumer.run({
    autoCommit: false,
    eachBatch: async (payload) => {
      const { topic, partition, messages } = payload.batch
      for (const { key, value, offset, headers } of messages) {
        const texts = Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)] as const)
        found.push({ topic, partition, offset, key, value, headers: Object.fromEntries(texts) })
        payload.resolveOffset(offset)
      }
      const end = missing.get(`${topic}/${partition}`)
      if (end !== undefined && Number(messages.at(-1)!.offset) + 1 >= end)
        missing.delete(`${topic}/${partition}`)
      if (missing.size === 0) done.resolve()
    },
  })
  await done.promise
  await consumer.disconnect()
  return found
}

async function acceptedOf(platformId: string): Promise<Stored[]> {
  const all = await contentsOf(Topics.messages.name)
  return all.filter(({ value }) => messageIn(value).platformId === platformId)
}

/** They are kept after the handler has counted them, so they are waited for. */
async function deadLettersOf(platformId: string, count: number): Promise<Stored[]> {
  const topic = platformTopicName('messages', platformId)
  return vi.waitFor(
    async () => {
      const all = await contentsOf(DeadLetterTopic.name)
      const letters = all.filter(({ headers }) => headers['weir-topic'] === topic)
      expect(letters.length).toBeGreaterThanOrEqual(count)
      return letters
    },
    { timeout: 30_000, interval: 200 },
  )
}

const messageIn = (value: Buffer | null): Message => JSON.parse(String(value)) as Message
const textsOf = (records: Stored[]): unknown[] => records.map(({ value }) => messageIn(value).text)

/** Outcome → count, from the service's metrics. */
async function countsOf(service: ServiceProcess, platformId: string): Promise<Record<string, number>> {
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  const lines = metrics.split('\n').filter((line) => line.includes(`platform="${platformId}"`))
  return Object.fromEntries(
    lines
      .filter((line) => line.startsWith('weir_ingestion_records_total'))
      .map((line) => [/outcome="(\w+)"/.exec(line)![1]!, Number(line.split(' ').at(-1))]),
  )
}

/** Waits until every record of a platform's topic has been counted, and gives the counts. */
async function settled(
  service: ServiceProcess,
  platformId: string,
  records: number,
): Promise<Record<string, number>> {
  return vi.waitFor(
    async () => {
      const counts = await countsOf(service, platformId)
      expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(records)
      return counts
    },
    { timeout: 60_000, interval: 200 },
  )
}

async function startIngestion(change: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startService('ingestion', { ...serviceEnv, ...change })
  processes.push(service)
  return service
}

let service: ServiceProcess

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'weir-keys-'))
  serviceEnv = {
    ...localServiceEnv({ kafkaBrokers: process.env.KAFKA_BROKERS!, mongoUri: process.env.MONGODB_URI! }),
    KAFKA_GROUP_PREFIX: `test-${RUN}`,
    MONGODB_SUFFIX: `_${RUN}`,
    LOCAL_KEY_DIR: keys,
  }
  env = readEnv(IngestionEnv, serviceEnv)
  admin = new TopicsAdmin(env, silent)
  publisher = new Publisher(env, 'enforcement', silent)
  await admin.createMissing()
  service = await startIngestion()
})

afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()))
  await publisher.onApplicationShutdown()
  rmSync(keys, { recursive: true, force: true })
})

describe('what comes from Kafka', () => {
  it('is consumed from the beginning once its platform is registered, without a restart', async () => {
    const platform = platformNamed('late')
    await createPlatform(platform)
    await send(platform, bytesOf(aMessage({ text: 'before registration' })))
    await register(platform)
    await settled(service, platform, 1)
    const [record] = await acceptedOf(platform)
    expect(String(record!.key)).toBe(`${platform}/acc-1`)
    expect(record!.headers).toMatchObject({ ce_specversion: '1.0', ce_type: Topics.messages.type })
    expect(messageIn(record!.value)).toMatchObject({ text: 'before registration', platformId: platform })
    expect(record!.headers.ce_time).toBe(messageIn(record!.value).receivedAt)
  })

  it('ends as a dead letter with its slug and bytes where it is malformed, and the good between passes', async () => {
    const platform = platformNamed('bad')
    const deep = JSON.parse('{"a":'.repeat(8) + '1' + '}'.repeat(8)) as unknown
    const malformed: [string, Buffer | null][] = [
      ['not-utf8', Buffer.concat([bytesOf(aMessage()).subarray(0, -2), Buffer.from([0xff, 0x22, 0x7d])])],
      ['not-json', bytesOf(aMessage()).subarray(0, 40)],
      ['schema', bytesOf(aMessage({ text: 7, links: 'x' }))],
      ['too-deep', bytesOf(aMessage({ more: deep }))],
      ['too-large', bytesOf(aMessage({ more: 'x'.repeat(300_000) }))],
      ['schema', bytesOf({ visibility: 'public', text: 'no ids' })],
      ['schema', bytesOf(aMessage({ messageId: 'bad id', accountId: '../x' }))],
      ['not-json', Buffer.alloc(0)],
      ['schema', bytesOf([aMessage()])],
      ['schema', Buffer.from(JSON.stringify(aMessage()).replace('{', '{"__proto__":{"a":1},'))],
      ['not-json', null],
    ]
    await createPlatform(platform)
    await register(platform)
    const good = malformed.map((_each, i) => bytesOf(aMessage({ messageId: `good-${i}`, text: `good ${i}` })))
    await send(platform, ...malformed.flatMap(([, bytes], i) => [bytes, good[i]!]))

    const counts = await settled(service, platform, malformed.length * 2)
    expect(counts).toEqual({ accepted: malformed.length, dead_lettered: malformed.length })
    expect(textsOf(await acceptedOf(platform))).toEqual(malformed.map((_each, i) => `good ${i}`))
    const letters = (await deadLettersOf(platform, malformed.length)).sort(
      (a, b) => Number(a.headers['weir-offset']) - Number(b.headers['weir-offset']),
    )
    expect(letters.map(({ headers, value }) => [headers['weir-reason'], value])).toEqual(malformed)
    for (const { key, headers } of letters) {
      expect(String(key)).toBe('acc-1')
      expect(headers).toMatchObject({ 'weir-service': 'ingestion', 'weir-attempts': '1' })
    }
    expect(letters[2]!.headers['weir-path']).toBe('/text')
  })

  it('is accepted with what is wrong of its side fields left out and named, once, by Kafka and by REST', async () => {
    const platform = platformNamed('sides')
    await createPlatform(platform)
    await register(platform)
    const wrong = aMessage({ language: 'zh_CN', audience: -1, links: ['https://a', 7], account: [] })
    const repairs = [
      { path: '/language', what: 'rewritten' },
      { path: '/audience', what: 'dropped' },
      { path: '/account', what: 'dropped' },
      { path: '/links/1', what: 'dropped' },
    ]
    await send(platform, bytesOf(wrong), bytesOf(wrong), bytesOf(aMessage({ text: '字'.repeat(60_000) })))
    expect(await settled(service, platform, 3)).toEqual({ accepted: 2, repeat: 1 })
    await vi.waitFor(async () => expect((await post(platform, {})).status).toBe(400), { timeout: 20_000 })
    const answer = await post(platform, { messages: [{ ...wrong, messageId: 'by-rest' }] })
    expect(await answer.json()).toEqual({ results: [{ messageId: 'by-rest', status: 'accepted', repairs }] })
    expect(await settled(service, platform, 4)).toEqual({ accepted: 3, repeat: 1 })
    const [byKafka, long, byRest] = (await acceptedOf(platform)).map(
      ({ value }) => JSON.parse(String(value)) as Record<string, unknown>,
    )
    expect(byKafka).toMatchObject({ ...aMessage(), language: 'zh-CN', links: ['https://a'], repairs })
    expect(byKafka).not.toHaveProperty('audience')
    expect(byRest).toMatchObject({ revision: byKafka!['revision'], repairs })
    expect(long).toMatchObject({ text: '字'.repeat(60_000), repairs: [{ path: '/text', what: 'cut' }] })
  })

  it('is dropped when it repeats the latest revision, and passes when it changes or was requested', async () => {
    const platform = platformNamed('again')
    await createPlatform(platform)
    await register(platform)
    const texts = ['A', 'A', 'B', 'A', 'A']
    await send(platform, ...texts.map((text) => bytesOf(aMessage({ text }))))
    await settled(service, platform, 5)
    await send(
      platform,
      bytesOf(aMessage({ text: 'A' })),
      bytesOf(aMessage({ text: 'A', requested: 'dir_1' })),
    )
    expect(await settled(service, platform, 7)).toEqual({ accepted: 4, repeat: 3 })
    expect(textsOf(await acceptedOf(platform))).toEqual(['A', 'B', 'A', 'A'])
  })
})

describe('what is private', () => {
  it('is counted, and found nowhere', async () => {
    const platform = platformNamed('private')
    const marker = `marker${randomUUID().replaceAll('-', '')}`
    const hidden = (change: Record<string, unknown> = {}): Record<string, unknown> =>
      aMessage({ visibility: 'private', text: marker, accountId: 'acc-private', ...change })
    await createPlatform(platform)
    await register(platform)
    await send(
      platform,
      bytesOf(hidden()),
      bytesOf(hidden({ messageId: [marker] })),
      bytesOf(hidden({ more: marker.repeat(10_000) })),
      bytesOf(aMessage({ text: 'public' })),
      Buffer.from(JSON.stringify(hidden()).replace('{', `{"__proto__":"${marker}",`)),
      bytesOf([hidden()]),
    )
    expect(await settled(service, platform, 6)).toEqual({ accepted: 1, private: 5 })

    const answer = await post(platform, {
      messages: [hidden(), aMessage({ messageId: 'm-2', text: 'by REST' })],
    })
    expect(await answer.json()).toEqual({
      results: [
        { messageId: 'm-1', status: 'refused_private' },
        { messageId: 'm-2', status: 'accepted' },
      ],
    })
    expect(await settled(service, platform, 7)).toEqual({ accepted: 2, private: 5 })
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    expect(metrics).toMatch(new RegExp(`weir_records_refused_private_total\\{.*"${platform}".*\\} 6\n`))

    const input = platformTopicName('messages', platform)
    const topics = [...(await admin.existing())].filter((topic) => topic !== input && !topic.startsWith('__'))
    const elsewhere = (await contentsOf(...topics)).filter((record) =>
      [String(record.value), String(record.key), JSON.stringify(record.headers)].some((part) =>
        part.includes(marker),
      ),
    )
    expect(elsewhere).toEqual([])
    const stored = (await contentsOf(input)).filter(({ value }) => String(value).includes(marker))
    expect(stored.length, 'only what the platform itself put there').toBe(5)
    expect(await databaseText()).not.toContain(marker)
    expect(metrics).not.toContain(marker)
    expect(service.output()).not.toContain(marker)
  })
})

describe('a replay of all input with new groups', () => {
  it('passes on the same records, to the byte', async () => {
    const before = await contentsOf(Topics.messages.name)
    const mine = (records: Stored[]): Stored[] =>
      records.filter(({ value }) => messageIn(value).platformId.endsWith(RUN))
    const platforms = ['late', 'bad', 'again', 'private'].map(platformNamed)
    const sizes = await Promise.all(
      platforms.map(async (platform) => {
        const offsets = await admin.offsets(platformTopicName('messages', platform))
        return offsets.reduce((sum, { high }) => sum + Number(high), 0)
      }),
    )
    const replaying = await startIngestion({ KAFKA_GROUP_PREFIX: `replay-${RUN}` })
    for (const [i, platform] of platforms.entries()) await settled(replaying, platform, sizes[i]!)

    const asText = ({ topic, partition, key, value, headers }: Stored): string =>
      JSON.stringify([topic, partition, String(key), String(value), headers])
    const once = mine(before).map(asText)
    const twice = mine(await contentsOf(Topics.messages.name)).map(asText)
    expect(once.length).toBeGreaterThan(15)
    // `again` was first sent in two parts, so nothing depends on how a batch is cut.
    expect(twice.sort()).toEqual([...once, ...once].sort())
    await replaying.stop()
  })
})

describe('POST /v1/messages', () => {
  it('stores what is good under the sender’s account, and names what is not', async () => {
    const platform = platformNamed('rest')
    await createPlatform(platform)
    await register(platform)
    await vi.waitFor(async () => expect((await post(platform, {})).status).toBe(400), { timeout: 20_000 })
    const answer = await post(platform, {
      messages: [
        aMessage({ messageId: 'r-1', accountId: 'acc-r', extra: 'dropped' }),
        aMessage({ messageId: 'r-2', sentAt: '2026-02-30T00:00:00Z' }),
      ],
    })
    expect(answer.status).toBe(202)
    const { results } = (await answer.json()) as { results: unknown[] }
    expect(results).toEqual([
      { messageId: 'r-1', status: 'accepted' },
      {
        messageId: 'r-2',
        status: 'invalid',
        problem: {
          type: 'schema',
          detail: expect.stringContaining('/sentAt') as string,
          errors: [{ path: '/sentAt', reason: expect.any(String) as string }],
        },
      },
    ])
    const [stored, ...more] = await contentsOf(platformTopicName('messages', platform))
    expect(more).toEqual([])
    expect(String(stored!.key)).toBe('acc-r')
    expect(JSON.parse(String(stored!.value))).toEqual(aMessage({ messageId: 'r-1', accountId: 'acc-r' }))
    expect(stored!.headers.ce_type).toBe(PlatformTopics.messages.type)
    await settled(service, platform, 1)
    expect(textsOf(await acceptedOf(platform))).toEqual(['hello'])
  })

  it('answers the same again under one Idempotency-Key, and stores nothing more', async () => {
    const platform = platformNamed('rest')
    const headers = { 'idempotency-key': `key-${RUN}` }
    const body = { messages: [aMessage({ messageId: 'i-1' })] }
    const first = await post(platform, body, headers)
    const again = await post(platform, body, headers)
    expect([first.status, again.status]).toEqual([202, 202])
    expect(await again.json()).toEqual(await first.json())
    const other = await post(platform, { messages: [aMessage({ messageId: 'i-2' })] }, headers)
    expect(other.status).toBe(422)
    const stored = await contentsOf(platformTopicName('messages', platform))
    expect(stored.filter(({ value }) => messageIn(value).messageId.startsWith('i-')).length).toBe(1)
  })

  it('takes 500 long messages at once, and not 501', async () => {
    const platform = platformNamed('rest')
    const many = Array.from({ length: 500 }, (_each, i) =>
      aMessage({ messageId: `n-${i}`, text: '字'.repeat(2_000) }),
    )
    const answer = await post(platform, { messages: many })
    expect(answer.status).toBe(202)
    const { results } = (await answer.json()) as { results: { status: string }[] }
    expect(results.filter(({ status }) => status === 'accepted').length).toBe(500)
    const tooMany = await post(platform, { messages: [...many, aMessage({ messageId: 'n-500' })] })
    expect(tooMany.status).toBe(400)
    expect(await tooMany.json()).toMatchObject({ type: 'invalid-request', errors: [{ path: '/messages' }] })
  })

  it.each<[string, unknown]>([
    ['no list', {}],
    ['an empty list', { messages: [] }],
    ['a list as the body', []],
    ['no object', 'words'],
  ])('refuses %s', async (_name, body) => {
    expect((await post(platformNamed('rest'), body)).status).toBe(400)
  })

  it('is for registered platforms', async () => {
    const body = { messages: [aMessage()] }
    const unknown = await post(platformNamed('nobody'), body)
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { type: 'unknown-platform' }])
    const moderator = await signLocalToken(keys, { roles: ['moderator'], subject: 'm' })
    const headers = { authorization: `Bearer ${moderator}`, 'content-type': 'application/json' }
    const url = `${service.url}/v1/messages`
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(403)
    expect((await fetch(url, { method: 'POST', body: JSON.stringify(body) })).status).toBe(401)
  })
})

async function post(
  platform: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const token = await signLocalToken(keys, { roles: ['platform'], platform, subject: `of ${platform}` })
  return fetch(`${service.url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** All that the service's database holds. */
async function databaseText(): Promise<string> {
  const connection = await createConnection(process.env.MONGODB_URI!, {
    dbName: `weir_ingestion_${RUN}`,
  }).asPromise()
  const collections = await connection.db!.collections()
  const documents = await Promise.all(collections.map((collection) => collection.find().toArray()))
  await connection.close()
  return JSON.stringify(documents)
}
