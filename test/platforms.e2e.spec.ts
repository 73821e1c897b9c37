import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceProcess } from '#libs/testing/service-process'
import { LONG } from '#libs/testing/property-runs.fixture'
import { sleep, tell } from './faults/bench.js'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

/** What the promise is stated for takes a minute and a half; CI has less. */
const OLD = LONG ? 200 : 30
const BURST = LONG ? 50 : 8
const STOPPED_MS = LONG ? 40_000 : 16_000
const WITHIN_SECONDS = 60
const PARTITIONS = [0, 1, 2, 3]

let system: WeirSystem
let second: ServiceProcess
let passed: OutsideRecord[]
const sent = new Set<string>()
const ids = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}-${i}`)
const old = ids('old', OLD)

beforeAll(async () => {
  system = await WeirSystem.start()
  second = await system.startAnother('ingestion')
  passed = await system.follow('weir.messages.v1')
  await registerAll(old)
  await say(old)
  await eventually('the old platforms are consumed', () => missing().length === 0, 120)
})
afterAll(() => system.stop())

/** Registers platforms at once, eight requests at a time. */
async function registerAll(names: readonly string[]): Promise<void> {
  const waiting = [...names]
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift())
      expect(await system.register(id)).toMatchObject({ status: 201 })
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** One message on each partition of each platform. */
async function say(names: readonly string[]): Promise<void> {
  const records = names.flatMap((id) =>
    PARTITIONS.map((partition) => {
      const messageId = `m-${sent.size}`
      sent.add(`${id} ${messageId}`)
      const value = {
        messageId,
        accountId: 'a',
        visibility: 'public',
        sentAt: new Date().toISOString(),
        text: 'Hello.',
      }
      return { topic: `weir.in.${id}.messages.v1`, partition, value }
    }),
  )
  await system.produceAt(records)
}

let read = 0
const arrived = new Map<string, { platformId: string; pause: number; at: number }>()
function missing(): string[] {
  for (; read < passed.length; read++) {
    const record = passed[read]!
    const { platformId, messageId, receivedAt } =
      jsonOf<Record<'platformId' | 'messageId' | 'receivedAt', string>>(record)
    const key = `${platformId} ${messageId}`
    const pause = record.seenAt - Date.parse(receivedAt)
    if (!arrived.has(key)) arrived.set(key, { platformId, pause, at: record.seenAt })
  }
  return [...sent].filter((key) => !arrived.has(key))
}

/** Registers a burst while the old platforms go on, and says how long everything took. */
async function burst(name: string, meanwhile: () => Promise<void>) {
  const start = Date.now()
  const fresh = ids(name, BURST)
  let ticking = true
  const ticks = (async () => {
    while (ticking) {
      await say(old)
      await sleep(500)
    }
  })()
  await registerAll(fresh)
  const registered = Date.now()
  await say(fresh)
  await eventually(
    'everything of the burst is consumed',
    () => missing().every((key) => !fresh.some((id) => key.startsWith(`${id} `))),
    WITHIN_SECONDS,
  )
  const consumedMs = Date.now() - registered
  await meanwhile()
  ticking = false
  await ticks
  await eventually('everything is consumed', () => missing().length === 0, WITHIN_SECONDS)
  const pauses = [...arrived.values()].filter(({ platformId, at }) => old.includes(platformId) && at >= start)
  return {
    registerMs: registered - start,
    consumedMs,
    messagesOfOld: pauses.length,
    longestPauseOfOldMs: Math.max(...pauses.map(({ pause }) => pause)),
  }
}

describe(`${BURST} platforms registered at once beside ${OLD}, two instances of ingestion`, () => {
  const timeout = 600_000
  it('are consumed while the others go on', { timeout }, async () => {
    const facts = await burst('both', () => Promise.resolve())
    tell('burst', facts)
    expect(missing()).toEqual([])
  })

  it(`are consumed within ${WITHIN_SECONDS} s while one instance stands still`, { timeout }, async () => {
    second.kill('SIGSTOP')
    const stopped = Date.now()
    const facts = await burst('one', async () => {
      await sleep(Math.max(0, stopped + STOPPED_MS - Date.now()))
      second.kill('SIGCONT')
    })
    tell('burst with one stopped', { stoppedMs: STOPPED_MS, ...facts })
    expect(missing()).toEqual([])
    await system.drained([...old, ...ids('both', BURST), ...ids('one', BURST)], 120)
    const byId = new Map<string, Set<string>>()
    for (const { headers, value } of passed)
      byId.set(headers['ce_id']!, (byId.get(headers['ce_id']!) ?? new Set()).add(value!.toString()))
    expect([...byId.values()].filter((contents) => contents.size > 1)).toEqual([])
    // By message, not by record: a producer that hears no answer sends again.
    expect(arrived.size).toBe(sent.size)
  })
})
