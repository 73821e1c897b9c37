import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { canonicalJson } from './canonical-json.js'

const fields = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 1e21, 1e-7, 'e\u0301', '\ud800', '</script>\u2028'),
  fc.jsonValue(),
)
const names = fc.oneof(
  fc.constantFrom(
    'at',
    'actor',
    'accountId',
    'Z',
    'a',
    'b',
    '10',
    '9',
    '__proto__',
    'toJSON',
    'é',
    '\ud83d\ude00',
    '\uffff',
    '\ud800',
  ),
  fc.string(),
)

/** As text, or that it cannot be written. */
const said = (write: () => string | undefined) => {
  try {
    return write()
  } catch {
    return Error
  }
}

it('is as the library writes it, whatever the fields are and in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fields), { maxLength: 8 }), fc.boolean(), (pairs, inOrder) => {
      if (inOrder) pairs.sort(([a], [b]) => (a < b ? -1 : 1))
      const value = Object.fromEntries(pairs)
      expect(said(() => canonicalJson(value))).toEqual(said(() => canonicalize(value)))
    }),
    { numRuns: propertyRuns(2_000, 20_000) },
  )
})
