import 'reflect-metadata'
import { simpleParser } from 'mailparser'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mongoose'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Topics } from '#libs/contracts/catalogue'
import type { Notice } from '#libs/contracts/notice'
import { signLocalToken } from '#libs/runtime/auth/local-token'
import type { Role } from '#libs/runtime/auth/roles'
import { readEnv } from '#libs/runtime/env'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { localServiceEnv } from '#libs/testing/local-service-env'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { NotificationEnv } from './config.js'
import { startHookSink, startMailSink, until } from './delivery-bench.fixture.js'

/** Nothing of this run meets another run on the same servers. */
const RUN = randomUUID().slice(0, 8)
const P1 = `p1-${RUN}`
const P2 = `p2-${RUN}`
const silent = pino({ level: 'silent' })

let serviceEnv: Record<string, string>
let publisher: Publisher
let mail: Awaited<ReturnType<typeof startMailSink>>
let hook: Awaited<ReturnType<typeof startHookSink>>
let keys = ''
let service: ServiceProcess
const processes: ServiceProcess[] = []

async function start(change: Record<string, string> = {}): Promise<ServiceProcess> {
  const started = await startService('notification', { ...serviceEnv, ...change })
  processes.push(started)
  return started
}

async function register(platformId: string, ...emails: string[]): Promise<void> {
  const value = aPlatform({ platformId, contacts: emails.map((email) => ({ name: 'x', email })) })
  const id = `reg-${platformId}-${randomUUID()}`
  await publisher.publish({ topic: Topics.platforms, key: platformId, id, value })
}

function fresh(noticeId: string, platformId: string): Notice {
  const now = Date.now()
  return aNotice({
    noticeId: `${noticeId}-${RUN}`,
    addressee: { kind: 'platform', platformId },
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 86_400_000).toISOString(),
  })
}

async function tell(...notices: Notice[]): Promise<void> {
  const key = ({ addressee }: Notice) => `platform/${addressee.platformId!}`
  await publisher.publish(
    ...notices.map((value) => ({ topic: Topics.notices, key: key(value), id: value.noticeId, value })),
  )
}

interface Asker {
  role: Role
  platform?: string
}

/** `null` asks without a token. */
async function call(method: string, path: string, as: Asker | null = { role: 'admin' }, body?: unknown) {
  const token =
    as && (await signLocalToken(keys, { roles: [as.role], subject: 'test', platform: as.platform ?? P1 }))
  const response = await fetch(`${service.url}/v1${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

interface Item {
  id: string
  noticeId: string
  channel: string
  state: string
  address: string | null
}

async function listed(query: string, as?: Asker): Promise<Item[]> {
  const { body } = await call('GET', `/notices?limit=200&${query}`, as)
  return body['items'] as Item[]
}

const mailsTo = (address: string) => mail.mails.filter(({ to }) => to.includes(address))
const verify = (secret: unknown, { body, headers }: (typeof hook.hooks)[number]) =>
  new Webhook(String(secret)).verify(body, headers as Record<string, string>)

/** Ids of the deliveries of the kill test in a state. */
async function killedIn(state: string): Promise<number> {
  const options = { dbName: `weir_notification_${RUN}` }
  const connection = await createConnection(serviceEnv['MONGODB_URI']!, options).asPromise()
  const count = await connection.collection('deliveries').countDocuments({ state, noticeId: /^nt-k/ })
  await connection.close()
  return count
}

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'weir-keys-'))
  ;[mail, hook] = await Promise.all([startMailSink(), startHookSink()])
  serviceEnv = {
    ...localServiceEnv({ kafkaBrokers: process.env.KAFKA_BROKERS!, mongoUri: process.env.MONGODB_URI! }),
    KAFKA_GROUP_PREFIX: `test-${RUN}`,
    MONGODB_SUFFIX: `_${RUN}`,
    LOCAL_KEY_DIR: keys,
    SMTP_URL: `smtp://127.0.0.1:${mail.port}?ignoreTLS=true`,
    DELIVERY_POLL_MS: '50',
    LOG_LEVEL: 'warn',
  }
  const env = readEnv(NotificationEnv, serviceEnv)
  await new TopicsAdmin(env, silent).createMissing()
  publisher = new Publisher(env, 'enforcement', silent)
  await register(P1, `a@${P1}.example`, `b@${P1}.example`)
  await register(P2, `x@${P2}.example`)
  service = await start()
})

afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()))
  await publisher.onApplicationShutdown()
  await Promise.all([mail.stop(), hook.stop()])
  rmSync(keys, { recursive: true, force: true })
})

describe('the service', () => {
  it('tells a platform by mail and signed webhook, and shows what became of it', async () => {
    const put = await call('PUT', `/webhooks/${P1}`, { role: 'admin' }, { url: hook.url })
    expect(put.status).toBe(201)
    expect(put.body['secret']).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)

    const notice = fresh('nt-told', P1)
    await tell(notice)
    await until(async () => (await listed(`state=delivered&platform=${P1}`)).length === 3)
    expect(verify(put.body['secret'], hook.hooks[0]!)).toMatchObject({ data: { noticeId: notice.noticeId } })
    const parsed = await simpleParser(mailsTo(`a@${P1}.example`)[0]!.raw)
    expect(parsed.subject).toBe(
      '【Weir】对公众账号 acc-9 的措施：暂停账号 / [Weir] Measure on public account acc-9: suspend the account',
    )
    const items = await listed(`platform=${P1}`)
    expect(items.map(({ channel, address }) => `${channel} ${address}`).sort()).toEqual([
      `email a@${P1}.example`,
      `email b@${P1}.example`,
      'webhook null',
    ])
  })

  it('sends nothing again when all is replayed to a new group after a change of contacts', async () => {
    const [mails, hooks] = [mail.mails.length, hook.hooks.length]
    await register(P1, `new@${P1}.example`)
    const other = await start({ KAFKA_GROUP_PREFIX: `replay-${RUN}` })
    await until(async () => (await seenAgain(other)) === 1)
    await tell(fresh('nt-last', P1))
    await until(() => mailsTo(`new@${P1}.example`).length === 1)
    await until(async () => (await listed(`state=pending&platform=${P1}`)).length === 0)
    await other.stop()
    expect([mail.mails.length, hook.hooks.length]).toEqual([mails + 1, hooks + 1])
  })

  it('delivers each of 200 though all are killed in the midst, and repeats only byte-identically', async () => {
    const second = await start()
    await call('PUT', `/webhooks/${P2}`, { role: 'admin' }, { url: `${hook.url}/p2` })
    const sending = tell(...Array.from({ length: 200 }, (_, i) => fresh(`nt-k${i}`, P2)))
    await until(() => mailsTo(`x@${P2}.example`).length > 20)
    for (const victim of [service, second]) victim.kill('SIGKILL')
    await sending
    await service.restart()
    await until(async () => (await killedIn('delivered')) === 400)
    const hooks = Map.groupBy(
      hook.hooks.filter(({ path }) => path.endsWith('/p2')),
      ({ headers }) => String(headers['webhook-id']),
    )
    const mails = Map.groupBy(
      mailsTo(`x@${P2}.example`).map(({ raw }) => raw.toString()),
      (raw) => /^Message-ID: (.*)$/m.exec(raw)![1],
    )
    expect([hooks.size, mails.size]).toEqual([200, 200])
    for (const repeats of hooks.values()) expect(new Set(repeats.map(({ body }) => body)).size).toBe(1)
    for (const repeats of mails.values()) expect(new Set(repeats).size).toBe(1)
  }, 180_000)
})

async function seenAgain(of: ServiceProcess): Promise<number> {
  return Number(/^weir_notices_seen_again_total\S* (\d+)/m.exec(await metricsOf(of))?.[1])
}

