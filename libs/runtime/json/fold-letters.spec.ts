import fc from 'fast-check'
import unhomoglyph from 'unhomoglyph'
import { describe, expect, it } from 'vitest'
import { foldLetters, foldWord, spells } from './fold-letters.js'

/** The letters of a word as they are meant, over the whole of it at once. */
function meant(text: string): string {
  const seen = text.replace(/[[^\p{L}\p{N}\p{So}]\p{Default_Ignorable_Code_Point}\u2800]+/gv, '')
  return latin(seen).replace(/[^\p{L}\p{N}]+/gu, '')
}

function latin(text: string): string {
  return text
    .replace(/[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu, (symbol) => {
      const code = symbol.codePointAt(0)!
      return String.fromCharCode(
        0x61 + code - (code >= 0x1f1e6 ? 0x1f1e6 : code >= 0x1f170 ? 0x1f170 : 0x1f150),
      )
    })
    .normalize('NFKD')
    .replace(/[^\x00-\x7f]/gu, (letter) => {
      const alike = unhomoglyph(letter)
      return /^[\x00-\x7f]*$/.test(alike) ? alike : unhomoglyph(letter.toLowerCase())
    })
    .toLowerCase()
    .replace(/[l1]/g, 'i')
}

const WORDS = ['private', 'visibility']
/** Letters of the words in other alphabets, and what stands between them. */
const letters = [...'privatesblypPRIVATEｐｒｉｖ𝐩𝓻ⓥ🅟🇻рінеаtѕуνΙΤΥl1|￨ⅵⅳ㏄ﬁ☺©. \u0301\u200b\u00ad\u2800ﷺ']
const spelled = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...WORDS),
      fc.array(fc.constantFrom('', '', '', '\u0301', '\u200b', ' ', '☺', '.')),
    )
    .map(([word, between]) => [...word].map((letter, i) => letter + (between[i] ?? '')).join('')),
  fc.array(fc.constantFrom(...letters), { maxLength: 12 }).map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

describe('a word as it is meant', () => {
  it('is spelled just where its letters are those of the text, all at once', () => {
    let spelledOnce = 0
    fc.assert(
      fc.property(spelled, fc.constantFrom(...WORDS), (text, word) => {
        const is = meant(text) === meant(word)
        if (is) spelledOnce++
        expect(spells(text, foldWord(word))).toBe(is)
      }),
      { numRuns: 3_000 },
    )
    expect(spelledOnce).toBeGreaterThan(100)
  })

  it('is spelled with anything unseen in it, as often as it likes', () => {
    expect(spells(`p${'\u200b'.repeat(100_000)}rivate${'☺'.repeat(1_000)}`, foldWord('private'))).toBe(true)
    expect(spells('privat', foldWord('private'))).toBe(false)
    expect(spells('privates', foldWord('private'))).toBe(false)
  })

  it('has its letters one by one as all at once, but for the order of marks', () => {
    const sorted = (text: string): string => [...text.replaceAll('ς', 'σ')].sort().join('')
    fc.assert(
      fc.property(fc.oneof(spelled, fc.string({ unit: 'grapheme' })), (text) => {
        // Greek has another small sigma for the end of a word.
        expect(sorted(foldLetters(text))).toBe(sorted(latin(text)))
      }),
      { numRuns: 3_000 },
    )
  })
})
