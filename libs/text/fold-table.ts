import * as OpenCC from 'opencc-js/t2cn'
import unhomoglyph from 'unhomoglyph'

/** A code unit that leaves nothing behind: zero-width, combining, control, variation selector. */
export const DELETED = 0x10000
/** A code unit that has to be read together with its neighbour. */
export const SURROGATE = 0x10001
/** Values from here on are `EXPANSION + index` into `EXPANSIONS`. */
export const EXPANSION = 0x20000

export const SPACE = 0x20
export const REPLACEMENT = 0xfffd

/** What a folded code unit is, as far as the passes of the normaliser and the detectors tell units apart. */
export const Kind = {
  other: 0,
  space: 1,
  separator: 2,
  digit: 3,
  latin: 4,
  lookAlike: 5,
  letter: 6,
  han: 7,
} as const

/** A longer expansion is not made: one code point then costs at most this many units of work. */
const LONGEST_EXPANSION = 8

const IGNORABLE =
  /^[\p{Default_Ignorable_Code_Point}\p{Cf}\u{1F3FB}-\u{1F3FF}]$|^[[\p{Mn}\p{Me}]&&[\p{Script=Inherited}\p{Script=Arabic}\p{Script=Hebrew}]]$/v
const BLANK = /^[\s\u2800]$/u
const CONTROL = /^\p{Cc}$/u
const MARKS_OF_NO_SCRIPT = /[[\p{Mn}\p{Me}]&&[\p{Script=Inherited}]]/gv
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u
const DECIMAL = /^\p{Nd}$/u
const LETTER = /^[\p{L}\p{Mc}\p{Mn}]$/u
const WRAPPED = /^\((.+)\)$|^(\d+)\.$/u

/** Characters that people put between the letters of a word, to hide it, and seldom between words. */
const SEPARATORS = '.-_*~|/\\·•‧∙⋅●○■□★☆◆◇※+=^`'

/** Replacements that Unicode compatibility mappings do not make. */
const BY_HAND = new Map<number, string>()
const run = (first: number, texts: readonly string[]) => texts.forEach((t, i) => BY_HAND.set(first + i, t))
const oneTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz']
run(0x2776, oneTo(1, 10))
run(0x2780, oneTo(1, 10))
run(0x278a, oneTo(1, 10))
run(0x24eb, oneTo(11, 20))
run(0x24f5, oneTo(1, 10))
run(0x24ff, ['0'])
run(0x1f150, ALPHABET)
run(0x1f170, ALPHABET)
run(0x1f1e6, ALPHABET)
run(0x1f51f, ['10'])
/** Small capitals, and letters with a stroke or a hook, pair by pair. */
const DRAWN_AS = 'ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz' + 'ƀbȼcđdɇeƒfǥgħhɉjłløoᵽpɍrŧtʉuɏyƶz'
for (let i = 0; i < DRAWN_AS.length; i += 2) BY_HAND.set(DRAWN_AS.charCodeAt(i), DRAWN_AS[i + 1]!)
for (const c of '‐‑‒–—―−﹣－') BY_HAND.set(c.codePointAt(0) ?? 0, '-')
for (const c of '‘’‚‛′') BY_HAND.set(c.codePointAt(0) ?? 0, "'")
for (const c of '“”„‟″') BY_HAND.set(c.codePointAt(0) ?? 0, '"')
for (const c of '・･') BY_HAND.set(c.codePointAt(0) ?? 0, '·')

/** Decimal digits come in blocks of ten, zero first (Unicode standard, 4.6): count back to the zero. */
function digitOf(cp: number): string {
  let value = 0
  while (value < 9 && DECIMAL.test(String.fromCodePoint(cp - value - 1))) value += 1
  // Blocks may touch (the mathematical digits do): those have a compatibility mapping and never come here.
  return String(value)
}

const HAN_FIRST = 0x3400
const HAN_LAST = 0x9fff
/** Single characters only: phrase rules of OpenCC would make a character depend on its neighbours. */
const SIMPLIFIED = (() => {
  const all = Array.from({ length: HAN_LAST - HAN_FIRST + 1 }, (_, i) => String.fromCharCode(HAN_FIRST + i))
  const { Converter } = OpenCC as unknown as { Converter: (locales: object) => (text: string) => string }
  return Converter({ from: 't', to: 'cn' })(all.join('\n')).split('\n')
})()

