import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { SPEC_POLICY } from '../account-world.fixture.js'
import { headStart, heavier, weightOf, type Urgency } from './case-priority.rules.js'

const HOUR = 3_600_000
const urgency: fc.Arbitrary<Urgency> = fc.record({
  severity: fc.integer({ min: 1, max: 4 }),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  followers: fc.option(fc.nat(2_000_000_000)),
  risk: fc.double({ min: 0, max: 1, noNaN: true }),
  tipOffs: fc.nat(10_000),
  waiting: fc.boolean(),
})
const day = fc.integer({ min: 0, max: 60 * 24 }).map((hours) => new Date(Date.UTC(2026, 0, 1) + hours * HOUR))
const weight = fc
  .tuple(day, urgency, fc.constantFrom('fraud', 'hate'), fc.constantFrom('zh', 'en', null))
  .map(([at, facts, category, language]) => weightOf(at, { ...facts, category, language }, SPEC_POLICY))

describe('the priority of a case', () => {
  it('rises with severity, reach, confidence, risk, tip-offs and with somebody who waits', () => {
    fc.assert(
      fc.property(urgency, (facts) => {
        const start = headStart(facts)
        expect(headStart({ ...facts, severity: Math.min(4, facts.severity + 1) })).toBeGreaterThanOrEqual(
          start,
        )
        expect(headStart({ ...facts, followers: (facts.followers ?? 0) * 10 })).toBeGreaterThanOrEqual(start)
        expect(headStart({ ...facts, tipOffs: facts.tipOffs * 2 })).toBeGreaterThanOrEqual(start)
        expect(headStart({ ...facts, risk: 1 })).toBeGreaterThanOrEqual(start)
        expect(headStart({ ...facts, score: 1 })).toBeGreaterThanOrEqual(start)
        expect(headStart({ ...facts, waiting: true })).toBeGreaterThanOrEqual(start)
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('puts severity before reach, confidence and risk together, and who waits before all', () => {
    const least = { score: 0, followers: null, risk: 0, tipOffs: 0, waiting: false }
    const most = { score: 1, followers: 8e9, risk: 1, tipOffs: 1e9, waiting: false }
    for (const severity of [2, 3, 4]) {
      expect(headStart({ ...least, severity })).toBeGreaterThan(
        headStart({ ...most, tipOffs: 0, severity: severity - 1 }),
      )
    }
    expect(headStart({ ...least, severity: 1, waiting: true })).toBeGreaterThan(
      headStart({ ...most, severity: 4 }),
    )
  })

  it('orders by age and head start at any time, though nothing is rewritten', () => {
    fc.assert(
      fc.property(day, urgency, day, urgency, fc.nat(1_000), (atA, a, atB, b, hours) => {
        const now = Date.UTC(2026, 3, 1) + hours * HOUR
        const pressing = (at: Date, facts: Urgency) => now - at.getTime() + headStart(facts)
        const since = (at: Date, facts: Urgency) =>
          weightOf(at, { ...facts, category: 'fraud', language: null }, SPEC_POLICY).urgentSince.getTime()
        expect(Math.sign(since(atA, a) - since(atB, b))).toBe(Math.sign(pressing(atB, b) - pressing(atA, a)))
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('is the same in whatever order its entries come', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 6 }), (weights) => {
        const forwards = weights.reduce((a, b) => heavier(a, b)!)
        const backwards = weights.reduceRight((a, b) => heavier(a, b)!)
        expect(backwards).toEqual(forwards)
        expect(heavier(forwards, weights[0]!)).toEqual(forwards)
        expect(forwards.dueAt).toEqual(new Date(Math.min(...weights.map(({ dueAt }) => dueAt.getTime()))))
      }),
      { numRuns: propertyRuns() },
    )
  })
})
