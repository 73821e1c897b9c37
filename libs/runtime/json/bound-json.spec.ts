import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { excessOf } from './bound-json.js'

const of = (text: string, maxDepth = 4, maxValues = 10) =>
  excessOf(Buffer.from(text), { maxDepth, maxValues })

/** Levels and values of parsed JSON, counted the slow way. */
function measured(value: unknown): { depth: number; values: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 1 }
  const inner = Object.values(value).map(measured)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
  }
}

describe('the bounds of JSON', () => {
  it.each([
    ['what stands at them', '[[[[]]]]', undefined],
    ['a level more', '[[[[[]]]]]', 'too-deep'],
    ['brackets without end', '['.repeat(1_000_000), 'too-deep'],
    ['objects without end', '{"a":'.repeat(100_000), 'too-deep'],
    ['many lists side by side', `[${'[],'.repeat(20)}[]]`, 'too-large'],
    ['many numbers', `[${'1,'.repeat(20)}1]`, 'too-large'],
    ['brackets and commas in a string', JSON.stringify({ a: '[{,'.repeat(100) }), undefined],
    ['an escaped quote', '{"a\\"[[[[[[":",,,,,,,,,,,,"}', undefined],
    ['an escaped backslash before the quote', '{"a\\\\":[[[[1]]]]}', 'too-deep'],
    ['a string without end', '["[[[[[[', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, text, excess) => {
    expect(of(text)).toBe(excess)
  })

  it('are never passed by what a parser finds within them, and never wrongly', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (text, indented) => {
        const value: unknown = JSON.parse(text)
        const written = indented ? JSON.stringify(value, null, 2) : text
        const { depth, values } = measured(value)
        // An empty object or list counts as one value more than it holds.
        expect(of(written, depth, 2 * values)).toBeUndefined()
        if (depth > 0) expect(of(written, depth - 1, 2 * values)).toBe('too-deep')
        if (values > 2) expect(of(written, depth, (values >> 1) - 1)).toBe('too-large')
      }),
      { numRuns: propertyRuns(1_000, 20_000) },
    )
  })
})
