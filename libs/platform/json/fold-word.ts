import unhomoglyph from 'unhomoglyph'

const ASCII = /^[\x00-\x7f]*$/
/** Neither a letter nor a digit, nor a symbol that stands for one; or something that is not seen. */
const NOT_OF_A_WORD = /[[^\p{L}\p{N}\p{So}]\p{Default_Ignorable_Code_Point}\u2800]+/gv
const NO_LETTER = /[^\p{L}\p{N}]+/gu
/** What is longer is none of the words that are looked for, however its letters are written. */
const LONGEST = 100
const A = 0x61
/** Where alphabets begin that Unicode's compatibility mappings leave as they are: white on black, and regional. */
const ALPHABETS = [0x1f150, 0x1f170, 0x1f1e6]
const OF_ALPHABETS = /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}\u{1f1e6}-\u{1f1ff}]/gu

/**
 * A word as it is meant: without case, width, accents, blanks, punctuation and what is not seen, look-alike letters as Latin,
 * and with an `i` for each `l` and `1`, for which capital I's of other scripts are taken.
 * Empty for a text that is too long for a word. Linear.
 */
export function foldWord(text: string): string {
  if (ASCII.test(text)) return foldLetters(text).replace(/[^a-z0-9]+/g, '')
  const seen = text.replace(NOT_OF_A_WORD, '')
  return seen.length > LONGEST ? '' : foldLetters(seen).replace(NO_LETTER, '')
}

/**
 * The letters of a text as Latin small letters, where they are any, as `foldWord` has them; everything else stays. The text must hold no combining
 * marks: to bring many of them into order takes quadratic time.
 */
export function foldLetters(text: string): string {
  const latin = ASCII.test(text)
    ? text
    : text
        .replace(OF_ALPHABETS, latinOf)
        .normalize('NFKD')
        .replace(/[^\x00-\x7f]/gu, lookAlike)
  return latin.toLowerCase().replace(/[l1]/g, 'i')
}

function latinOf(symbol: string): string {
  const code = symbol.codePointAt(0)!
  return String.fromCharCode(A + code - ALPHABETS.findLast((first) => first <= code)!)
}

const known = new Map<string, string>()

function lookAlike(letter: string): string {
  let latin = known.get(letter)
  if (latin === undefined) {
    const alike = unhomoglyph(letter)
    latin = ASCII.test(alike) ? alike : unhomoglyph(letter.toLowerCase())
    if (known.size < 100_000) known.set(letter, latin)
  }
  return latin
}
