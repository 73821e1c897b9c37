import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readEnv, ServiceEnv } from '#libs/runtime/env'
import { createKafka } from '#libs/runtime/kafka/kafka-client'
import { createLogger } from '#libs/runtime/logger'
import { freePort } from './free-port.js'
import { spawnGuarded } from './guarded-process.js'
import { isAlive } from './is-alive.js'
import { startLocalStack } from './local-stack.js'
import type { LocalStack, LocalStackOptions } from './local-stack.js'
import { startParent, withoutServers } from './parent.fixture.js'
import { builtFile } from './service-process.js'
import { startTemporaryStack } from './temporary-stack.js'

const GONE = { timeout: 30_000, interval: 100 }
const untilGone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), GONE)

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function topicsOf(stack: LocalStack, create: string[] = []): Promise<string[]> {
  const env = readEnv(ServiceEnv, { KAFKA_BROKERS: stack.kafkaBrokers })
  const admin = createKafka(env, 'test', createLogger('test', 'silent')).admin()
  await admin.connect()
  if (create.length > 0)
    await admin.createTopics({ topics: create.map((topic) => ({ topic })), waitForLeaders: true })
  const topics = await admin.listTopics()
  await admin.disconnect()
  return topics
}

async function markersOf(stack: LocalStack, insert?: string): Promise<string[]> {
  const client = new mongoose.mongo.MongoClient(stack.mongoUri)
  const markers = client.db('stack_test').collection<{ _id: string }>('markers')
  if (insert !== undefined) await markers.insertOne({ _id: insert }, { writeConcern: { w: 'majority' } })
  const found = await markers.find().toArray()
  await client.close()
  return found.map(({ _id }) => _id)
}

describe('the local stack', () => {
  let dataDir: string
  const stacks: LocalStack[] = []
  const start = async (options: Partial<LocalStackOptions> = {}) => {
    const own = { dataDir, kafkaPort: 'free', mongoPort: 'free', alwaysOwn: true } as const
    const stack = await startLocalStack({ ...own, ...options })
    stacks.push(stack)
    return stack
  }
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'weir-test-'))
  })
  afterEach(async () => {
    await Promise.all(stacks.splice(0).map((stack) => stack.stop()))
    await rm(dataDir, { recursive: true })
  })

  it('runs twice at once, each with data of its own', async () => {
    const [one, other] = await Promise.all([
      start({ dataDir: join(dataDir, 'one') }),
      start({ dataDir: join(dataDir, 'other') }),
    ])
    expect(await topicsOf(one, ['only-here'])).toContain('only-here')
    expect(await markersOf(one, 'only-here')).toEqual(['only-here'])
    expect(await topicsOf(other)).toEqual([])
    expect(await markersOf(other)).toEqual([])
  })

  it('comes back with its data: each server after kill -9, and all of it on other ports', async () => {
    const stack = await start()
    await topicsOf(stack, ['kept'])
    await markersOf(stack, 'kept')
    const before = [stack.kafka!.pid, stack.mongo!.pid]
    for (const server of [stack.kafka!, stack.mongo!]) {
      server.kill('SIGKILL')
      await server.start()
    }
    expect([stack.kafka!.pid, stack.mongo!.pid]).not.toEqual(before)
    expect(await topicsOf(stack)).toContain('kept')
    expect(await markersOf(stack)).toEqual(['kept'])

    await stack.stop()
    const again = await start()
    expect(again.kafkaBrokers).not.toBe(stack.kafkaBrokers)
    expect(await topicsOf(again)).toContain('kept')
    expect(await markersOf(again)).toEqual(['kept'])
  })

  it('does not call a stopped server failed, but one that ends by itself', async () => {
    const stack = await start()
    const failures: string[] = []
    stack.mongo!.onUnexpectedEnd((error) => failures.push(error.message))
    await stack.mongo!.stop()
    await stack.mongo!.start()
    expect(failures).toEqual([])
    process.kill(stack.mongo!.pid, 'SIGKILL')
    await vi.waitFor(() => expect(failures).toEqual(['MongoDB ended by itself (SIGKILL).']))
  })

  it('leaves no server when its parent is killed with -9, and the next one removes the data', async () => {
    const parent = await startParent(`
      const { startTemporaryStack } = await import(folder + 'temporary-stack.js')
      const { kafka, mongo } = await startTemporaryStack()
      say([process.pid, kafka.pid, mongo.pid])
    `)
    const [owner, kafka, mongo] = parent.said as [number, number, number]
    expect([owner, kafka, mongo].map(isAlive)).toEqual([true, true, true])
    const data = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith(`weir-stack-${owner}-`))
    expect(await data()).toHaveLength(1)
    parent.kill('SIGKILL')
    await Promise.all([owner, kafka, mongo].map(untilGone))

    const next = await startTemporaryStack()
    await next.stop()
    expect(await data()).toEqual([])
  })

  it('uses servers that the environment names, and leaves them alone', async () => {
    const { kafka, mongo, kafkaBrokers, mongoUri, stop } = await start({ alwaysOwn: false })
    expect({ kafka, mongo, kafkaBrokers, mongoUri }).toEqual({
      kafka: null,
      mongo: null,
      kafkaBrokers: process.env.KAFKA_BROKERS,
      mongoUri: process.env.MONGODB_URI,
    })
    await stop()
    expect(await topicsOf({ kafkaBrokers } as LocalStack)).toBeInstanceOf(Array)
  })

  describe('in the foreground', () => {
    const runStack = (env: NodeJS.ProcessEnv) =>
      spawnGuarded(process.execPath, [builtFile('libs/testing/run-stack.js')], {
        env: { ...withoutServers(), WEIR_DATA_DIR: dataDir, ...env },
      })

    it('says in one sentence which port is taken, and picks no other', async () => {
      const port = await freePort()
      const squatter = await listen(port)
      const stack = runStack({ WEIR_KAFKA_PORT: String(port), WEIR_MONGO_PORT: String(await freePort()) })
      expect(await stack.exited).toEqual({ code: 1, signal: null })
      expect(stack.output()).toBe(
        `weir: Port ${port} of 127.0.0.1, for Kafka, is taken by another program: ` +
          'end that one, or choose another port with WEIR_KAFKA_PORT.\n',
      )
      squatter.close()
    })

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      'ends with code 0 on %s, its ports free again',
      async (signal) => {
        const [kafkaPort, mongoPort] = [await freePort(), await freePort()]
        const stack = runStack({ WEIR_KAFKA_PORT: String(kafkaPort), WEIR_MONGO_PORT: String(mongoPort) })
        await vi.waitFor(() => expect(stack.output()).toContain('stack ready'), {
          timeout: 60_000,
          interval: 100,
        })
        stack.kill(signal)
        expect(await stack.exited).toEqual({ code: 0, signal: null })
        for (const port of [kafkaPort, mongoPort]) {
          const server = createServer().listen(port, '127.0.0.1')
          await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
          server.close()
        }
      },
    )
  })
})
