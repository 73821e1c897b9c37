import 'reflect-metadata'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { MessageIn } from '#libs/contracts/message-in'
import type { Platform } from '#libs/contracts/platform'
import { createLogger } from '../logger.js'
import { freshPrefix, testEnv, testKafka, until } from './kafka.fixture.js'
import { Publisher } from './publisher.js'
import { TopicsAdmin } from './topics-admin.js'

const prefix = freshPrefix()
const env = testEnv({ KAFKA_GROUP_PREFIX: prefix })
const logger = createLogger('test', 'silent')
const publisher = new Publisher(env, 'enforcement', logger)
const got = new Map<string, number>()
const members: ChildProcess[] = []

/** Starts an instance in a process of its own; resolves when it is ready. */
async function startMember(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('burst-member.mjs', import.meta.url))
  const member = spawn(process.execPath, [script], {
    env: { ...process.env, KAFKA_GROUP_PREFIX: prefix },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  members.push(member)
  await new Promise<void>((resolve, reject) => {
    member.on('exit', (code) => reject(new Error(`a member ended with ${code}`)))
    createInterface({ input: member.stdout }).on('line', (line) => {
      if (line === 'ready') resolve()
      const [word, platform, message] = line.split(' ')
      if (word === 'got') got.set(`${platform} ${message}`, (got.get(`${platform} ${message}`) ?? 0) + 1)
    })
  })
  return member
}

async function createTopics(ids: readonly string[]): Promise<void> {
  const admin = testKafka().admin()
  await admin.connect()
  const topics = ids.map((id) => ({ topic: platformTopicName('messages', id), numPartitions: 4 }))
  await admin.createTopics({ topics, waitForLeaders: false, timeout: 60_000 })
  await until(async () => {
    const known = new Set(await admin.listTopics())
    return topics.every(({ topic }) => known.has(topic))
  }, 'the topics exist')
  await admin.disconnect()
}

async function register(ids: readonly string[]): Promise<void> {
  const value = (platformId: string): Platform => ({
    platformId,
    name: platformId,
    mode: 'enforce',
    contacts: [],
    registeredAt: '2026-11-24T07:00:00Z',
  })
  await publisher.publish(
    ...ids.map((id) => ({ topic: Topics.platforms, key: id, id: `pf_${id}`, value: value(id) })),
  )
}

/** One message on each partition of each platform. Returns what is to arrive. */
async function say(ids: readonly string[], word: string): Promise<string[]> {
  const producer = testKafka().producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const message = (messageId: string): MessageIn => ({
    messageId,
    accountId: 'a',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    text: word,
  })
  const partitions = [0, 1, 2, 3]
  await producer.sendBatch({
    topicMessages: ids.map((id) => ({
      topic: platformTopicName('messages', id),
      messages: partitions.map((partition) => ({
        partition,
        value: JSON.stringify(message(`${word}-${partition}`)),
      })),
    })),
  })
  await producer.disconnect()
  return ids.flatMap((id) => partitions.map((partition) => `${id} ${word}-${partition}`))
}

const missing = (expected: readonly string[]): string[] => expected.filter((one) => !got.has(one))

const old = Array.from({ length: 200 }, (_, i) => `${prefix}-${i}`)

beforeAll(async () => {
  await new TopicsAdmin(env, logger).createMissing()
  await createTopics(old)
  await register(old)
  await Promise.all([startMember(), startMember()])
})

afterAll(async () => {
  await publisher.onApplicationShutdown()
  for (const member of members) {
    member.removeAllListeners('exit')
    member.kill('SIGCONT')
    member.kill('SIGTERM')
    if (member.exitCode === null) await new Promise((resolve) => member.on('exit', resolve))
  }
  const admin = testKafka().admin()
  await admin.connect()
  const mine = (await admin.listTopics()).filter((topic) => topic.includes(`.${prefix}-`))
  await admin.deleteTopics({ topics: mine, timeout: 60_000 })
  await unregister(mine)
  await admin.disconnect()
})

/** Other tests on the same broker are not to wait for these platforms. */
async function unregister(topics: readonly string[]): Promise<void> {
  const last = new Publisher(env, 'enforcement', logger)
  const ids = new Set(topics.map((topic) => topic.split('.')[2]!))
  await last.publish(
    ...[...ids].map((id) => ({ topic: Topics.platforms, key: id, id: `pf_${id}`, value: null })),
  )
  await last.onApplicationShutdown()
}

describe('two instances, 200 platforms', () => {
  it('consume each platform of a burst of 50, and go on with the others', async () => {
    const burst = Array.from({ length: 50 }, (_, i) => `${prefix}-b${i}`)
    await createTopics(burst)
    const expected = [...(await say(burst, 'first')), ...(await say(old, 'meanwhile'))]
    await register(burst)
    await until(() => missing(expected).length === 0, 'everything of the burst arrives', 60_000)
  })

  it('lose nothing when one is stopped for 40 s during a burst', async () => {
    const [, stopped] = members
    const burst = Array.from({ length: 50 }, (_, i) => `${prefix}-c${i}`)
    await createTopics(burst)
    stopped!.kill('SIGSTOP')
    const start = Date.now()
    await register(burst)
    const early = [...(await say(burst, 'stopped')), ...(await say(old, 'stopped'))]
    await until(() => missing(early).length === 0, 'everything arrives while one is stopped', 60_000)
    await until(() => Date.now() - start > 40_000, 'it was stopped for 40 s', 60_000)
    stopped!.kill('SIGCONT')
    const late = [...(await say(burst, 'awake')), ...(await say(old, 'awake'))]
    await until(() => missing(late).length === 0, 'everything arrives after it woke', 60_000)
    expect(missing([...early, ...late])).toEqual([])
  })
})
