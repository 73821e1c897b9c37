import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { Platform } from '#libs/contracts/platform'
import { Clock } from '#libs/runtime/clock'
import type { OutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import type { Batch, InRecord } from '#libs/runtime/kafka/batch'
import type { Notice } from '#libs/contracts/notice'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { delivered, hopeless } from './attempt.rules.js'
import { NotificationEnv } from './config.js'
import { DeliveryBench, startHookSink, startMailSink, until } from './delivery-bench.fixture.js'
import { KeepNotices } from './keep-notices.js'
import type { KnownPlatforms } from './known-platforms.js'
import { RedeliverNotice } from './redeliver-notice.js'
import { ReportDeliveries } from './report-deliveries.js'

const HOUR = 3_600_000
const env = new NotificationEnv()

let bench: DeliveryBench
let platforms: Map<string, Platform>
let published: OutRecord<DeliveryReport>[]
let brokerIsAway: boolean
let reports: ReportDeliveries

const known = {
  ready: Promise.resolve(),
  get: (id: string) => platforms.get(id),
  mayStillCome: () => false,
} as unknown as KnownPlatforms
const wakes = { wake: () => undefined } as never

beforeEach(async () => {
  bench = await DeliveryBench.start()
  platforms = new Map([['p1', aPlatform({ contacts: [] })]])
  published = []
  brokerIsAway = false
  const publisher = {
    publish: (...records: OutRecord<DeliveryReport>[]) => {
      published.push(...records)
      return brokerIsAway ? Promise.reject(new Error('killed')) : Promise.resolve()
    },
  } as unknown as Publisher
  reports = new ReportDeliveries(bench.deliveries, publisher, env, pino({ level: 'silent' }))
})
afterEach(() => bench.stop())

async function keep(...notices: Notice[]): Promise<void> {
  const keeping = new KeepNotices(bench.notices, bench.deliveries, bench.webhooks, known, new Clock(), env)
  const batch: Batch<Notice> = {
    topic: 'weir.notices.v1',
    platformId: null,
    records: notices.map((value) => ({ value }) as InRecord<Notice>),
    deadLetter: () => expect.unreachable(),
    heartbeat: () => Promise.resolve(),
  }
  await keeping.keep(batch)
}

const redelivery = () => new RedeliverNotice(bench.deliveries, wakes, bench.webhooks, known, new Clock(), env)
const intent = (noticeId = 'nt_1') => {
  const now = Date.now()
  return aNotice({
    noticeId,
    template: 'ban-intended',
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + HOUR).toISOString(),
  })
}
const told = () => published.map(({ value }) => [value!.channel, value!.state, value!.deliveries])

describe('what became of notices', () => {
  it('is told of one that had nowhere to go, of every kind, and that is no error', async () => {
    await keep(intent(), aNotice({ noticeId: 'nt_2' }))
    await reports.report()
    expect(told()).toEqual([
      ['none', 'failed', 1],
      ['none', 'failed', 1],
    ])
    expect(published[0]).toMatchObject({
      key: 'platform/p1',
      value: { noticeId: 'nt_1', template: 'ban-intended' },
    })
    await reports.report()
    expect(published).toHaveLength(2)
  })

  it('is told again to the byte when the broker had it and nobody noted it', async () => {
    await keep(intent())
    brokerIsAway = true
    await expect(reports.report()).rejects.toThrow('killed')
    brokerIsAway = false
    await reports.report()
    expect(published).toHaveLength(2)
    expect(published[1]).toEqual(published[0])
  })

  it('is delivered on a 2xx and a 250, failed on a refusal, expired past its time', async () => {
    platforms.set('p1', aPlatform())
    const [mail, hook] = [await startMailSink(), await startHookSink()]
    const sealed = bench.box.seal(`whsec_${Buffer.alloc(32).toString('base64')}`, 'p1')
    await bench.webhooks.put('p1', hook.url, { sealed, until: null })
    await keep(intent())
    await keep({ ...intent('nt_old'), expiresAt: new Date(Date.now() - 1).toISOString() })
    bench.dispatcher(mail.port)
    await until(async () => (await bench.all()).every(({ state }) => state !== 'pending'))
    await reports.report()
    expect(told().sort()).toEqual([
      ['email', 'delivered', 2],
      ['email', 'expired', 2],
      ['webhook', 'delivered', 2],
      ['webhook', 'expired', 2],
    ])
    await Promise.all([mail.stop(), hook.stop()])
  })

  it('is delivered where one instance gave up what another one, too slow for its lease, had brought over', async () => {
    platforms.set('p1', aPlatform())
    await keep(intent())
    const [delivery] = await bench.all()
    const [claimed] = await bench.deliveries.claim([delivery!._id], new Date(), HOUR)
    const at = new Date()
    const attempt = (outcome: string) => ({ at, outcome, statusCode: null, durationMs: 1 })
    const failed = { ...hopeless('refused'), state: 'failed' as const, nextAttemptAt: null }
    await bench.deliveries.settle(
      claimed!,
      attempt('refused'),
      { state: failed.state, nextAttemptAt: null },
      at,
    )
    const arrived = { state: delivered(250).kind as 'delivered', nextAttemptAt: null }
    await bench.deliveries.settle(claimed!, attempt('accepted'), arrived, at)
    await reports.report()
    expect(told().map(([, state]) => state)).toEqual(['failed', 'delivered'])
  })
})

describe('a platform that gets an address later', () => {
  it('is told when somebody asks for it', async () => {
    await keep(intent())
    await expect(redelivery().redeliver('nt_1')).rejects.toMatchObject({ slug: 'no-address' })
    platforms.set('p1', aPlatform())
    const [id] = await redelivery().redeliver('nt_1')
    expect((await bench.all()).find(({ _id }) => _id === id)).toMatchObject({
      channel: 'email',
      state: 'pending',
      of: 2,
    })
    await expect(redelivery().redeliver('nt_1')).rejects.toMatchObject({ slug: 'already-pending' })
  })

  it('is told at once, and of an intended ban also where the webhook before it failed', async () => {
    await keep(intent(), aNotice({ noticeId: 'nt_2' }))
    const old = { ...aNotice({ noticeId: 'nt_3' }), expiresAt: new Date(Date.now() - 1).toISOString() }
    await keep({ ...intent('nt_4') }, old)
    await bench.webhooks.put('p1', 'https://p1.example/', { sealed: '', until: null })
    await redelivery().makeUp('p1', { again: true })
    const pending = async () =>
      (await bench.all()).filter(({ state }) => state === 'pending').map(({ noticeId }) => noticeId)
    expect((await pending()).sort()).toEqual(['nt_1', 'nt_4'])
    for (const { _id } of (await bench.all()).filter(({ state }) => state === 'pending')) {
      const [claimed] = await bench.deliveries.claim([_id], new Date(), HOUR)
      const attempt = { at: new Date(), outcome: 'gone', statusCode: 410, durationMs: 1 }
      await bench.deliveries.settle(claimed!, attempt, { state: 'failed', nextAttemptAt: null }, new Date())
    }
    expect(await pending()).toEqual([])
    await redelivery().makeUp('p1', { again: true })
    expect((await pending()).sort()).toEqual(['nt_1', 'nt_4'])
  })
})
