import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyWindow, LeasedWindows } from './leased-windows.js'
import type { Company } from './window-share.rules.js'

const WINDOW_MS = 1_000
const BEAT_MS = 2_000
const VALID_MS = 5_000
const LIVE_MS = 8_000

/** An instance as far as limits go: what it counts, and what it knows of the others. */
interface Member {
  readonly windows: LeasedWindows
  readonly knownSince: number
  seenAt: number
  count: number
}

/** Instances around one database whose answers come when the test says so, if ever. */
class World {
  now = 1_700_000_000_000
  readonly members: Member[] = []
  /** The last sign of life of everybody that ever was. */
  private readonly signs = new Map<Member, number>()
  private readonly asked = new Map<number, number>()
  private readonly answers: (() => void)[] = []
  /** The oracle: what has passed in each window, over all. */
  readonly passed = new Map<number, number>()

  constructor(private readonly limit: number) {}

  join(): void {
    const member = { windows: new LeasedWindows(), knownSince: this.now, seenAt: this.now, count: 0 }
    this.members.push(member)
    this.beat(member)
  }

  die(at: number): void {
    if (this.members.length > 1) this.members.splice(at % this.members.length, 1)
  }

  wait(ms: number): void {
    this.now += ms
    for (const member of this.members) if (this.now - member.seenAt >= BEAT_MS) this.beat(member)
  }

  /** One request; says what became of it. A lease is asked for, and answered by `answer`. */
  request(at: number): string {
    const member = this.members[at % this.members.length]!
    const endsAt = (Math.floor(this.now / WINDOW_MS) + 1) * WINDOW_MS
    const window: KeyWindow = { key: 'k', endsAt, limit: this.limit }
    const { outcome, lease } = member.windows.take(window, this.now, this.companyOf(member))
    if (lease > 0) {
      const total = (this.asked.get(endsAt) ?? 0) + lease
      this.asked.set(endsAt, total)
      this.answers.push(() => member.windows.leased(window, lease, total, this.companyOf(member)))
    }
    if (outcome === 'passes') this.passed.set(endsAt, (this.passed.get(endsAt) ?? 0) + 1)
    return outcome
  }

  /** One of the leases that are under way is answered. */
  answer(which: number): void {
    if (this.answers.length > 0) this.answers.splice(which % this.answers.length, 1)[0]!()
  }

  /** As a service does: it waits for the answer, and takes again. */
  requestWithAnswer(at: number): string {
    for (;;) {
      const outcome = this.request(at)
      this.answer(0)
      if (outcome !== 'waits') return outcome
    }
  }

  private beat(member: Member): void {
    this.signs.set(member, this.now)
    member.seenAt = this.now
    member.count = [...this.signs.values()].filter((at) => at > this.now - LIVE_MS).length
  }

  private companyOf({ count, seenAt, knownSince }: Member): Company {
    const settled = this.now - seenAt < VALID_MS && this.now - knownSince > VALID_MS
    return { instances: count, settled, reachable: true }
  }
}

function worldOf(limit: number, instances: number): World {
  const world = new World(limit)
  for (let i = 0; i < instances; i++) world.join()
  // Until all know of all.
  for (let i = 0; i < 4; i++) world.wait(BEAT_MS)
  return world
}

const nth = fc.nat({ max: 100 })
const event = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      what: fc.constant('request' as const),
      nth,
      times: fc.integer({ min: 1, max: 80 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('answer' as const),
      nth,
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      nth: fc.nat({ max: 400 }),
      times: fc.constant(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      nth: fc.nat({ max: 3_000 }),
      times: fc.constant(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constantFrom('die' as const, 'join' as const),
      nth,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
)
const limits = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 30, max: 400 }))
const sizes = fc.integer({ min: 1, max: 6 })

