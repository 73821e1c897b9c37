import { randomBytes } from 'node:crypto'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Notice } from '#libs/contracts/notice'
import { aNotice, aPlatform } from './a-notice.fixture.js'
import { DeliveryBench, startHookSink, startMailSink, until } from './delivery-bench.fixture.js'
import { expandNotice, webhookDestination } from './expand-notice.rules.js'

const HOUR = 3_600_000

let bench: DeliveryBench
let stops: (() => Promise<void>)[] = []

beforeEach(async () => {
  bench = await DeliveryBench.start()
})
afterEach(async () => {
  await bench.stop()
  await Promise.all(stops.map((stop) => stop()))
  stops = []
})

async function register(url: string): Promise<void> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  await bench.webhooks.put('p1', url, { sealed: bench.box.seal(secret, 'p1'), until: null })
}

async function give(ids: readonly string[], now = Date.now()): Promise<void> {
  const known = { platform: aPlatform({ contacts: [] }), hasWebhook: true, operatorsEmail: '' }
  for (const noticeId of ids) {
    const over: Partial<Notice> = {
      noticeId,
      addressee: { kind: 'platform', platformId: 'p1' },
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 96 * HOUR).toISOString(),
    }
    const expanded = expandNotice(aNotice(over), known, 'Weir <weir@weir.example>', new Date(now))
    const { deliveries, content } = expanded
    await bench.notices.keep([{ _id: noticeId, createdAt: new Date(now), plan: deliveries, content }], [])
    await bench.deliveries.add(deliveries)
  }
}

