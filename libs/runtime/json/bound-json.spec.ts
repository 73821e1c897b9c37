import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { excessOf } from './bound-json.js'

const of = (text: string, maxDepth = 4, maxValues = 10, maxNames = 3) =>
  excessOf(Buffer.from(text), { maxDepth, maxValues, maxNames })

/** Levels, values and the names of the largest object of parsed JSON, counted the slow way. */
function measured(value: unknown): { depth: number; values: number; names: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, values: 1, names: 0 }
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  const inner = Object.values(value).map(measured)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
    names: Math.max(own, ...inner.map(({ names }) => names)),
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
    [
      'names at their bound, in objects within and beside each other',
      '{"a":{"b":1,"c":1,"d":1},"e":[{"f":1}],"g":{}}',
      undefined,
    ],
    ['a name more', '{"a":{"b":1},"c":[{"d":1}],"e":1,"f":1}', 'too-large'],
    ['a name more within', '[{"a":1},{"a":1,"b":1,"c":1,"d":1}]', 'too-large'],
    ['colons in strings', '{"a":":::::","b:::::":1}', undefined],
    ['ends without a beginning', ']]]]{"a":1}', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, text, excess) => {
    expect(of(text)).toBe(excess)
  })

  it('are never passed by what a parser finds within them, and never wrongly', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.boolean(), (text, indented) => {
        const value: unknown = JSON.parse(text)
        const written = indented ? JSON.stringify(value, null, 2) : text
        const { depth, values, names } = measured(value)
        // An empty object or list counts as one value more than it holds.
        expect(of(written, depth, 2 * values, names)).toBeUndefined()
        if (names > 0) expect(of(written, depth, 2 * values, names - 1)).toBe('too-large')
        if (depth > 0) expect(of(written, depth - 1, 2 * values, names)).toBe('too-deep')
        if (values > 2) expect(of(written, depth, (values >> 1) - 1, names)).toBe('too-large')
      }),
      { numRuns: propertyRuns(1_000, 20_000) },
    )
  })
})
