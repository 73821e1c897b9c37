import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { dayOf, graveMessages, isOverLimit, shownIn, sumOf, type ShownEntry } from './exposure.rules.js'

const categories = ['fraud', 'hate', 'violence', 'terrorism']
const anEntry: fc.Arbitrary<ShownEntry> = fc.record({
  sealed: fc.boolean(),
  categories: fc.array(
    fc.record({
      category: fc.constantFrom(...categories),
      outcome: fc.constantFrom('clear' as const, 'review' as const, 'act' as const),
      severity: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 4 },
  ),
})
const entries = fc.array(anEntry, { maxLength: 20 })

const entry = (...found: [string, number][]): ShownEntry => ({
  sealed: false,
  categories: found.map(([category, severity]) => ({
    category,
    severity,
    score: 0.5,
    outcome: 'review' as const,
  })),
})

describe('what a view shows', () => {
  it('is each message by its gravest, and one view by the gravest of all', () => {
    expect(
      shownIn([entry(['fraud', 2], ['hate', 3]), entry(['fraud', 2]), entry(['hate', 3]), entry()]),
    ).toEqual([
      { category: 'hate', severity: 3, views: 1, messages: 2 },
      { category: 'fraud', severity: 2, views: 0, messages: 1 },
    ])
  })

  it('is nothing of what is sealed or clear', () => {
    const clear = entry(['hate', 4])
    expect(
      shownIn([
        { ...entry(['child_safety', 4]), sealed: true },
        { ...clear, categories: [{ ...clear.categories[0]!, outcome: 'clear' }] },
      ]),
    ).toEqual([])
  })

  it('counts each message that it shows once, and itself once if it shows any', () => {
    fc.assert(
      fc.property(entries, (some) => {
        const visible = some.filter(
          ({ sealed, categories: found }) => !sealed && found.some(({ outcome }) => outcome !== 'clear'),
        )
        const shown = shownIn(some)
        expect(shown.reduce((sum, { messages }) => sum + messages, 0)).toBe(visible.length)
        expect(shown.reduce((sum, { views }) => sum + views, 0)).toBe(visible.length > 0 ? 1 : 0)
        const severities = visible.map(({ categories: found }) =>
          Math.max(...found.filter(({ outcome }) => outcome !== 'clear').map(({ severity = 0 }) => severity)),
        )
        expect(graveMessages(shown)).toBe(severities.filter((severity) => severity >= 3).length)
        const viewed = shown.find(({ views }) => views === 1)
        if (viewed) expect(viewed.severity).toBe(Math.max(...severities))
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('adds up, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 6 }), (views) => {
        const parts = views.map(shownIn)
        expect(sumOf(parts.flat())).toEqual(sumOf(parts.toReversed().map(sumOf).flat()))
      }),
    )
  })
})

it('a limit is reached with its last grave message, and 0 is none', () => {
  const shown = shownIn([entry(['hate', 3]), entry(['terrorism', 4]), entry(['fraud', 2])])
  expect([0, 1, 2, 3].map((limit) => isOverLimit(shown, limit))).toEqual([false, true, true, false])
})

it('a day begins at midnight, UTC', () => {
  expect(dayOf(new Date('2026-11-24T23:59:59.999Z'))).toEqual(new Date('2026-11-24T00:00:00Z'))
  expect(dayOf(new Date('2026-11-25T00:00:00Z'))).toEqual(new Date('2026-11-25T00:00:00Z'))
})
