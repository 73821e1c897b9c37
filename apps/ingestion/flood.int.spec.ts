import 'reflect-metadata'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import { readEnv } from '#libs/runtime/env'
import { createKafka } from '#libs/runtime/kafka/kafka-client'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { localServiceEnv } from '#libs/testing/local-service-env'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import { IngestionEnv } from './config.js'

const RUN = randomUUID().slice(0, 8)
const NOISY = `noisy-${RUN}`
const QUIET = `quiet-${RUN}`
/** 12 MB of rubbish: 6 may be kept at once, and one fetch of four partitions holds 4 more. */
const ROUNDS = 3_000
const RUBBISH = Buffer.alloc(4_000, '{')
const silent = pino({ level: 'silent' })

let env: Readonly<IngestionEnv>
let keys: string
let admin: TopicsAdmin
let publisher: Publisher
let service: ServiceProcess

const message = (messageId: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      messageId,
      accountId: 'a',
      visibility: 'public',
      sentAt: '2026-11-24T07:00:00Z',
      text: 'x',
    }),
  )

async function register(platformId: string): Promise<void> {
  await admin.createPlatformTopics(platformId)
  const registeredAt = new Date().toISOString()
  const value = { platformId, name: platformId, mode: 'enforce' as const, contacts: [], registeredAt }
  await publisher.publish({ topic: Topics.platforms, key: platformId, id: `reg-${platformId}`, value })
}

async function send(platformId: string, values: Buffer[]): Promise<void> {
  const topic = platformTopicName('messages', platformId)
  await publisher.publishPlain(
    values.map((value, i) => ({ topic, key: `acc-${i % 16}`, value, headers: {} })),
  )
}

async function endedOf(platformId: string): Promise<Record<string, number>> {
  const lines = (await metrics()).filter((line) => line.includes(`"${platformId}"`))
  return Object.fromEntries(
    lines
      .filter((line) => line.startsWith('weir_ingestion_records_total'))
      .map((line) => [/outcome="(\w+)"/.exec(line)![1]!, Number(line.split(' ').at(-1))]),
  )
}

async function metrics(): Promise<string[]> {
  return (await (await fetch(`${service.url}/metrics`)).text()).split('\n')
}

/** Where the records of a topic lay that are dead letters now, each once. */
async function deadFrom(topic: string): Promise<Set<string>> {
  let left = (await admin.offsets(DeadLetterTopic.name)).reduce(
    (sum, { low, high }) => sum + Number(high) - Number(low),
    0,
  )
  const places = new Set<string>()
  const done = Promise.withResolvers<void>()
  const consumer = createKafka(env, 'test', silent).consumer({ groupId: `test-${randomUUID()}` })
  await consumer.connect()
  await consumer.subscribe({ topics: [DeadLetterTopic.name], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { headers } }) => {
      if (String(headers?.['weir-topic']) === topic)
        places.add(`${String(headers!['weir-partition'])}/${String(headers!['weir-offset'])}`)
      if (--left === 0) done.resolve()
    },
  })
  await done.promise
  await consumer.disconnect()
  return places
}

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'weir-keys-'))
  const serviceEnv = {
    ...localServiceEnv({ kafkaBrokers: process.env.KAFKA_BROKERS!, mongoUri: process.env.MONGODB_URI! }),
    KAFKA_GROUP_PREFIX: `flood-${RUN}`,
    MONGODB_SUFFIX: `_${RUN}`,
    LOCAL_KEY_DIR: keys,
    KAFKA_PLATFORM_SHARDS: '1',
    DEAD_LETTER_KIB_PER_MINUTE: '6144',
  }
  env = readEnv(IngestionEnv, serviceEnv)
  admin = new TopicsAdmin(env, silent)
  publisher = new Publisher(env, 'enforcement', silent)
  await admin.createMissing()
  await register(NOISY)
  await register(QUIET)
  service = await startService('ingestion', serviceEnv)
})

afterAll(async () => {
  await service?.stop()
  await publisher.onApplicationShutdown()
  rmSync(keys, { recursive: true, force: true })
})

it('a platform that sends half rubbish is read slowly, the others are not, and nothing of it is lost', async () => {
  await send(NOISY, Array.from({ length: ROUNDS }, (_each, i) => [RUBBISH, message(`m-${i}`)]).flat())
  const held = async (): Promise<string[]> =>
    (await metrics()).filter((line) => line.startsWith('weir_platforms_held_back{'))
  await vi.waitFor(async () => expect(await held()).toHaveLength(1), { timeout: 30_000, interval: 100 })
  expect((await held())[0]).toContain(`platform="${NOISY}"`)

  await send(
    QUIET,
    Array.from({ length: 200 }, (_each, i) => message(`q-${i}`)),
  )
  await vi.waitFor(async () => expect(await endedOf(QUIET)).toEqual({ accepted: 200 }), { timeout: 10_000 })
  const meanwhile = await endedOf(NOISY)
  expect(meanwhile['dead_lettered'], 'the backlog still stands').toBeLessThan(ROUNDS)
  expect((await fetch(`${service.url}/health/live`)).status).toBe(200)

  const all = { accepted: ROUNDS, dead_lettered: ROUNDS }
  await vi.waitFor(async () => expect(await endedOf(NOISY)).toEqual(all), {
    timeout: 100_000,
    interval: 500,
  })
  expect((await fetch(`${service.url}/health/live`)).status).toBe(200)
  await vi.waitFor(
    async () => expect((await deadFrom(platformTopicName('messages', NOISY))).size).toBe(ROUNDS),
    { timeout: 30_000 },
  )
}, 200_000)
