import unhomoglyph from 'unhomoglyph'

const ASCII = /^[\x00-\x7f]*$/
/** Neither a letter nor a digit, nor a symbol that stands for one; or something that is not seen. */
const NOT_OF_A_WORD = /[[^\p{L}\p{N}\p{So}]\p{Default_Ignorable_Code_Point}\u2800]/v
const NO_LETTER = /[^\p{L}\p{N}]+/gu
const A = 0x61
/** Where alphabets begin that Unicode's compatibility mappings leave as they are: white on black, and regional. */
const ALPHABETS = [0x1f150, 0x1f170, 0x1f1e6]
const LETTERS_IN_ALPHABET = 26

/**
 * Whether a text means a word that is given as `foldWord` has it: without case, width, accents, blanks, punctuation and what is
 * not seen, look-alike letters as Latin, and with an `i` for each `l` and `1`, for which capital I's of other scripts are taken.
 * Ends where the text says something else, so that it costs no more than the word is long, and what is left out of it.
 */
export function spells(text: string, word: string): boolean {
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff) i++
    const letters = ofWord(code)
    if (!word.startsWith(letters, at)) return false
    at += letters.length
  }
  return at === word.length
}

/** A word as it is meant, to be looked for with `spells`. */
export function foldWord(word: string): string {
  return [...word].map((letter) => ofWord(letter.codePointAt(0)!)).join('')
}

/** The letters of a text as Latin small letters, where they are any; everything else stays. Linear. */
export function foldLetters(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().replace(/[l1]/g, 'i')
  const parts: string[] = []
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!
    if (code > 0xffff) i++
    parts.push(folded(code))
  }
  return parts.join('')
}

/** What was folded once, by code point: more are never remembered. */
const MAX_KNOWN = 100_000
const known = new Map<number, string>()
const knownOfWord = new Map<number, string>()

function folded(code: number): string {
  return remembered(known, code, fold)
}

/** Nothing for what is no part of a word. */
function ofWord(code: number): string {
  return remembered(knownOfWord, code, (one) =>
    NOT_OF_A_WORD.test(String.fromCodePoint(one)) ? '' : folded(one).replace(NO_LETTER, ''),
  )
}

function remembered(map: Map<number, string>, code: number, make: (code: number) => string): string {
  const before = map.get(code)
  if (before !== undefined) return before
  const made = make(code)
  if (map.size < MAX_KNOWN) map.set(code, made)
  return made
}

function fold(code: number): string {
  const first = ALPHABETS.find((one) => code >= one && code < one + LETTERS_IN_ALPHABET)
  const letter = first === undefined ? String.fromCodePoint(code) : String.fromCharCode(A + code - first)
  const latin = letter.normalize('NFKD').replace(/[^\x00-\x7f]/gu, lookAlike)
  return latin.toLowerCase().replace(/[l1]/g, 'i')
}

function lookAlike(letter: string): string {
  const alike = unhomoglyph(letter)
  return ASCII.test(alike) ? alike : unhomoglyph(letter.toLowerCase())
}
