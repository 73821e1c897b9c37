import { Controller, Get, Module } from '@nestjs/common'
import { getConnectionToken } from '@nestjs/mongoose'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import type { Connection } from 'mongoose'
import { randomBytes } from 'node:crypto'
import { Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Public } from '../auth/roles.decorator.js'
import { dressApp, fastifyAdapter } from '../bootstrap.js'
import { readEnv, ServiceEnv } from '../env.js'
import { createLogger } from '../logger.js'
import { RuntimeModule } from '../runtime.module.js'
import { ENV } from '../tokens.js'
import { Instances } from './instances.js'
import { InstanceStore } from './instances.store.js'
import { SharedThrottle } from './shared-throttle.js'
import { SpendingStore } from './spending.store.js'

const LIMIT = 100
/** A window counts when so many asked in it. */
const PRESSED = 150

@Public()
@Controller('things')
class ThingController {
  @Get('open')
  open() {
    return {}
  }
}

@Module({ imports: [RuntimeModule.forService('ingestion', ServiceEnv)], controllers: [ThingController] })
class ThingModule {}

/** What the limiters of all instances said in a window of the clock that they share. */
interface Seen {
  asked: number
  passed: number
  /** An instance could not ask the database, in time, and gave its even share. */
  alone: boolean
}

interface Running {
  readonly app: NestFastifyApplication
  readonly port: number
  readonly instances: Instances
}

const suffix = `_${randomBytes(6).toString('hex')}`
const seen = new Map<number, Seen>()
const running: Running[] = []

async function start(): Promise<Running> {
  const env = readEnv(ServiceEnv, {
    ...process.env,
    LOG_LEVEL: 'silent',
    MONGODB_SUFFIX: suffix,
    RATE_LIMIT_PER_SECOND: String(LIMIT),
  })
  const testing = await Test.createTestingModule({ imports: [ThingModule] })
    .overrideProvider(ENV)
    .useValue(env)
    .compile()
  const app = testing.createNestApplication<NestFastifyApplication>(fastifyAdapter(env), { logger: false })
  const guide = { description: '', tags: {} }
  await dressApp(app, { service: 'ingestion', guide }, createLogger('ingestion', 'silent'))
  const instances = app.get(Instances)
  watch(app.get(SharedThrottle), instances)
  await app.listen(0, '127.0.0.1')
  return { app, port: (app.getHttpServer().address() as AddressInfo).port, instances }
}

function watch(throttle: SharedThrottle, instances: Instances): void {
  const take = throttle.take.bind(throttle)
  throttle.take = (window, now) => {
    const taken = take(window, now)
    const { reachable, settled } = instances.company()
    const noted = seen.get(window.endsAt) ?? { asked: 0, passed: 0, alone: false }
    if (taken.outcome !== 'waits') noted.asked++
    if (taken.outcome === 'passes') noted.passed++
    if (!reachable || !settled) noted.alone = true
    seen.set(window.endsAt, noted)
    return taken
  }
}

const statusOf = (port: number, agent: Agent) =>
  new Promise<{ status: number; retryAfter: string | undefined }>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/v1/things/open', agent }, (answer) => {
      answer
        .resume()
        .on('end', () => resolve({ status: answer.statusCode!, retryAfter: answer.headers['retry-after'] }))
    }).on('error', reject)
  })

/** Sends 1 000 requests, some 250 a second, each to the next of `ports`, over one connection to each. */
async function press(
  ports: readonly number[],
): Promise<{ status: number; retryAfter: string | undefined }[]> {
  const agents = ports.map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
  const answers: ReturnType<typeof statusOf>[] = []
  for (let n = 0; n < 1_000; n++) {
    answers.push(statusOf(ports[n % ports.length]!, agents[n % ports.length]!))
    if (n % 10 === 9) await sleep(40)
  }
  const all = await Promise.all(answers)
  for (const agent of agents) agent.destroy()
  return all
}

/** The windows in which more was asked than may pass, after sending until there are some. */
async function pressedWindows(ports: readonly number[]): Promise<Seen[]> {
  for (let round = 0; round < 10; round++) {
    // Of a window that an earlier round has pressed, the rest says nothing.
    const { instances } = running[0]!
    await sleep(1_000 - (instances.now() % 1_000))
    seen.clear()
    const answers = await press(ports)
    const passed = [...seen.values()].reduce((sum, window) => sum + window.passed, 0)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(passed)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.every(({ status, retryAfter }) => status === 429 && retryAfter === '1')).toBe(true)
    const pressed = [...seen.values()].filter(({ asked, alone }) => asked >= PRESSED && !alone)
    if (pressed.length >= 2) return pressed
  }
  throw new Error('this machine is too slow to ask often enough')
}

beforeAll(async () => {
  running.push(await start(), await start())
  const both = { instances: 2, settled: true, reachable: true }
  await vi.waitFor(() => expect(running.map(({ instances }) => instances.company())).toEqual([both, both]), {
    timeout: 60_000,
    interval: 200,
  })
})

afterAll(async () => {
  await running[0]!.app.get<Connection>(getConnectionToken()).dropDatabase()
  for (const { app } of running) await app.close()
})

it('a caller whose requests are spread over two instances gets its limit once', async () => {
  for (const { passed } of await pressedWindows(running.map(({ port }) => port))) {
    expect(passed).toBeGreaterThanOrEqual(0.8 * LIMIT)
    expect(passed).toBeLessThanOrEqual(1.2 * LIMIT)
  }
})

it('a caller on one connection to one of two instances gets its limit, too', async () => {
  for (const { passed } of await pressedWindows([running[1]!.port])) {
    expect(passed).toBeGreaterThanOrEqual(0.8 * LIMIT)
    expect(passed).toBeLessThanOrEqual(1.2 * LIMIT)
  }
})

it('one that died is no longer counted, nor one that has signed off', async () => {
  const [first, second] = running as [Running, Running]
  const instances = first.app.get<Connection>(getConnectionToken()).collection('instances')
  const store = first.app.get(InstanceStore)
  await instances.insertOne({ _id: 'died' as never, seenAt: new Date(first.instances.now() - 9_000) })
  expect((await store.look()).count).toBe(2)
  await instances.insertOne({ _id: 'late' as never, seenAt: new Date(first.instances.now() - 4_000) })
  expect((await store.look()).count).toBe(3)
  await instances.deleteOne({ _id: 'late' as never })
  await second.app.close()
  running.pop()
  expect((await store.look()).count).toBe(1)
})

it('an account of spending is paid off by time, at the rate that it is told', async () => {
  const store = running[0]!.app.get(SpendingStore)
  expect(await store.add('p1', 1_000, 0)).toBe(1_000)
  expect(await store.add('p1', 500, 0)).toBe(1_500)
  expect(await store.add('p2', 30, 0)).toBe(30)
  await sleep(5)
  // A thousand a millisecond pay all that was owed before.
  expect(await store.add('p1', 7, 60_000_000)).toBe(7)
})