async function metricsOf({ url }: ServiceProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

describe('the API', () => {
  it.each([
    ['GET', '/notices', 'moderator'],
    ['GET', '/notices', 'platform'],
    ['POST', '/notices/x/redeliver', 'auditor'],
    ['POST', '/notices/x/redeliver', 'platform'],
    ['PUT', '/webhooks/p1', 'auditor'],
    ['PUT', '/webhooks/p1', 'platform'],
    ['POST', '/webhooks/p1/rotate', 'senior'],
    ['GET', '/notices/templates/fallback/preview', 'platform'],
  ] as const)('%s %s is not for %s, nor for nobody', async (method, path, role) => {
    expect((await call(method, path, { role })).status).toBe(403)
    expect((await call(method, path, null)).status).toBe(401)
  })

  it.each([
    ['PUT', '/webhooks/unknown', 404, { url: 'https://hooks.example.com/' }],
    ['PUT', `/webhooks/${P1}`, 400, { url: 'https://user:pw@hooks.example.com/' }],
    ['PUT', `/webhooks/${P1}`, 400, { url: 7 }],
    ['PUT', `/webhooks/${P1}`, 400, {}],
    ['POST', '/webhooks/unknown/rotate', 404, undefined],
    ['POST', '/notices/unknown/redeliver', 404, undefined],
    ['GET', '/notices/templates/unknown/preview', 404, undefined],
    ['GET', '/notices?state=lost', 400, undefined],
    ['GET', '/notices?cursor=x', 400, undefined],
    ['GET', '/notices?cursor=WyJ4IiwieSJd', 400, undefined],
  ] as const)('%s %s: %i', async (method, path, status, body) => {
    const { status: given, body: problem } = await call(method, path, { role: 'admin' }, body)
    expect(given).toBe(status)
    expect(problem['type']).toEqual(expect.any(String))
  })

  it('sends again when asked to, under the same id', async () => {
    const item = (await listed(`platform=${P1}`)).find(({ channel }) => channel === 'webhook')!
    const seen = hook.hooks.length
    const again = await call('POST', `/notices/${item.id}/redeliver`)
    expect(again).toEqual({ status: 202, body: { deliveries: [item.id] } })
    await until(() => hook.hooks.length === seen + 1)
    const [first, second] = hook.hooks.filter(({ headers }) => headers['webhook-id'] === item.id)
    expect(second!.body).toBe(first!.body)
  })

  it('rotates a secret: both sign, and neither is kept or logged in the open', async () => {
    const put = await call('PUT', `/webhooks/${P1}`, { role: 'admin' }, { url: hook.url })
    expect(put.status).toBe(200)
    const rotated = await call('POST', `/webhooks/${P1}/rotate`)
    expect(rotated.status).toBe(200)
    const seen = hook.hooks.length
    await tell(fresh('nt-rotated', P1))
    await until(() => hook.hooks.length > seen)
    for (const answer of [put, rotated]) verify(answer.body['secret'], hook.hooks.at(-1)!)
    expect(processes.map((process) => process.output()).join('')).not.toContain(put.body['secret'])
  })

  it('previews each template in each language', async () => {
    const english = await call('GET', '/notices/templates/measure-ordered/preview?language=en')
    expect(english.body).toMatchObject({
      languages: 'en',
      subject: expect.stringContaining('acc-9') as string,
    })
    const both = await call('GET', '/notices/templates/fallback/preview')
    expect(both.body).toMatchObject({ languages: 'zh, en' })
  })

  it('counts', async () => {
    const delivered = /^weir_deliveries_total\{.*channel="email".*outcome="delivered".*\} \d+/m
    await until(async () => delivered.test(await metricsOf(service)))
    const metrics = await metricsOf(service)
    expect(metrics).toMatch(/^weir_delivery_oldest_pending_seconds/m)
  })
})
