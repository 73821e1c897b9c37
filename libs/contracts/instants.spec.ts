import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { isInstant, laterBy } from './fields.js'

const two = (most: number, least = 0): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: most }).map((n) => String(n).padStart(2, '0'))
/** Most of them near the ends of what can be written. */
const instants = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('0000', '0001', '0002', '9998', '9999'),
      fc.nat(9_999).map((y) => String(y).padStart(4, '0')),
    ),
    fc.oneof(
      fc.constantFrom('01-01', '12-31'),
      fc.tuple(two(12, 1), two(28, 1)).map((parts) => parts.join('-')),
    ),
    fc.constantFrom('T', 't'),
    fc.tuple(two(23), two(59), two(59)).map((parts) => parts.join(':')),
    fc.constantFrom('', '.9', '.999999999'),
    fc.oneof(
      fc.constantFrom('Z', 'z', '-00:00', '+23:59', '-23:59'),
      fc.tuple(fc.constantFrom('+', '-'), two(23), two(59)).map(([sign, h, m]) => `${sign}${h}:${m}`),
    ),
  )
  .map(([year, day, t, time, part, offset]) => `${year}-${day}${t}${time}${part}${offset}`)

describe('an instant', () => {
  it('that is taken can be passed on in UTC, and so can what is later by any length', () => {
    let taken = 0
    fc.assert(
      fc.property(instants, fc.nat(Date.UTC(9_000, 0)), (text, length) => {
        const time = new Date(text)
        const written = time.toISOString()
        expect(isInstant(text)).toBe(/^\d{4}-/.test(written) && !written.startsWith('0000'))
        if (!isInstant(text)) return
        taken++
        expect(isInstant(written)).toBe(true)
        const later = laterBy(time, length)
        expect(isInstant(later.toISOString())).toBe(true)
        expect(later.getTime()).toBeGreaterThanOrEqual(time.getTime())
      }),
      { numRuns: propertyRuns(2_000, 50_000) },
    )
    expect(taken).toBeGreaterThan(500)
  })

  it.each([
    ['9999-12-31T23:59:59Z', true],
    ['9999-12-31T23:59:59-00:01', false],
    ['0001-01-01T00:00:00Z', true],
    ['0001-01-01T00:00:00+00:01', false],
    ['0000-12-31T23:59:59-00:01', true],
    ['0000-12-31T23:59:59Z', false],
  ])('stays within four digits of a year in UTC: %s', (text, taken) => {
    expect(isInstant(text)).toBe(taken)
  })
})
