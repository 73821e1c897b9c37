import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyKeysOf, likeness, reasonOf, shinglesOf } from './copy-keys.rules.js'

const keysOf = (text: string) => copyKeysOf('p1', { text })
const shared = (a: readonly string[], b: readonly string[]) => a.filter((key) => b.includes(key))

/** The shingles as one would write them down: strings, cut from the letters and digits. */
function oracleShingles(text: string): Set<string> {
  const letters = text
    .slice(0, 5_000)
    .normalize('NFKC')
    .toLowerCase()
    .split('')
    .filter((unit) => /[\p{L}\p{N}]/u.test(unit))
  if (letters.length < 10) return new Set()
  const all = letters.map((unit, i) => letters.slice(i, i + (unit >= '\u2E80' ? 2 : 5)).join(''))
  return new Set(all.filter((run, i) => run.length === (letters[i]! >= '\u2E80' ? 2 : 5)))
}

function oracleLikeness(a: string, b: string): number {
  const [one, other] = [oracleShingles(a), oracleShingles(b)]
  const both = [...one].filter((run) => other.has(run)).length
  return both === 0 ? 0 : both / new Set([...one, ...other]).size
}

const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789'.split(''))
const han = fc.integer({ min: 0x4e00, max: 0x9fa5 }).map((unit) => String.fromCharCode(unit))
const aText = fc
  .oneof(
    fc.array(letter, { minLength: 30, maxLength: 400 }),
    fc.array(han, { minLength: 20, maxLength: 200 }),
  )
  .map((units) => units.join(''))
/** A text with some of its units replaced. */
const anEdited = fc
  .tuple(aText, fc.array(fc.tuple(fc.nat(), fc.constantFrom('x', '9', '好')), { maxLength: 12 }))
  .map(([text, edits]) => {
    const units = text.split('')
    for (const [at, unit] of edits) units[at % units.length] = unit
    return [text, units.join('')] as const
  })
/** Two texts that quote the same third. */
const aQuote = fc.tuple(aText, aText, aText).map(([a, b, third]) => [a + third, b + third] as const)

describe('the keys under which copies are found', () => {
  it('measure likeness as the sets of written-out shingles do', () => {
    fc.assert(
      fc.property(fc.oneof(anEdited, fc.tuple(aText, aText)), ([a, b]) => {
        expect(likeness(shinglesOf(a), shinglesOf(b))).toBeCloseTo(oracleLikeness(a, b), 6)
      }),
      { numRuns: 2_000 },
    )
  })

  it('do not depend on case, width, blanks, punctuation or what cannot be seen', () => {
    const wide = (unit: string) =>
      /[a-z0-9]/.test(unit) ? String.fromCharCode(unit.charCodeAt(0) + 0xfee0) : unit
    const noise = fc.constantFrom('', ' ', '\n', '.', '，', '\u200B', '★', '-')
    const disguised = fc.tuple(aText, fc.array(fc.tuple(noise, fc.boolean(), fc.boolean()), { minLength: 1 }))
    fc.assert(
      fc.property(disguised, ([text, disguises]) => {
        const other = text
          .split('')
          .map((unit, i) => {
            const [before, upper, full] = disguises[i % disguises.length]!
            return before + (full ? wide(unit) : upper ? unit.toUpperCase() : unit)
          })
          .join('')
        expect(keysOf(other)).toEqual(keysOf(text))
      }),
    )
  })

  it('find 9 in 10 of the texts that are alike by 0.8, and few of those that are not', () => {
    const tally = { alike: 0, found: 0, little: 0, wrong: 0 }
    fc.assert(
      fc.property(fc.oneof(anEdited, aQuote), ([a, b]) => {
        const alike = oracleLikeness(a, b)
        const found = shared(keysOf(a), keysOf(b)).length > 0
        if (alike >= 0.8) {
          tally.alike++
          if (found) tally.found++
        } else if (alike > 0.05 && alike < 0.3) {
          tally.little++
          if (found) tally.wrong++
        }
        if (alike === 1) expect(found).toBe(true)
      }),
      { numRuns: 6_000, seed: 5 },
    )
    expect(tally.alike).toBeGreaterThan(500)
    expect(tally.little).toBeGreaterThan(500)
    expect(tally.found / tally.alike).toBeGreaterThan(0.9)
    // Four times the cube of 0.3, and most are alike by less.
    expect(tally.wrong / tally.little).toBeLessThan(0.11)
  })

  it('say nothing of a text that is too short, and bound the work for a long one', () => {
    expect(keysOf('yes, sure!')).toEqual([])
    expect(keysOf('')).toEqual([])
    const long = 'word and another '.repeat(2_000)
    expect(keysOf(`${long}a`)).toEqual(keysOf(`${long}b`))
  })

  it.each([
    ['https://www.Example.com/a/', 'http://example.com/a'],
    ['https://example.com/a?utm_source=x&b=1#top', 'https://example.com/a?b=1'],
    ['example.com', 'https://example.com/'],
    ['https://example.com/a//b///', 'https://example.com/a//b'],
  ])('take the link %s for %s', (one, other) => {
    expect(copyKeysOf('p1', { links: [one] })).toEqual(copyKeysOf('p2', { links: [other] }))
  })

  it('tell links apart that lead elsewhere, and find those in a text', () => {
    const of = (...links: string[]) => copyKeysOf('p1', { links })
    expect(of('https://example.com/a')).not.toEqual(of('https://example.com/b'))
    expect(of('https://example.com/?id=1')).not.toEqual(of('https://example.com/?id=2'))
    expect(shared(keysOf('Look: https://example.com/a.'), of('https://example.com/a'))).toHaveLength(1)
    expect(shared(keysOf('看这里 https://example.com/a，快'), of('https://example.com/a'))).toHaveLength(1)
    expect(() => of('https://', 'http://[', '::', ' ')).not.toThrow()
  })

  it('know media by SHA-256, and by PDQ where that is of use', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((hex) => hex.repeat(64))
    const of = (media: object) => copyKeysOf('p1', { media: [{ mediaId: 'i', kind: 'image', ...media }] })
    expect(of({ sha256: a })).toEqual(of({ sha256: a!.toUpperCase() }))
    expect(
      shared(of({ sha256: a, pdq: c, pdqQuality: 50 }), of({ sha256: b, pdq: c, pdqQuality: 80 })),
    ).toHaveLength(1)
    expect(of({ pdq: c, pdqQuality: 49 })).toEqual([])
    expect(shared(of({ pdq: a, pdqQuality: 90 }), of({ sha256: a }))).toEqual([])
  })

  it('know reposts within their platform', () => {
    expect(copyKeysOf('p1', { repostOf: 'm1' })).toEqual(['rp1/m1'])
    expect(copyKeysOf('p1', { repostOf: 'm1' })).not.toEqual(copyKeysOf('p2', { repostOf: 'm1' }))
  })

  it('begin with what they stand for', () => {
    const keys = copyKeysOf('p1', {
      text: 'a text that is long enough',
      links: ['https://example.com'],
      media: [{ mediaId: 'i', kind: 'image', sha256: 'a'.repeat(64) }],
      repostOf: 'm1',
    })
    expect([...new Set(keys.map(reasonOf))].sort()).toEqual(['link', 'media', 'repost', 'text'])
  })
})
