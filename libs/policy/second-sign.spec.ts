import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RuleSignal } from './rule-environment.js'
import { standApart } from './second-sign.js'

type Word = Pick<RuleSignal, 'id' | 'spans'>

/** Each pair of words compared, span by span. */
function standApartByPairs(words: readonly Word[]): boolean {
  return words.some((one, i) =>
    words.slice(i + 1).some((other) => {
      if (one.id === other.id || !one.spans?.length || !other.spans?.length) return false
      return one.spans.some((a) => other.spans!.every((b) => a[1] <= b[0] || b[1] <= a[0]))
    }),
  )
}

const span = fc.tuple(fc.nat(12), fc.nat(5)).map(([from, length]) => [from, from + length] as const)
/** Long ones meet each other, so that few stand apart. */
const longSpan = fc.tuple(fc.nat(3), fc.nat(3)).map(([from, less]) => [from, 12 - less] as const)
const word = (spans: fc.Arbitrary<readonly [number, number]>): fc.Arbitrary<Word> =>
  fc.record(
    { id: fc.constantFrom('a', 'b', 'c', 'd'), spans: fc.array(spans, { maxLength: 3 }) },
    { requiredKeys: ['id'] },
  )

describe('words that stand apart', () => {
  it('are found as by comparing each pair', () => {
    const seen = { apart: 0, not: 0 }
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word(span), { maxLength: 6 }),
          fc.array(word(longSpan), { maxLength: 6 }),
          fc
            .tuple(fc.array(word(longSpan), { maxLength: 5 }), word(span), fc.nat(5))
            .map(([some, one, at]) => some.toSpliced(at, 0, one)),
        ),
        (words) => {
          const expected = standApartByPairs(words)
          seen[expected ? 'apart' : 'not']++
          expect(standApart(words)).toBe(expected)
        },
      ),
      { numRuns: process.env['LONG'] === '1' ? 50_000 : 5_000 },
    )
    expect(Math.min(seen.apart, seen.not)).toBeGreaterThan(500)
  })

  it('are looked for among a great many at the same places', () => {
    const spans = Array.from({ length: 50 }, (_, i) => [i * 400, i * 400 + 390] as const)
    const words = Array.from({ length: 3_000 }, (_, i) => ({ id: `w${i}`, spans }))
    expect(standApart(words)).toBe(false)
    expect(standApart([...words, { id: 'other', spans: [[391, 399]] }])).toBe(true)
  })
})
