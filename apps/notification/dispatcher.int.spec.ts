import { simpleParser } from 'mailparser'
import { createHash, randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notice } from '#libs/contracts/notice'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { DeliveryBench, startHookSink, startMailSink, until } from './delivery-bench.fixture.js'
import { expandNotice } from './expand-notice.rules.js'
import { publicOnlyLookup } from './resolve-public-host.js'

const HOUR = 3_600_000
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

let bench: DeliveryBench
let stops: (() => Promise<void>)[] = []

/** Stops with the test. */
function own<T extends { stop: () => Promise<void> }>(part: T): T {
  stops.push(() => part.stop())
  return part
}

beforeEach(async () => {
  bench = await DeliveryBench.start()
})
afterEach(async () => {
  await bench.stop()
  await Promise.all(stops.map((stop) => stop()))
  stops = []
})

async function registerHook(platformId: string, url: string, secret = newSecret()): Promise<string> {
  await bench.webhooks.put(platformId, url, { sealed: bench.box.seal(secret, platformId), until: null })
  return secret
}

/** Keeps notices and their deliveries, as the consumer does. */
async function give(notices: Notice[], to: { hasWebhook?: boolean; emails?: string[] }): Promise<void> {
  const contacts = (to.emails ?? []).map((email) => ({ name: 'x', email }))
  const known = { platform: aPlatform({ contacts }), hasWebhook: to.hasWebhook ?? false, operatorsEmail: '' }
  const expanded = notices.map((notice) => ({
    notice,
    ...expandNotice(notice, known, 'Weir <weir@weir.example>', new Date(0)),
  }))
  await bench.notices.keep(
    expanded.map(({ notice, deliveries, content }) => ({
      _id: notice.noticeId,
      createdAt: new Date(notice.createdAt),
      plan: deliveries,
      content,
    })),
    [],
  )
  await bench.deliveries.add(expanded.flatMap(({ deliveries }) => deliveries))
}

function fresh(noticeId: string, over: Partial<Notice> = {}): Notice {
  const now = Date.now()
  return aNotice({
    noticeId,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 96 * HOUR).toISOString(),
    ...over,
  })
}

const many = (count: number, over: Partial<Notice> = {}) =>
  Array.from({ length: count }, (_, i) => fresh(`nt_${over.addressee?.platformId ?? ''}${i}`, over))
const allFinal = async () => (await bench.all()).every(({ state }) => state !== 'pending')
const statesOf = async () => Object.groupBy(await bench.all(), ({ state }) => state)

