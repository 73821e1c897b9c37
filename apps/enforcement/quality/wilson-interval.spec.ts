import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { proportionOf } from './wilson-interval.js'

describe('the score interval of Wilson (1927)', () => {
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i of %i is that of Newcombe (1998), table I', (right, n, low, high) => {
    const found = proportionOf(right, n)
    expect(found.low).toBeCloseTo(low, 4)
    expect(found.high).toBeCloseTo(high, 4)
  })

  it('holds what was seen, stays within 0 and 1, and mirrors what was wrong', () => {
    const counts = fc.integer({ min: 1, max: 10_000 }).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)))
    fc.assert(
      fc.property(counts, ([right, n]) => {
        const { low, high, share } = proportionOf(right, n)
        expect(low!).toBeGreaterThanOrEqual(0)
        expect(low!).toBeLessThanOrEqual(share!)
        expect(high!).toBeGreaterThanOrEqual(share!)
        expect(high!).toBeLessThanOrEqual(1)
        const wrong = proportionOf(n - right, n)
        expect(wrong.low!).toBeCloseTo(1 - high!, 9)
        expect(proportionOf(right * 4, n * 4).high! - proportionOf(right * 4, n * 4).low!).toBeLessThan(
          high! - low!,
        )
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('solves what defines it: both ends are 1.96 standard errors away', () => {
    const counts = fc
      .integer({ min: 2, max: 1_000 })
      .chain((n) => fc.tuple(fc.integer({ min: 1, max: n - 1 }), fc.constant(n)))
    fc.assert(
      fc.property(counts, ([right, n]) => {
        const { low, high, share } = proportionOf(right, n)
        for (const end of [low!, high!]) {
          expect(Math.abs(share! - end) / Math.sqrt((end * (1 - end)) / n)).toBeCloseTo(1.959964, 5)
        }
      }),
    )
  })

  it('of nothing is not known', () => {
    expect(proportionOf(0, 0)).toEqual({ n: 0, right: 0, share: null, low: null, high: null })
  })
})
