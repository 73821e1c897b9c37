import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparedDigest } from './compared-digest.rules.js'

const digest = (
  text: string,
  links: string[] = [],
  media: object[] = [],
  signals: { detector: string }[] = [],
) => comparedDigest({ text, links, media: media as never }, signals)

/** Ways of writing a small letter that people do not tell apart, or read as the same. */
const disguises: readonly ((letter: string) => string)[] = [
  (letter) => letter,
  (letter) => letter.toUpperCase(),
  (letter) => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0),
  (letter) => `${letter}\u200b`,
  (letter) => `<b>${letter}</b>`,
  (letter) => `&#${letter.codePointAt(0)};`,
]
const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
const disguised = fc
  .tuple(letter, fc.constantFrom(...disguises))
  .map(([one, by]) => ({ one, shown: by(one) }))
const words = fc.array(fc.array(disguised, { minLength: 2, maxLength: 8 }), { minLength: 1, maxLength: 8 })

const [SHA_A, SHA_B] = ['a'.repeat(64), 'b'.repeat(64)]
const image = (sha256?: string) => ({ mediaId: 'i', kind: 'image', ...(sha256 ? { sha256 } : {}) })

describe('the digest of a text as it is compared', () => {
  it('is the same however the letters are written, and whatever blanks are between the words', () => {
    fc.assert(
      fc.property(words, fc.constantFrom(' ', '  ', '\n', '\u3000'), (list, blank) => {
        const plain = list.map((word) => word.map(({ one }) => one).join('')).join(' ')
        const written = list.map((word) => word.map(({ shown }) => shown).join('')).join(blank)
        expect(digest(written)).toBe(digest(plain))
      }),
    )
  })

  it('is another for other words', () => {
    const word = fc.array(letter, { minLength: 2, maxLength: 8 }).map((letters) => letters.join(''))
    const text = fc.array(word, { minLength: 1, maxLength: 8 }).map((list) => list.join(' '))
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(digest(one) === digest(other)).toBe(one === other)
      }),
    )
    expect(digest('pay the fee')).not.toBe(digest('pay the fee now'))
  })

  it('is another where a link leads elsewhere, whether it stands in the text or beside it', () => {
    const [good, bad] = ['https://library.com/a', 'https://bad-place.com/a']
    expect(digest('see', [good])).not.toBe(digest('see', [bad]))
    expect(digest('see', [good])).not.toBe(digest('see'))
    expect(digest('see', [good])).not.toBe(digest('see', [good, bad]))
    expect(digest('see', [good, bad])).toBe(digest('see', [bad, good, good]))
    expect(digest('see', ['nowhere'])).not.toBe(digest('see', ['elsewhere']))
    expect(digest(`see ${good}`)).toBe(digest(`see ${good}`, [good]))
    expect(digest(`see ${good}`)).not.toBe(digest(`see ${good}`, [bad]))
    expect(digest('see', ['https://library.com@bad-place.com/a'])).not.toBe(digest('see', [bad]))
  })

  it('is that of the media where there is nothing else, or a detector speaks of them', () => {
    expect(digest('', [], [image(SHA_A)])).toBeDefined()
    expect(digest('', [], [image(SHA_A)])).not.toBe(digest('', [], [image(SHA_B)]))
    expect(digest('look', [], [image(SHA_A)])).toBe(digest('look'))
    const spoken = (sha: string) => digest('look', [], [image(sha)], [{ detector: 'media' }])
    expect(spoken(SHA_A)).not.toBe(spoken(SHA_B))
    expect(spoken(SHA_A)).not.toBe(digest('look'))
  })

  it('is none where there is nothing to compare', () => {
    expect(digest('')).toBeUndefined()
    expect(digest(' \u200b')).toBeUndefined()
    expect(digest('', [], [image()])).toBeUndefined()
  })
})