describe('sending', () => {
  it('takes each mail to its address and each webhook, signed, to its URL, and logs it without content', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    const secret = await registerHook('p1', hook.url)
    await give([fresh('nt_1')], { emails: ['a@p1.example', 'b@p1.example'], hasWebhook: true })
    bench.dispatcher(mail.port)
    await until(allFinal)

    expect(mail.mails.map(({ to }) => to).sort()).toEqual([['a@p1.example'], ['b@p1.example']])
    const parsed = await simpleParser(mail.mails[0]!.raw)
    expect(parsed.text).toContain('The message asks for a fee in advance.')

    const [received] = hook.hooks
    const body = new Webhook(secret).verify(received!.body, received!.headers as Record<string, string>)
    expect(body).toMatchObject({
      type: 'notice.measure_ordered',
      data: { noticeId: 'nt_1', accountId: 'acc-9' },
    })

    const all = await bench.all()
    expect(all.find(({ channel }) => channel === 'webhook')!._id).toBe(received!.headers['webhook-id'])
    for (const delivery of all) {
      expect(delivery).toMatchObject({ state: 'delivered', lease: null, nextAttemptAt: null, tries: 1 })
      expect(delivery.attempts).toEqual([
        {
          at: expect.any(Date) as Date,
          outcome: 'accepted',
          statusCode: delivery.channel === 'email' ? 250 : 204,
          durationMs: expect.any(Number) as number,
        },
      ])
    }
  })

  it('signs with both secrets after a rotation', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    const [old, current] = [newSecret(), newSecret()]
    await registerHook('p1', hook.url)
    const webhook = await bench.webhooks.get('p1')
    await bench.webhooks.replaceSecrets(webhook!, [
      { sealed: bench.box.seal(current, 'p1'), until: null },
      { sealed: bench.box.seal(old, 'p1'), until: new Date(Date.now() + HOUR) },
      { sealed: bench.box.seal(newSecret(), 'p1'), until: new Date(Date.now() - 1) },
    ])
    await give([fresh('nt_1')], { hasWebhook: true })
    bench.dispatcher(mail.port)
    await until(allFinal)
    const { body, headers } = hook.hooks[0]!
    expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2)
    for (const secret of [old, current]) new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(() => new Webhook(newSecret()).verify(body, headers as Record<string, string>)).toThrow()
  })

  it('sends each once though three dispatchers run', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    await registerHook('p1', hook.url)
    await give(many(120), { emails: ['a@p1.example'], hasWebhook: true })
    for (let i = 0; i < 3; i++) bench.dispatcher(mail.port)
    await until(allFinal)
    expect(hook.hooks).toHaveLength(120)
    expect(new Set(hook.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(120)
    expect(mail.mails).toHaveLength(120)
    expect((await statesOf()).delivered).toHaveLength(240)
  })

  it('does not let an endpoint that never answers hold up the others', async () => {
    const mail = own(await startMailSink())
    const dead = own(await startHookSink(() => undefined))
    const live = own(await startHookSink())
    await registerHook('dead', dead.url)
    await registerHook('live', live.url)
    await give(many(40, { addressee: { kind: 'platform', platformId: 'dead' } }), { hasWebhook: true })
    await give(many(40, { addressee: { kind: 'platform', platformId: 'live' } }), { hasWebhook: true })
    bench.dispatcher(mail.port, { timeoutMs: 100_000 })
    await until(() => live.hooks.length === 40)
    expect(dead.hooks.length).toBeLessThanOrEqual(4)
    dead.stop().catch(() => undefined)
    await until(async () => (await bench.all()).filter(({ state }) => state === 'delivered').length === 40)
  })
})

describe('turns', () => {
  it('are taken by destination: a long queue does not starve a short one', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    for (const name of ['long', 'short']) await registerHook(name, `${hook.url}/${name}`)
    await give(many(30, { addressee: { kind: 'platform', platformId: 'long' } }), { hasWebhook: true })
    await give(many(1, { addressee: { kind: 'platform', platformId: 'short' } }), { hasWebhook: true })
    bench.dispatcher(mail.port, { inFlight: 1 })
    await until(allFinal)
    expect(hook.hooks.findIndex(({ path }) => path === '/hook/short')).toBeLessThan(3)
  })

  it('are not given to what is past its time', async () => {
    const now = new Date()
    await give([fresh('nt_1', { expiresAt: now.toISOString() }), fresh('nt_2')], { emails: ['a@p1.example'] })
    const due = await bench.deliveries.due({ now, busy: [], after: '', limit: 10 })
    const byId = new Map((await bench.all()).map(({ _id, noticeId }) => [_id, noticeId]))
    expect(due.map(({ _id }) => byId.get(_id))).toEqual(['nt_2'])
    expect(await bench.deliveries.due({ now, busy: ['smtp'], after: '', limit: 10 })).toEqual([])
  })
})