function foldOnce(char: string): string {
  const cp = char.codePointAt(0) ?? 0
  if (cp >= HAN_FIRST && cp <= HAN_LAST) return SIMPLIFIED[cp - HAN_FIRST] ?? char
  if (BLANK.test(char)) return ' '
  if (IGNORABLE.test(char) || CONTROL.test(char)) return ''
  const byHand = BY_HAND.get(cp)
  if (byHand !== undefined) return byHand
  const wide = char.normalize('NFKC')
  const compatible = WRAPPED.exec(wide)
  const plain = compatible && wide !== char ? (compatible[1] ?? compatible[2] ?? wide) : wide
  if (plain !== char) return plain
  if (DECIMAL.test(char) && (cp < 0x30 || cp > 0x39)) return digitOf(cp)
  // Upper case first: it unites ς with σ and ß with ss, which lower case alone keeps apart.
  const folded = char.toUpperCase().toLowerCase()
  if (folded !== char) return folded
  return KANA.test(char) ? char : char.normalize('NFD').replace(MARKS_OF_NO_SCRIPT, '').normalize('NFC')
}

/** The folded form of one code point; folding any character of the result again changes nothing. */
function foldCodePoint(cp: number): string {
  let now = String.fromCodePoint(cp)
  const original = now
  for (let round = 0; round < 8; round += 1) {
    const next = [...now].map(foldOnce).join('')
    if (next === now) return now.length > LONGEST_EXPANSION ? original : now
    now = next
  }
  return original
}

/** Expansions that are not one code unit, in the order in which `FOLD` numbers them. */
export const EXPANSIONS: Uint16Array[] = []

const units = (text: string) => Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))

/** Code unit → folded code unit, `DELETED`, `SURROGATE`, or `EXPANSION + index`. */
export const FOLD: Uint32Array = (() => {
  const table = new Uint32Array(0x10000)
  for (let c = 0; c < 0x10000; c += 1) {
    if (c >= 0xd800 && c <= 0xdfff) {
      table[c] = SURROGATE
    } else if ((c >= 0xac00 && c <= 0xd7a3) || (c >= 0xe000 && c <= 0xf8ff)) {
      table[c] = c
    } else {
      const folded = foldCodePoint(c)
      if (folded === '') table[c] = DELETED
      else if (folded.length === 1) table[c] = folded.charCodeAt(0)
      else table[c] = EXPANSION + EXPANSIONS.push(units(folded)) - 1
    }
  }
  return table
})()

const astral = new Map<number, Uint16Array>()

/** The folded form of a code point beyond the basic plane; remembered for the planes that have any. */
export function foldAstral(cp: number): Uint16Array {
  const known = astral.get(cp)
  if (known) return known
  const folded = units(foldCodePoint(cp))
  if (cp < 0x30000) astral.set(cp, folded)
  return folded
}

const CANDIDATE = /^\p{L}$/u
const ASCII_LETTER = /^[a-z]$/iu

/**
 * Folded letter outside ASCII → the ASCII letter that it looks like, else 0 (Unicode confusables, through unhomoglyph).
 * Where the small letter has no look-alike the capital is asked: В is a B, though в is not a b.
 */
export const SKELETON: Uint16Array = (() => {
  const table = new Uint16Array(0x10000)
  const letters: string[] = []
  for (let c = 0x80; c < 0x2e80; c += 1) {
    const char = String.fromCharCode(c)
    if (FOLD[c] === c && CANDIDATE.test(char)) letters.push(char)
  }
  const small = unhomoglyph(letters.join('\n')).split('\n')
  const capital = unhomoglyph(letters.map((l) => l.toUpperCase()).join('\n')).split('\n')
  letters.forEach((letter, i) => {
    const skeleton = [small[i], capital[i]].find((s) => s !== undefined && ASCII_LETTER.test(s))
    if (skeleton) table[letter.charCodeAt(0)] = skeleton.toLowerCase().charCodeAt(0)
  })
  return table
})()

/** Folded code unit → `Kind`. */
export const KIND: Uint8Array = (() => {
  const table = new Uint8Array(0x10000)
  for (let c = 0; c < 0x10000; c += 1) {
    if ((c >= HAN_FIRST && c <= HAN_LAST) || c === 0x3007) table[c] = Kind.han
    else if (c >= 0x61 && c <= 0x7a) table[c] = Kind.latin
    else if (c >= 0x30 && c <= 0x39) table[c] = Kind.digit
    else if (SKELETON[c] !== 0) table[c] = Kind.lookAlike
    else if (c >= 0xac00 && c <= 0xd7a3) table[c] = Kind.letter
    else if (c < 0xd800 && FOLD[c] === c && LETTER.test(String.fromCharCode(c))) table[c] = Kind.letter
  }
  for (const s of SEPARATORS) table[s.charCodeAt(0)] = Kind.separator
  table[SPACE] = Kind.space
  return table
})()
