import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derivedId } from '#libs/contracts/ids'
import { MEASURES } from '#libs/contracts/measures-in-force'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import { isSampled, labelOf, lotOf } from './sampling.rules.js'

const at = new Date('2026-11-24T07:00:00Z')
const aDecision = (over: Partial<DecisionRecord> = {}): DecisionRecord =>
  ({
    decisionId: 'dec_1',
    automated: false,
    by: 'anna',
    stepId: null,
    at,
    updatedAt: at,
    ...over,
  }) as DecisionRecord

describe('the sample of decisions', () => {
  it('is about the share of them, and a larger share holds a smaller one', () => {
    const decisions = Array.from({ length: 20_000 }, (_, i) => aDecision({ decisionId: derivedId('dec', i) }))
    const sampled = (share: number) => decisions.filter((one) => isSampled(one, share))
    expect(sampled(0)).toEqual([])
    expect(sampled(1)).toEqual(decisions)
    let smaller = new Set<DecisionRecord>()
    for (const share of [0.01, 0.05, 0.5]) {
      const some = new Set(sampled(share))
      // Five standard deviations.
      const off = 5 * Math.sqrt(decisions.length * share * (1 - share))
      expect(Math.abs(some.size - share * decisions.length)).toBeLessThan(off)
      expect([...smaller].filter((one) => !some.has(one))).toEqual([])
      smaller = some
    }
  })

  it('is drawn by the decision alone, from 0 on and below 1', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const lot = lotOf(id)
        expect(lot).toBe(lotOf(id))
        expect(lot >= 0 && lot < 1).toBe(true)
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('holds nothing that no person decided on the messages of a case, and no decision for a later change', () => {
    const later = new Date(at.getTime() + 1)
    const others: Partial<DecisionRecord>[] = [
      { automated: true },
      { by: 'system' },
      { stepId: 'step_1' },
      { replaces: { decisionId: 'd', appealId: 'a', servedFrom: at } },
      { updatedAt: later },
      { findingIds: ['f'] },
    ]
    for (const over of others) expect(isSampled(aDecision(over), 1)).toBe(false)
    expect(isSampled(aDecision(), 1)).toBe(true)
  })
})

it('people agree by measure and clause; under none the clause does not matter', () => {
  const decisions = fc.record({
    measure: fc.constantFrom(...MEASURES),
    clause: fc.constantFrom('fraud.a', 'fraud.b', 'hate.a', null),
  })
  fc.assert(
    fc.property(decisions, decisions, (a, b) => {
      const same = a.measure === b.measure && (a.measure === 'none' || a.clause === b.clause)
      expect(labelOf(a) === labelOf(b)).toBe(same)
    }),
    { numRuns: 1_000 },
  )
})
