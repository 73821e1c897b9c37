import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common'
import { getConnectionToken } from '@nestjs/mongoose'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import type { Connection } from 'mongoose'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { Text } from '#libs/contracts/fields'
import { signLocalToken } from '../auth/local-token.js'
import { Roles } from '../auth/roles.decorator.js'
import { dressApp, fastifyAdapter } from '../bootstrap.js'
import { readEnv, ServiceEnv } from '../env.js'
import { Health } from '../health/health.js'
import { createLogger } from '../logger.js'
import { RuntimeModule } from '../runtime.module.js'
import { ENV } from '../tokens.js'
import { AnswerStore } from './answer.store.js'
import { Idempotent, RequestId } from './idempotency.js'
import { conflict } from './problem.js'

class Order {
  @Text(20, 1) what!: string
}

/** What the handler did: the id that it derived from, and what was asked. */
const done: [requestId: string, what: string][] = []
let behave: (what: string) => Promise<void> = async () => undefined

@Roles('moderator')
@Controller('orders')
class OrderController {
  @Post()
  @HttpCode(202)
  @Idempotent()
  async order(@Body() order: Order, @RequestId() requestId: string) {
    await behave(order.what)
    done.push([requestId, order.what])
    return { number: done.length }
  }

  @Post('empty')
  @HttpCode(204)
  @Idempotent()
  async nothing(@RequestId() requestId: string) {
    done.push([requestId, ''])
  }
}

@Module({ imports: [RuntimeModule.forService('ingestion', ServiceEnv)], controllers: [OrderController] })
class OrderModule {}

let keys: string
let app: NestFastifyApplication
let connection: Connection
let tokens: Record<'ann' | 'bob', string>

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'weir-keys-'))
  const env = readEnv(ServiceEnv, {
    ...process.env,
    LOCAL_KEY_DIR: keys,
    LOG_LEVEL: 'silent',
    MONGODB_SUFFIX: `_${randomBytes(6).toString('hex')}`,
  })
  const testing = await Test.createTestingModule({ imports: [OrderModule] })
    .overrideProvider(ENV)
    .useValue(env)
    .compile()
  app = testing.createNestApplication<NestFastifyApplication>(fastifyAdapter(env), { logger: false })
  await dressApp(
    app,
    { service: 'ingestion', guide: { description: '', tags: {} } },
    createLogger('ingestion', 'silent'),
  )
  await app.init()
  connection = app.get<Connection>(getConnectionToken())
  await vi.waitFor(async () => expect(await app.get(Health).report()).toMatchObject({ status: 'up' }), {
    timeout: 60_000,
  })
  tokens = {
    ann: await signLocalToken(keys, { roles: ['moderator'], subject: 'ann' }),
    bob: await signLocalToken(keys, { roles: ['moderator'], subject: 'bob' }),
  }
})

afterAll(async () => {
  await connection.dropDatabase()
  await app.close()
  await rm(keys, { recursive: true })
})

beforeEach(async () => {
  done.length = 0
  behave = async () => undefined
  await connection.collection('idempotency').deleteMany({})
})