describe('failing', () => {
  it('tries again on schedule until it is delivered, and again the same bytes', async () => {
    let now = Date.now()
    const mail = own(await startMailSink())
    const statuses = [500, 429, 302, 204]
    const hook = own(
      await startHookSink((_hook, response) => {
        const status = statuses.shift() ?? 500
        response
          .writeHead(status, { location: `${hook.url}/elsewhere`, 'retry-after': '400' })
          .end('x'.repeat(1e6))
      }),
    )
    await registerHook('p1', hook.url)
    await give([fresh('nt_1')], { hasWebhook: true })
    bench.dispatcher(mail.port, { now: () => new Date(now) })
    for (const seconds of [400, 400, 1_800]) {
      const seen = hook.hooks.length
      await until(async () => (await bench.all())[0]!.attempts.length === seen + 1)
      const [delivery] = await bench.all()
      expect(delivery!.nextAttemptAt!.getTime() - now).toBe(seconds * 1_000)
      now += seconds * 1_000
    }
    await until(allFinal)
    const [delivery] = await bench.all()
    expect(delivery!.attempts.map(({ outcome, statusCode }) => [outcome, statusCode])).toEqual([
      ['http-status', 500],
      ['http-status', 429],
      ['redirect-refused', 302],
      ['accepted', 204],
    ])
    expect(new Set(hook.hooks.map(({ path }) => path))).toEqual(new Set(['/hook']))
    expect(new Set(hook.hooks.map(({ body }) => body)).size).toBe(1)
    expect(new Set(hook.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('ends as failed after the tenth attempt', async () => {
    let now = Date.now()
    const mail = own(await startMailSink())
    const hook = own(await startHookSink((_hook, response) => void response.writeHead(500).end()))
    await registerHook('p1', hook.url)
    await give([fresh('nt_1', { expiresAt: new Date(now + 1_000 * HOUR).toISOString() })], {
      hasWebhook: true,
    })
    bench.dispatcher(mail.port, { now: () => new Date(now) })
    for (let tries = 1; tries <= 10; tries++) {
      await until(async () => (await bench.all())[0]!.attempts.length === tries)
      now += 24 * HOUR
    }
    expect((await bench.all())[0]).toMatchObject({ state: 'failed', tries: 10 })
  })

  it('stops sending to a webhook that is gone', async () => {
    const mail = own(await startMailSink())
    const hook = own(await startHookSink((_hook, response) => void response.writeHead(410).end()))
    await registerHook('p1', hook.url)
    await give([fresh('nt_1')], { hasWebhook: true })
    bench.dispatcher(mail.port)
    await until(allFinal)
    await give([fresh('nt_2')], { hasWebhook: true })
    await until(allFinal)
    expect(hook.hooks).toHaveLength(1)
    expect((await bench.all()).map(({ attempts }) => attempts[0]!.outcome).sort()).toEqual([
      'gone',
      'webhook-disabled',
    ])
    expect(await bench.webhooks.inUse(['p1'])).toEqual(new Set())
  })

  it('takes a 5xx for a recipient as final and a 4xx as for now', async () => {
    const mail = own(
      await startMailSink({
        onRcptTo: ({ address }, _session, done) => {
          const code = address.startsWith('nobody') ? 550 : address.startsWith('busy') ? 450 : 0
          done(code ? Object.assign(new Error('no'), { responseCode: code }) : null)
        },
      }),
    )
    const emails = ['nobody@p1.example', 'busy@p1.example', 'a@p1.example']
    await give([fresh('nt_1')], { emails: [...emails, 'a,b@p1.example'] })
    bench.dispatcher(mail.port)
    await until(async () => (await bench.all()).every(({ attempts }) => attempts.length === 1))
    const outcome = Object.fromEntries(
      (await bench.all()).map((one) => [one.address ?? '', [one.state, one.attempts[0]!.outcome]]),
    )
    expect(outcome).toEqual({
      'nobody@p1.example': ['failed', 'refused'],
      'busy@p1.example': ['pending', 'smtp-status'],
      'a@p1.example': ['delivered', 'accepted'],
      'a,b@p1.example': ['failed', 'bad-address'],
    })
  })

  it('expires what was not delivered in time, and does not send it any more', async () => {
    let now = Date.now()
    const mail = own(await startMailSink())
    const hook = own(await startHookSink((_hook, response) => void response.writeHead(500).end()))
    await registerHook('p1', hook.url)
    await give([fresh('nt_1', { expiresAt: new Date(now + 1_000).toISOString() })], { hasWebhook: true })
    bench.dispatcher(mail.port, { now: () => new Date(now) })
    await until(async () => (await bench.all())[0]!.attempts.length === 1)
    now += 2_000
    await until(allFinal)
    expect((await bench.all())[0]).toMatchObject({ state: 'expired' })
    expect(hook.hooks).toHaveLength(1)
  })

  it('connects to no private address, whatever the name says', async () => {
    const mail = own(await startMailSink())
    const hook = own(await startHookSink())
    await registerHook('p1', `http://hooks.example.com:${hook.port}/`)
    await give([fresh('nt_1')], { hasWebhook: true })
    const lookup = publicOnlyLookup((_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]))
    bench.dispatcher(mail.port, { lookup })
    await until(async () => (await bench.all())[0]!.attempts.length === 1)
    expect((await bench.all())[0]!.attempts[0]).toMatchObject({
      outcome: 'forbidden-address',
      statusCode: null,
    })
    expect(hook.hooks).toHaveLength(0)
  })

  it('connects to no private address written in the URL', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    await registerHook('p1', hook.url)
    await give([fresh('nt_1')], { hasWebhook: true })
    bench.dispatcher(mail.port, { allowPrivate: false, lookup: publicOnlyLookup() })
    await until(async () => (await bench.all())[0]!.attempts.length === 1)
    expect((await bench.all())[0]!.attempts[0]!.outcome).toBe('forbidden-address')
    expect(hook.hooks).toHaveLength(0)
  })
})

describe('a crash', () => {
  it('between sending and noting it repeats the same bytes under the same id, and loses none', async () => {
    const [mail, hook] = [own(await startMailSink()), own(await startHookSink())]
    await registerHook('p1', hook.url)
    await give(many(30), { emails: ['a@p1.example'], hasWebhook: true })

    // The first instance sends, and from some moment on nothing of it reaches the database, as after a kill.
    let noted = 0
    const settle = bench.deliveries.settle.bind(bench.deliveries)
    bench.deliveries.settle = async (...given) => {
      if (noted++ >= 10) throw new Error('killed')
      return settle(...given)
    }
    const first = bench.dispatcher(mail.port, { leaseMs: 300 })
    await until(() => noted >= 25)
    await first.beforeApplicationShutdown()
    bench.deliveries.settle = settle

    bench.dispatcher(mail.port, { leaseMs: 5_000 })
    await until(allFinal)
    expect((await statesOf()).delivered).toHaveLength(60)
    const byHook = Map.groupBy(hook.hooks, ({ headers }) => String(headers['webhook-id']))
    const byMail = Map.groupBy(mail.mails, ({ raw }) => /^Message-ID: (.*)$/m.exec(raw.toString())?.[1] ?? '')
    expect([byHook.size, byMail.size]).toEqual([30, 30])
    expect(hook.hooks.length + mail.mails.length).toBeGreaterThan(60)
    for (const repeats of byHook.values()) expect(new Set(repeats.map(({ body }) => body)).size).toBe(1)
    for (const repeats of byMail.values())
      expect(new Set(repeats.map(({ raw }) => raw.toString())).size).toBe(1)
  })

  it('counts as an attempt, so that what ends the process is not tried for ever', async () => {
    await give([fresh('nt_1')], { emails: ['a@p1.example'] })
    const [delivery] = await bench.all()
    let now = Date.now()
    for (let i = 1; i <= 3; i++) {
      const [claimed] = await bench.deliveries.claim([delivery!._id], new Date(now), 1_000)
      expect(claimed!.tries).toBe(i)
      expect(await bench.deliveries.claim([delivery!._id], new Date(now), 1_000)).toEqual([])
      now += 1_001
    }
  })

  it('of the database is waited for', async () => {
    const mail = own(await startMailSink())
    await give([fresh('nt_1')], { emails: ['a@p1.example'] })
    const due = bench.deliveries.due.bind(bench.deliveries)
    let failures = 0
    bench.deliveries.due = async (query) => {
      if (failures++ < 3) throw new Error('away')
      return due(query)
    }
    bench.dispatcher(mail.port)
    await until(allFinal)
    expect(mail.mails).toHaveLength(1)
  })
})

describe('keeping', () => {
  it('fixes the deliveries of a notice at first sight', async () => {
    const mail = own(await startMailSink())
    await give([fresh('nt_1')], { emails: ['a@p1.example'] })
    bench.dispatcher(mail.port)
    await until(allFinal)
    const kept = await bench.notices.keep(
      [
        { _id: 'nt_1', createdAt: new Date(), plan: [], content: null },
        { _id: 'nt_2', createdAt: new Date(), plan: [], content: null },
      ],
      ['nt_1', 'nt_2'],
    )
    expect(kept.find(({ _id }) => _id === 'nt_1')!.plan.map(({ address }) => address)).toEqual([
      'a@p1.example',
    ])
    await bench.deliveries.add(kept.flatMap(({ plan }) => plan))
    expect(await bench.all()).toMatchObject([{ state: 'delivered', tries: 1 }])
  })

  it('sends again when asked to, the same bytes under the same id', async () => {
    const mail = own(await startMailSink())
    await give([fresh('nt_1')], { emails: ['a@p1.example'] })
    const dispatcher = bench.dispatcher(mail.port)
    await until(allFinal)
    const [{ _id } = { _id: '' }] = await bench.all()
    for (const id of [_id, 'nt_1']) {
      const seen = mail.mails.length
      const again = (await bench.deliveries.named(id)).map((delivery) => delivery._id)
      expect(again).toEqual([_id])
      await bench.deliveries.redeliver(again, new Date(), new Date(Date.now() + HOUR))
      dispatcher.wake()
      await until(() => mail.mails.length === seen + 1)
      await until(allFinal)
    }
    expect(new Set(mail.mails.map(({ raw }) => raw.toString())).size).toBe(1)
    expect(await bench.deliveries.named('nt_9')).toEqual([])
  })

  it('forgets text and addresses of old notices, and still knows that they were sent', async () => {
    let now = Date.now()
    const mail = own(await startMailSink())
    await give([fresh('nt_1')], { emails: ['a@p1.example'] })
    const forgotten: Record<string, number> = {}
    const onForgotten = (what: string, count: number) => {
      forgotten[what] = (forgotten[what] ?? 0) + count
    }
    // Two instances, whose clock is moved while they run.
    bench.dispatcher(mail.port, { now: () => new Date(now), onForgotten })
    bench.dispatcher(mail.port, { now: () => new Date(now), onForgotten })
    await until(allFinal)
    now += 32 * 24 * HOUR
    await until(async () => (await bench.all())[0]!.address === null)
    await until(async () => (await bench.notices.contents(['nt_1'])).size === 0)
    const again = { _id: 'nt_1', createdAt: new Date(), plan: await bench.all(), content: null }
    expect(await bench.notices.keep([again], ['nt_1'])).toMatchObject([{ plan: [], content: null }])
    const digest = createHash('sha256').update('a@p1.example').digest('hex')
    expect(await bench.all()).toMatchObject([{ state: 'delivered', address: null, addressSha256: digest }])
    await until(async () => Promise.resolve(forgotten['notice'] === 1 && forgotten['address'] === 1))
    const kept = await Promise.all(
      ['notices', 'deliveries'].map((name) => bench.connection.collection(name).find({}).toArray()),
    )
    expect(JSON.stringify(kept)).not.toMatch(/a@p1|reasons|subject/)
  })

  it('pages through deliveries, newest first, each once', async () => {
    const notices = many(25).map((notice, i) => ({
      ...notice,
      createdAt: new Date(Date.UTC(2026, 10, 1, 0, i >> 2)).toISOString(),
    }))
    await give(notices, { emails: ['a@p1.example'] })
    const seen: string[] = []
    let after: { createdAt: Date; id: string } | null = null
    for (;;) {
      const found = await bench.deliveries.list({ state: 'pending' }, after, 7)
      const shown = found.slice(0, 7)
      seen.push(...shown.map(({ noticeId }) => noticeId))
      if (found.length <= 7) break
      after = { createdAt: shown.at(-1)!.createdAt, id: shown.at(-1)!._id }
    }
    expect(seen).toHaveLength(25)
    expect(new Set(seen).size).toBe(25)
    const times = seen.map((id) => notices.find(({ noticeId }) => noticeId === id)!.createdAt)
    expect(times).toEqual([...times].sort().reverse())
  })
})
