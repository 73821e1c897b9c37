import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DeadLetterBudget } from '../kafka/dead-letter-budget.js'
import { SharedSpending } from './shared-spending.js'

const RATE = 60_000
const STEP = RATE / 50
const LARGEST = 5_000
const START = 1_700_000_000_000

/** Instances that read one platform, and the account that they share, which is paid off by `world.now`. */
function readers(count: number) {
  const world = { now: START, reachable: true, calls: 0 }
  let account = { owed: 0, at: START }
  const store = {
    add: async (_platform: string, bytes: number, perMinute: number) => {
      world.calls++
      if (!world.reachable) throw new Error('away')
      const paid = ((world.now - account.at) * perMinute) / 60_000
      account = { owed: Math.max(0, account.owed - paid) + bytes, at: world.now }
      return account.owed
    },
  }
  const all = Array.from({ length: count }, () => {
    const others = {
      company: () => ({ instances: count, settled: true, reachable: world.reachable }),
      lost: () => undefined,
    }
    const shared = new SharedSpending(others, store)
    const budget = new DeadLetterBudget(RATE, () => shared.share())
    /** Keeps a letter, if it may; says how much that was. */
    const keep = async (bytes: number): Promise<number> => {
      if (budget.admit('p', world.now) > 0) return 0
      budget.spend('p', bytes, world.now)
      const owed = await shared.spent('p', bytes, RATE)
      if (owed !== undefined) budget.settle('p', owed, world.now)
      return bytes
    }
    return { shared, budget, keep }
  })
  return { all, world }
}

const arrivals = fc.array(
  fc.record({
    reader: fc.nat({ max: 5 }),
    wait: fc.integer({ min: 0, max: 300 }),
    bytes: fc.integer({ min: 1, max: LARGEST }),
  }),
  { minLength: 100, maxLength: 200, size: 'max' },
)

it('over any time all instances keep no more than one may, and what each had not told yet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), arrivals, async (count, some) => {
      const { all, world } = readers(count)
      const kept: { at: number; bytes: number }[] = []
      for (const { reader, wait, bytes } of some) {
        world.now += wait
        kept.push({ at: world.now, bytes: await all[reader % count]!.keep(bytes) })
      }
      for (let i = 0; i < kept.length; i++) {
        const sum = kept.slice(i).reduce((sums, { bytes }) => sums + bytes, 0)
        const ms = kept.at(-1)!.at - kept[i]!.at
        // A minute's worth is held, and each may be a step and a batch ahead of what the others know.
        const ahead = count * (LARGEST + STEP)
        expect(sum).toBeLessThanOrEqual(RATE + (ms * RATE) / 60_000 + ahead)
      }
    }),
    { numRuns: 200 },
  )
}, 120_000)

it('instances that flood all the time keep, in an hour, what one of them may', async () => {
  for (const count of [1, 2, 5]) {
    const { all, world } = readers(count)
    let sum = 0
    for (; world.now < START + 3_600_000; world.now += 500)
      for (const { keep } of all) sum += await keep(1_000)
    expect(sum / (60 * RATE)).toBeGreaterThan(0.8)
    expect(sum / (60 * RATE)).toBeLessThan(1.2)
  }
})

it('with the database away each earns its even part, and what was spent is told afterwards', async () => {
  const { all, world } = readers(2)
  const [one, other] = all as [(typeof all)[0], (typeof all)[0]]
  world.reachable = false
  one.budget.spend('p', RATE + 1_000, START)
  expect(await one.shared.spent('p', RATE + 1_000, RATE)).toBeUndefined()
  expect(one.budget.admit('p', START)).toBe(2_000)
  world.reachable = true
  expect(one.budget.admit('p', START)).toBe(1_000)
  expect(await one.shared.spent('p', 10, RATE)).toBe(RATE + 1_010)
  expect(await other.shared.spent('p', STEP, RATE)).toBe(RATE + 1_010 + STEP)
})

it('who spends little asks nobody', async () => {
  const { all, world } = readers(2)
  for (let i = 0; i < 10; i++) expect(await all[0]!.shared.spent('p', STEP / 20, RATE)).toBeUndefined()
  expect(world.calls).toBe(0)
})