describe('windows that instances lease', () => {
  it('let no more than 1.2 times the limit pass, whoever asks, dies or joins, and whenever answers come', () => {
    fc.assert(
      fc.property(limits, sizes, fc.array(event, { maxLength: 120 }), (limit, instances, events) => {
        const world = worldOf(limit, instances)
        for (const { what, nth: n, times } of events) {
          for (let i = 0; i < times; i++) {
            if (what === 'request') world.request(n)
            if (what === 'answer') world.answer(n)
            if (what === 'wait') world.wait(n)
            if (what === 'die') world.die(n)
            if (what === 'join') world.join()
          }
        }
        expect(Math.max(0, ...world.passed.values())).toBeLessThanOrEqual(1.2 * limit)
      }),
    )
  })

  it('let no more pass while several join at once, and each is asked for all that it lets pass', () => {
    const turn = fc.record({
      joins: fc.nat({ max: 4 }),
      deaths: fc.nat({ max: 2 }),
      ms: fc.nat({ max: 2_500 }),
    })
    fc.assert(
      fc.property(limits, fc.array(turn, { minLength: 1, maxLength: 8 }), (limit, turns) => {
        const world = worldOf(limit, 1)
        for (const { joins, deaths, ms } of turns) {
          for (let i = 0; i < joins; i++) world.join()
          for (let at = world.members.length - 1; at >= 0; at--)
            while (world.requestWithAnswer(at) === 'passes');
          for (let i = 0; i < deaths; i++) world.die(i)
          world.wait(ms)
        }
        expect(Math.max(0, ...world.passed.values())).toBeLessThanOrEqual(1.2 * limit)
      }),
    )
  })

  it('never refuse who asks for half of the limit, however the requests are spread and whoever dies', () => {
    const turns = fc.array(fc.record({ nth, dies: fc.nat({ max: 200 }) }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(limits, sizes, turns, (limit, instances, spread) => {
        const world = worldOf(limit, instances)
        const asked = Math.floor(limit / 2)
        for (let window = 0; window < 3; window++) {
          world.wait(WINDOW_MS - (world.now % WINDOW_MS))
          for (let n = 0; n < asked; n++) {
            const { nth: at, dies } = spread[n % spread.length]!
            if (dies === n && window === 1) world.die(at)
            expect(world.requestWithAnswer(at)).toBe('passes')
            world.wait(Math.floor(((n + 1) * 900) / asked) - Math.floor((n * 900) / asked))
          }
        }
      }),
    )
  })

  it('let between 0.8 and 1.2 times the limit pass to who asks for three times as much, however unevenly spread', () => {
    const weights = fc.array(fc.constantFrom(0, 1, 1, 4, 20), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 400 }), weights, fc.integer(), (limit, given, seed) => {
        const places = given.flatMap((weight, at) => Array<number>(weight).fill(at))
        fc.pre(places.length > 0)
        const world = worldOf(limit, given.length)
        world.wait(WINDOW_MS - (world.now % WINDOW_MS))
        const endsAt = world.now + WINDOW_MS
        let drawn = Math.abs(seed)
        for (let n = 0; n < 3 * limit; n++) {
          drawn = (drawn * 48_271 + 11) % 2_147_483_647
          world.requestWithAnswer(places[drawn % places.length]!)
          world.wait(Math.floor(((n + 1) * 990) / (3 * limit)) - Math.floor((n * 990) / (3 * limit)))
        }
        expect(world.passed.get(endsAt)).toBeGreaterThanOrEqual(0.8 * limit)
        expect(world.passed.get(endsAt)).toBeLessThanOrEqual(1.2 * limit)
      }),
    )
  })

  it('let what one instance has alone pass to the last, where the database cannot be asked', () => {
    fc.assert(
      fc.property(limits, sizes, (limit, instances) => {
        const windows = Array.from({ length: instances }, () => new LeasedWindows())
        const company = { instances, settled: true, reachable: false }
        const window = { key: 'k', endsAt: 1_000, limit }
        const passed = windows.map((one) => {
          const outcomes = Array.from({ length: limit + 1 }, () => one.take(window, 0, company).outcome)
          return outcomes.filter((outcome) => outcome === 'passes').length
        })
        expect(Math.min(...passed)).toBeGreaterThan(0)
        const all = passed.reduce((sum, some) => sum + some, 0)
        expect(all).toBeLessThanOrEqual(Math.max(limit, instances))
        expect(all).toBeGreaterThan(limit - instances)
      }),
    )
  })

  it('keep keys apart, and no more of them than they may, the oldest forgotten', () => {
    const company = { instances: 1, settled: true, reachable: false }
    const windows = new LeasedWindows(10)
    const take = (key: string, endsAt: number) =>
      windows.take({ key, endsAt, limit: 1 }, endsAt - 1, company).outcome
    expect([take('a', 1_000), take('a', 1_000), take('b', 1_000)]).toEqual(['passes', 'refused', 'passes'])
    for (let i = 0; i < 1_000; i++) take(`made up ${i}`, 1_000)
    expect(windows.size).toBe(10)
    // What is over makes room for what comes.
    for (let i = 0; i < 10; i++) take(`later ${i}`, 2_000)
    expect(windows.size).toBe(10)
    for (let i = 0; i < 4; i++) take(`last ${i}`, 9_000)
    expect(windows.size).toBe(6)
  })
})