/** A server that does to each connection what `treat` says, once a request has begun. */
async function startRawServer(treat: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.once('data', () => treat(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

/** Writes again and again, as long as there is somebody. */
function drip(socket: Socket, text: string | Buffer): void {
  const timer = setInterval(() => socket.write(text), 5)
  socket.on('close', () => clearInterval(timer))
}

const mailPort = async (): Promise<number> => {
  const mail = await startMailSink()
  stops.push(() => mail.stop())
  return mail.port
}

describe('an attempt ends, whatever its receiver does', () => {
  const TREATMENTS: [string, (socket: Socket) => void, string][] = [
    [
      'it changes to another protocol',
      (socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      'http-status',
    ],
    ['it says 101 without a protocol', (socket) => socket.write('HTTP/1.1 101 Odd\r\n\r\n'), ''],
    ['it never answers', () => undefined, 'timeout'],
    ['it hangs up', (socket) => socket.end(), 'unreachable'],
    ['it resets', (socket) => socket.resetAndDestroy(), 'unreachable'],
    ['it says nothing but 1xx', (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'timeout'],
    ['it says 100 for ever', (socket) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n'), 'timeout'],
    ['its status line trickles', (socket) => drip(socket, 'H'), ''],
    [
      'its headers trickle',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n')
        drip(socket, 'x: y\r\n')
      },
      '',
    ],
    [
      'its headers have no end',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}`),
      'unreachable',
    ],
    [
      'its answer trickles',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        drip(socket, '1\r\nx\r\n')
      },
      'accepted',
    ],
    [
      'its answer has no end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n')
        drip(socket, Buffer.alloc(100_000))
      },
      'accepted',
    ],
    ['it speaks something else', (socket) => socket.write('220 mail.example ESMTP\r\n'), 'unreachable'],
  ]

  it.each(TREATMENTS)('%s', async (_name, treat, outcome) => {
    await register(await startRawServer(treat))
    await give(['nt_1'])
    // Only what ends by time has little of it: the machine may be slow.
    const timeoutMs = ['timeout', ''].includes(outcome) ? 300 : 60_000
    bench.dispatcher(await mailPort(), { timeoutMs })
    await until(async () => (await bench.all())[0]!.attempts.length === 1)
    const [delivery] = await bench.all()
    expect(delivery!.lease).toBeNull()
    if (outcome !== '') expect(delivery!.attempts[0]!.outcome).toBe(outcome)
  })

  it('and its slot is free then, also where a channel forgets to end', async () => {
    const hook = await startHookSink()
    stops.push(() => hook.stop())
    await register(hook.url)
    await give(['nt_1', 'nt_2', 'nt_3'])
    const dispatcher = bench.dispatcher(await mailPort(), { attemptMs: 100, perDestination: 1 })
    const senders = (dispatcher as unknown as { senders: { webhook: { send: unknown } } }).senders
    senders.webhook.send = () => new Promise(() => undefined)
    await until(async () => (await bench.all()).every(({ attempts }) => attempts[0]?.outcome === 'timeout'))
  })
})

describe('a webhook that has failed for a day', () => {
  it('is tried once an hour; notices are held, and all are sent when it is back', async () => {
    let now = Date.now()
    let status = 500
    const hook = await startHookSink((_hook, response) => void response.writeHead(status).end())
    stops.push(() => hook.stop())
    await register(hook.url)
    await give(['nt_1'], now)
    bench.dispatcher(await mailPort(), { now: () => new Date(now) })
    await until(async () => (await bench.webhooks.get('p1'))!.failingSince !== null)
    expect(await bench.webhooks.unwell()).toEqual({ failing: 1, disabled: 0, gone: 0 })

    now += 24 * HOUR
    await until(async () => (await bench.webhooks.get('p1'))!.disabledAt !== null)
    expect(await bench.webhooks.unwell()).toEqual({ failing: 0, disabled: 1, gone: 0 })
    // Notices of now are planned for it as ever.
    expect(await bench.webhooks.inUse(['p1'])).toEqual(new Set(['p1']))
    await give(['nt_2', 'nt_3', 'nt_4', 'nt_5', 'nt_6'], now)

    const waitsForProbe = async (): Promise<boolean> => {
      const { probeAt } = (await bench.webhooks.get('p1'))!
      const all = await bench.all()
      return (
        probeAt!.getTime() > now &&
        all.every(({ lease, nextAttemptAt }) => !lease && nextAttemptAt!.getTime() > now)
      )
    }
    await until(waitsForProbe)
    for (let hours = 0; hours < 3; hours++) {
      const before = hook.hooks.length
      now += HOUR
      await until(async () => hook.hooks.length > before && (await waitsForProbe()))
      expect(hook.hooks.length).toBe(before + 1)
    }
    const tries = (await bench.all()).reduce((sum, delivery) => sum + delivery.tries, 0)
    expect(tries).toBe(hook.hooks.length)

    status = 204
    now += HOUR
    await until(async () => (await bench.all()).every(({ state }) => state === 'delivered'))
    expect(await bench.webhooks.get('p1')).toMatchObject({
      failingSince: null,
      disabledAt: null,
      probeAt: null,
    })
  })

  it('is in use again by a PUT, and what waits is sent', async () => {
    let now = Date.now()
    const dead = await startHookSink((_hook, response) => void response.writeHead(500).end())
    const live = await startHookSink()
    stops.push(
      () => dead.stop(),
      () => live.stop(),
    )
    await register(dead.url)
    await give(['nt_1'], now)
    bench.dispatcher(await mailPort(), { now: () => new Date(now) })
    await until(async () => (await bench.webhooks.get('p1'))!.failingSince !== null)
    now += 25 * HOUR
    await until(async () => (await bench.webhooks.get('p1'))!.disabledAt !== null)
    await give(['nt_2'], now)
    await register(live.url)
    await bench.deliveries.hasten(webhookDestination('p1'), new Date(now))
    await until(async () => (await bench.all()).every(({ state }) => state === 'delivered'))
    expect(new Set(live.hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
  })

  it('is tried at once at the new address, also what somebody was at when that came', async () => {
    const now = new Date()
    await give(['nt_1'], now.getTime())
    const ids = (await bench.all()).map(({ _id }) => _id)
    const [held] = await bench.deliveries.claim(ids, now, 60_000)
    await bench.deliveries.hasten(webhookDestination('p1'), now)
    await bench.deliveries.hold(held!, new Date(now.getTime() + HOUR))
    expect((await bench.all())[0]).toMatchObject({ lease: null, nextAttemptAt: now })
  })

  it('loses what expires meanwhile, and nothing else', async () => {
    let now = Date.now()
    const hook = await startHookSink((_hook, response) => void response.writeHead(500).end())
    stops.push(() => hook.stop())
    await register(hook.url)
    await give(['nt_1'], now)
    bench.dispatcher(await mailPort(), { now: () => new Date(now) })
    await until(async () => (await bench.webhooks.get('p1'))!.failingSince !== null)
    now += 95 * HOUR
    await until(async () => (await bench.webhooks.get('p1'))!.disabledAt !== null)
    await give(['nt_2'], now)
    now += 2 * HOUR
    await until(async () => (await bench.all()).some(({ state }) => state === 'expired'))
    expect((await bench.all()).map(({ noticeId, state }) => [noticeId, state]).sort()).toEqual([
      ['nt_1', 'expired'],
      ['nt_2', 'pending'],
    ])
  })
})
