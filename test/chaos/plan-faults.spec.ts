import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PlannedFault, planFaults } from './plan-faults.js'

const KINDS = ['a', 'b', 'c', 'd', 'e']
const plan = (seed: number, count: number): PlannedFault[] => {
  const faults = planFaults(seed, KINDS)
  return Array.from({ length: count }, () => faults.next().value as PlannedFault)
}

describe('the plan of faults', () => {
  it('is the same for the same seed, and has every kind before any comes again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.integer({ min: 1, max: 5 }), (seed, rounds) => {
        const faults = plan(seed, rounds * KINDS.length)
        expect(plan(seed, rounds * KINDS.length)).toEqual(faults)
        for (let at = 0; at < faults.length; at += KINDS.length)
          expect(new Set(faults.slice(at, at + KINDS.length).map(({ kind }) => kind)).size).toBe(KINDS.length)
      }),
    )
  })

  it('is another for another seed', () => {
    const orders = Array.from({ length: 20 }, (_, seed) => plan(seed, 5).map(({ kind }) => kind))
    expect(new Set(orders.map(String)).size).toBeGreaterThan(10)
  })
})
