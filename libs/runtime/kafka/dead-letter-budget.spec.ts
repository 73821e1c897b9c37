import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DeadLetterBudget } from './dead-letter-budget.js'

const RATE = 60_000
const START = 1_700_000_000_000

const arrivals = fc.array(
  fc.record({ wait: fc.integer({ min: 0, max: 20_000 }), bytes: fc.integer({ min: 1, max: 90_000 }) }),
  { maxLength: 80 },
)

it('whoever waits as told keeps, over any time, no more than its rate, one minute of it and the last letters', () => {
  fc.assert(
    fc.property(arrivals, (some) => {
      const budget = new DeadLetterBudget(RATE)
      const kept: { at: number; bytes: number }[] = []
      let now = START
      for (const { wait, bytes } of some) {
        now += wait
        for (let hold = budget.admit('p', now); hold > 0; hold = budget.admit('p', now)) now += hold
        budget.spend('p', bytes, now)
        kept.push({ at: now, bytes })
      }
      for (let i = 0; i < kept.length; i++) {
        for (let j = i; j < kept.length; j++) {
          const sum = kept.slice(i, j).reduce((all, { bytes }) => all + bytes, 0)
          const ms = kept[j]!.at - kept[i]!.at
          expect(sum).toBeLessThanOrEqual(RATE + (ms * RATE) / 60_000 + 1e-3)
        }
      }
    }),
  )
})

it('nobody waits who stays below the rate, nor longer than until the debt is paid', () => {
  const budget = new DeadLetterBudget(RATE)
  for (let second = 0; second < 600; second++) {
    budget.spend('p', 1_000, START + second * 1_000)
    expect(budget.admit('p', START + second * 1_000)).toBe(0)
  }
  budget.spend('p', 90_000, START + 600_000)
  expect(budget.admit('p', START + 600_000)).toBe(30_000)
  expect(budget.admit('p', START + 629_999)).toBe(1)
  expect(budget.admit('p', START + 630_000)).toBe(0)
})

it('who was held back is let in once at a time, until a minute has passed without debts', () => {
  const budget = new DeadLetterBudget(RATE)
  budget.spend('p', RATE + 1_000, START)
  expect(budget.admit('p', START)).toBe(1_000)
  const asked = [1_000, 1_000, 1_040, 1_100, 1_100, 60_999].map((ms) => budget.admit('p', START + ms))
  expect(asked).toEqual([0, 100, 60, 0, 100, 0])
  expect([60_000, 60_000].map((ms) => budget.admit('p', START + 1_000 + ms))).toEqual([0, 0])
})

it('one platform does not pay for another, and who is held back is told for a minute', () => {
  const budget = new DeadLetterBudget(RATE)
  budget.spend('a', 2 * RATE, START)
  budget.spend('b', 1, START)
  expect([budget.admit('a', START), budget.admit('b', START), budget.admit('c', START)]).toEqual([
    60_000, 0, 0,
  ])
  expect(budget.heldBack(START + 59_999)).toEqual(['a'])
  expect(budget.heldBack(START + 60_000)).toEqual([])
})

it('a clock that goes back earns nothing', () => {
  const budget = new DeadLetterBudget(RATE)
  budget.spend('p', 2 * RATE, START)
  budget.spend('p', 1, START - 3_600_000)
  expect(budget.admit('p', START)).toBe(60_001)
})