async function order(key: string | undefined, what: string, who: 'ann' | 'bob' = 'ann', url = '/v1/orders') {
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: {
      authorization: `Bearer ${tokens[who]}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    payload: { what },
  })
  return {
    status: answer.statusCode,
    body: answer.body === '' ? undefined : answer.json<object>(),
    headers: answer.headers,
  }
}

it('a repeat has one effect and gives the same answer', async () => {
  const first = await order('k1', 'tea')
  const second = await order('k1', 'tea')
  expect(first).toMatchObject({ status: 202, body: { number: 1 } })
  expect(second).toMatchObject({
    status: 202,
    body: { number: 1 },
    headers: { 'idempotency-replayed': 'true' },
  })
  expect(done).toHaveLength(1)
})

it('an answer without a body is repeated too', async () => {
  const answers = [
    await order('k1', 'x', 'ann', '/v1/orders/empty'),
    await order('k1', 'x', 'ann', '/v1/orders/empty'),
  ]
  expect(answers.map(({ status, body }) => [status, body])).toStrictEqual([
    [204, undefined],
    [204, undefined],
  ])
  expect(done).toHaveLength(1)
})

it('the same key with another body is a 422', async () => {
  await order('k1', 'tea')
  expect(await order('k1', 'milk')).toMatchObject({ status: 422, body: { type: 'idempotency-key-reused' } })
  expect(done.map(([, what]) => what)).toStrictEqual(['tea'])
})

it('keys of another caller, and other routes, have nothing to do with it', async () => {
  await order('k1', 'tea')
  await order('k1', 'milk', 'bob')
  await order('k1', 'x', 'ann', '/v1/orders/empty')
  expect(new Set(done.map(([id]) => id)).size).toBe(3)
})

it('without a key every request has an id and an effect of its own', async () => {
  await order(undefined, 'tea')
  await order(undefined, 'tea')
  expect(new Set(done.map(([id]) => id)).size).toBe(2)
})

it('of twenty at once one runs, and the others are told so', async () => {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  behave = () => gate
  const all = Array.from({ length: 20 }, () => order('k1', 'tea'))
  let settled = 0
  for (const one of all) void one.then(() => settled++)
  await vi.waitFor(() => expect(settled).toBe(19))
  open()
  const statuses = (await Promise.all(all)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 202)).toHaveLength(1)
  expect(statuses.filter((status) => status === 409)).toHaveLength(19)
  expect(done).toHaveLength(1)
  expect(await order('k1', 'tea')).toMatchObject({ status: 202, body: { number: 1 } })
})

it('what was refused may be tried again under the same key', async () => {
  behave = async () => {
    throw conflict('not-now', 'Not now.')
  }
  expect(await order('k1', 'tea')).toMatchObject({ status: 409, body: { type: 'not-now' } })
  behave = async () => undefined
  expect(await order('k1', 'tea')).toMatchObject({ status: 202 })
})

it('a process that dies before its answer leaves the same request id to the retry, after its lease', async () => {
  const store = app.get(AnswerStore)
  const keep = vi.spyOn(store, 'keep').mockRejectedValueOnce(new Error('died'))
  expect(await order('k1', 'tea')).toMatchObject({ status: 202 })
  keep.mockRestore()
  expect(await order('k1', 'tea')).toMatchObject({ status: 409, body: { type: 'in-progress' } })
  await connection.collection('idempotency').updateMany({}, { $set: { leaseEndsAt: new Date(0) } })
  expect(await order('k1', 'tea')).toMatchObject({ status: 202 })
  expect(await order('k1', 'tea')).toMatchObject({ status: 202, body: { number: 2 } })
  expect(done).toHaveLength(2)
  expect(done[0]).toStrictEqual(done[1])
})

it('who lost the lease can neither keep nor release', async () => {
  const store = app.get(AnswerStore)
  const first = await store.claim('id', 'digest')
  await connection.collection('idempotency').updateMany({}, { $set: { leaseEndsAt: new Date(0) } })
  const second = await store.claim('id', 'digest')
  if (first.kind !== 'claimed' || second.kind !== 'claimed') throw new Error('both claim')
  await store.keep('id', first.lease, 200, { wrong: true })
  await store.release('id', first.lease)
  expect(await store.claim('id', 'digest')).toStrictEqual({ kind: 'running' })
  await store.keep('id', second.lease, 200, { right: true })
  expect(await store.claim('id', 'digest')).toStrictEqual({
    kind: 'answered',
    status: 200,
    body: { right: true },
  })
})

it.each(['', 'a b', 'ü', 'x'.repeat(201)])('a malformed key is a 400: "%s"', async (key) => {
  expect(await order(key, 'tea')).toMatchObject({ status: 400, body: { type: 'bad-idempotency-key' } })
  expect(done).toHaveLength(0)
})

it('answers are forgotten by an index, a day after', async () => {
  const indexes = await connection.collection('idempotency').indexes()
  expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }))
  await order('k1', 'tea')
  const kept = await connection.collection<{ expiresAt: Date }>('idempotency').findOne({})
  expect((kept!.expiresAt.getTime() - Date.now()) / 3_600_000).toBeCloseTo(24, 1)
})
