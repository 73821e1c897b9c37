import { OVERRIDE, shownOrder } from './bidi-order.js'
import { entityOf, markupOf } from './markup.js'
import {
  DELETED,
  EXPANSION,
  EXPANSIONS,
  FOLD,
  KIND,
  Kind,
  REPLACEMENT,
  SKELETON,
  SPACE,
  SURROGATE,
  foldAstral,
} from './fold-table.js'

/** A text in the form that detectors compare, with the way back to the original. */
export class NormalisedText {
  /** Normalised UTF-16 code units: the form to work on. */
  readonly codes: Uint16Array
  /** For unit `i`: `positions[2i]` and `positions[2i+1]` are start and end (exclusive) in the original. */
  readonly positions: Uint32Array
  #text: string | undefined

  /** `inOrder`: whether the units stand in the order of what they came from. */
  constructor(
    codes: Uint16Array,
    positions: Uint32Array,
    readonly inOrder = true,
  ) {
    this.codes = codes
    this.positions = positions
  }

  /** The normalised units as a string, made when first asked for. */
  get text(): string {
    this.#text ??= decode(this.codes)
    return this.#text
  }
}

/** The part of the original, `[start, end)` in UTF-16 units, that normalised units `start` to `end` (exclusive) came from. */
export function originalSpan(normalised: NormalisedText, start: number, end: number): [number, number] {
  const { positions } = normalised
  const last = positions.length >>> 1
  if (last === 0) return [0, 0]
  if (!normalised.inOrder) return widestSpan(positions, start, Math.min(end, last))
  if (start >= last) return [positions[2 * last - 1] ?? 0, positions[2 * last - 1] ?? 0]
  const from = positions[2 * start] ?? 0
  return [from, end > start ? (positions[2 * Math.min(end, last) - 1] ?? from) : from]
}

function widestSpan(positions: Uint32Array, start: number, end: number): [number, number] {
  let [from, to] = [positions[2 * start] ?? 0, positions[2 * start] ?? 0]
  for (let i = start; i < end; i += 1) {
    from = Math.min(from, positions[2 * i] ?? from)
    to = Math.max(to, positions[2 * i + 1] ?? to)
  }
  return [from, to]
}

/** Longest run of separators that may stand between single characters of one hidden word. */
const LONGEST_GAP = 3
/** This many single characters in a row are one word written apart. */
const SPELLED_LETTERS = 3
/** Digits alone are joined only from here on, so that a short enumeration stays one. */
const SPELLED_DIGITS = 5

/** Units per block: texts are cut from shared blocks, since a typed array of its own costs more than all else here. */
const BLOCK = 16_384
let blockCodes = new Uint16Array(BLOCK)
let blockPositions = new Uint32Array(2 * BLOCK)
let used = 0

/** Where the text at hand is written: `codes[0..n)` and `positions[0..2n)`. */
let codes = blockCodes
let positions = blockPositions

/** Makes room for `units` units in all, of which the first `n` are kept. */
function reserve(units: number, n: number): void {
  if (units <= codes.length) return
  const size = Math.max(BLOCK, 2 * units)
  blockCodes = new Uint16Array(size)
  blockPositions = new Uint32Array(2 * size)
  blockCodes.set(codes.subarray(0, n))
  blockPositions.set(positions.subarray(0, 2 * n))
  used = 0
  codes = blockCodes
  positions = blockPositions
}

/**
 * Brings a text to the form that all detectors compare: Unicode compatibility form, case, width, digits of any script,
 * traditional to simplified, no combining or zero-width characters, single spaces; characters written apart are joined
 * (`s.p.a.m`, `加 薇 信`; blanks between Han characters go), and look-alike letters become Latin inside words that mix
 * scripts, or where nothing else in the text is of their script.
 *
 * Works code point by code point: a base and a combining mark never compose. Doing it twice changes nothing. Lone
 * surrogates become U+FFFD; never throws; linear in the length.
 */
export function normalise(text: string): NormalisedText {
  return asShown(text, true)
}

/** Only the folding of single characters and blanks: nothing is joined, look-alikes stay. For what has its own grammar. */
export function foldCharacters(text: string): NormalisedText {
  return asShown(text, false)
}

/** Characters in the order in which they are shown: backwards within a right-to-left override. */
function asShown(text: string, whole: boolean): NormalisedText {
  if (!text.includes(OVERRIDE)) return bring(text, whole)
  const order = shownOrder(text)
  let shown = ''
  for (const at of order) shown += text[at]!
  const { codes: units, positions: from } = bring(shown, whole)
  const back = new Uint32Array(from.length)
  for (let i = 0; i < from.length; i += 2) {
    const [first, last] = [order[from[i]!]!, order[from[i + 1]! - 1]!]
    back[i] = Math.min(first, last)
    back[i + 1] = Math.max(first, last) + 1
  }
  return new NormalisedText(units, back, false)
}

const APART = (1 << Kind.space) | (1 << Kind.separator) | (1 << Kind.other)
const MARKED = (1 << Kind.separator) | (1 << Kind.other)

function bring(text: string, whole: boolean): NormalisedText {
  const length = text.length
  codes = blockCodes.subarray(used)
  positions = blockPositions.subarray(2 * used)
  reserve(length, 0)
  rareKinds = 0
  hasAside = false
  let out = codes
  let from = positions
  let n = 0
  let kinds = 0
  for (let i = 0; i < length; i += 1) {
    const folded = FOLD[text.charCodeAt(i)] as number
    if (folded < DELETED && folded !== SPACE) {
      out[n] = folded
      from[2 * n] = i
      from[2 * n + 1] = i + 1
      n += 1
      kinds |= 1 << (KIND[folded] as number)
    } else if (folded === SPACE) {
      n = add(n, SPACE, i, i + 1)
    } else {
      const cp = folded === SURROGATE ? (text.codePointAt(i) as number) : 0
      if (isRegional(cp) && isFlag(text, i)) {
        n = add(n, FLAG, i, i + 4)
        i += 3
        continue
      }
      const end = cp >= 0x10000 ? i + 2 : i + 1
      n = addRare(n, folded, cp, i, end, length)
      out = codes
      from = positions
      i = end - 1
    }
  }
  if (n > 0 && out[n - 1] === SPACE) n -= 1
  kinds |= rareKinds
  if (whole && kinds & MARKED) n = withoutMarkup(n)
  if (whole && kinds & APART) n = joinSpelledOut(n)
  if (whole && kinds & (1 << Kind.lookAlike)) foldLookAlikes(n, kinds)
  used += n
  return new NormalisedText(codes.subarray(0, n), positions.subarray(0, 2 * n), !hasAside)
}

/** Whether something of the text at hand was put at its end. */
let hasAside = false

/** The picture that stands for every flag. */
const FLAG = 0x2691
const isRegional = (cp = 0): boolean => cp >= 0x1f1e6 && cp <= 0x1f1ff

/** Whether the regional letter at `index` and its neighbour are shown as a flag; more of them in a row spell a word. */
function isFlag(text: string, index: number): boolean {
  return (
    isRegional(text.codePointAt(index + 2)) &&
    !isRegional(text.codePointAt(index + 4)) &&
    !(index >= 2 && isRegional(text.codePointAt(index - 2)))
  )
}

/** Kinds of the units that `add` wrote for the text at hand, as bits. */
let rareKinds = 0

/** Adds one unit; blanks only after something else, and only one. */
function add(n: number, unit: number, start: number, end: number): number {
  if (unit === SPACE && n === 0) return 0
  if (unit === SPACE && codes[n - 1] === SPACE) {
    positions[2 * n - 1] = end
    return n
  }
  codes[n] = unit
  positions[2 * n] = start
  positions[2 * n + 1] = end
  rareKinds |= 1 << (KIND[unit] as number)
  return n + 1
}

/** Adds what becomes of a character that is deleted, expanded, or beyond the basic plane. */
function addRare(n: number, folded: number, cp: number, start: number, end: number, length: number): number {
  const expansion =
    folded === DELETED
      ? NOTHING
      : folded !== SURROGATE
        ? (EXPANSIONS[folded - EXPANSION] as Uint16Array)
        : cp >= 0x10000
          ? foldAstral(cp)
          : LONE
  // What leaves nothing belongs to the character before it, as a combining mark does.
  // Not to a blank: how wide one is tells words apart.
  if (expansion.length === 0 && n > 0 && codes[n - 1] !== SPACE) positions[2 * n - 1] = end
  reserve(n + expansion.length + length - end, n)
  for (const unit of expansion) n = add(n, unit, start, end)
  return n
}

const NOTHING = new Uint16Array(0)
const LONE = Uint16Array.of(REPLACEMENT)

/** Marks that are gone can leave a tag, which can leave marks: so often both are looked for. */
const MOST_ROUNDS = 8

/** Takes away, in place, what is shown as nothing: tags, entities, marks of emphasis; returns the new length. Linear. */
function withoutMarkup(n: number): number {
  let length = n
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const tagless = some(OPENS, length) ? withoutTags(length) : length
    const plain = some(MARK, tagless) ? withoutEmphasis(tagless) : tagless
    if (plain === tagless) return plain
    length = plain
  }
  return length
}

function some(table: Uint8Array | Uint16Array, n: number): boolean {
  for (let i = 0; i < n; i += 1) if (table[codes[i] as number] !== 0) return true
  return false
}

const [AMPERSAND, SEMICOLON, LESS, GREATER] = [0x26, 0x3b, 0x3c, 0x3e]
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d]
const MARK = new Uint8Array(0x10000)
for (const mark of '*_~`|') MARK[mark.charCodeAt(0)] = 1
const [BACKTICK, ASTERISK, TILDE] = [0x60, 0x2a, 0x7e]
/** By what ends it: what opens it, and how far back that is looked for. */
const OPENS = new Uint16Array(0x10000)
const LONGEST = new Uint16Array(0x10000)
for (const [ends, opens, longest] of [
  [SEMICOLON, AMPERSAND, 32],
  [GREATER, LESS, 512],
  [CLOSE_BRACKET, OPEN_BRACKET, 128],
] as const) {
  OPENS[ends] = opens
  LONGEST[ends] = longest
}

/**
 * What is written comes on a stack, and whenever an end comes on it (`;`, `>`, `]`) what it ends is looked for on top: so nothing is
 * left that could be decoded again. What a tag says beside its name is read after the text: where tags are not understood, everybody
 * sees it.
 */
function withoutTags(n: number): number {
  let top = 0
  const aside: number[] = []
  const keepAside = (from: number, to: number): void => {
    if (from < to) aside.push(SPACE, positions[2 * from]!, positions[2 * from]! + 1)
    for (let i = from; i < to; i += 1) {
      const unit = codes[i] as number
      aside.push(ENDS_OR_OPENS.has(unit) ? SPACE : unit, positions[2 * i]!, positions[2 * i + 1]!)
    }
  }
  const push = (unit: number, start: number, end: number): void => {
    if (unit === SPACE && (top === 0 || codes[top - 1] === SPACE)) {
      if (top > 0) positions[2 * top - 1] = Math.max(end, positions[2 * top - 1] as number)
      return
    }
    codes[top] = unit
    positions[2 * top] = start
    positions[2 * top + 1] = end
    top += 1
    const opens = OPENS[unit] as number
    if (opens === 0) return
    const lowest = Math.max(0, top - (LONGEST[unit] as number))
    let at = top - 2
    while (at >= lowest && codes[at] !== opens) at -= 1
    if (at < lowest || !mayOpen(opens, codes[at + 1] as number)) return
    const shown = shownFor(String.fromCharCode(...codes.subarray(at, top)))
    if (shown === undefined || shown.units.length > top - at) return
    const from = positions[2 * at] as number
    keepAside(at + shown.asideFrom, at + shown.asideTo)
    top = at
    if (shown.units.length === 0 && top > 0 && codes[top - 1] !== SPACE) positions[2 * top - 1] = end
    for (const one of shown.units) push(one, from, end)
  }
  for (let i = 0; i < n; i += 1)
    push(codes[i] as number, positions[2 * i] as number, positions[2 * i + 1] as number)
  if (aside.length > 0) hasAside = true
  for (let i = 0; i < aside.length; i += 3) push(aside[i]!, aside[i + 1]!, aside[i + 2]!)
  return top > 0 && codes[top - 1] === SPACE ? top - 1 : top
}

/** Whether what stands behind `&`, `<` or `[` can begin something: most do not, and are not looked at closer. */
function mayOpen(opens: number, next: number): boolean {
  if (KIND[next] === Kind.latin) return true
  return opens === AMPERSAND ? next === NUMBER_SIGN : next === SLASH || next === EXCLAMATION
}

const [NUMBER_SIGN, SLASH, EXCLAMATION] = [0x23, 0x2f, 0x21]
const ENDS_OR_OPENS = new Set([AMPERSAND, SEMICOLON, LESS, GREATER, OPEN_BRACKET, CLOSE_BRACKET])

/** What is shown in the place of something written; what goes on being read besides, `[asideFrom, asideTo)` in it. */
interface Shown {
  readonly units: Uint16Array
  readonly asideFrom: number
  readonly asideTo: number
}

const shownAs = (units: Uint16Array, asideFrom = 0, asideTo = 0): Shown => ({ units, asideFrom, asideTo })

/** What is shown for an entity or a tag; undefined where it is none. */
function shownFor(written: string): Shown | undefined {
  const mark = markupOf(written)
  if (mark) return shownAs(mark.parts ? BLANK : NOTHING, ...mark.aside)
  if (!written.startsWith('&')) return undefined
  const cp = entityOf(written.slice(1, -1))
  return cp === undefined ? undefined : shownAs(cp === '' ? NOTHING : foldOf(cp))
}

const BLANK = Uint16Array.of(SPACE)

function foldOf(cp: number): Uint16Array {
  if (cp >= 0x10000) return foldAstral(cp)
  const folded = FOLD[cp] as number
  if (folded === DELETED) return NOTHING
  if (folded === SURROGATE) return LONE
  return folded >= EXPANSION ? (EXPANSIONS[folded - EXPANSION] as Uint16Array) : Uint16Array.of(folded)
}

/**
 * Takes away marks of emphasis (`**`, `__`, `~~`, `||`, backticks) that stand at a word or in it, where there are two of them at
 * least: one opens, one closes.
 */
function withoutEmphasis(n: number): number {
  let marks = 0
  for (let i = 0; i < n; i += 1) {
    if (MARK[codes[i] as number] === 0) continue
    const end = endOfMarks(i, n)
    // Four are one pair that closes and one that opens.
    if (isEmphasis(i, end, n)) marks += end - i === 4 ? 2 : 1
    i = end
  }
  if (marks < 2) return n
  let write = 0
  for (let i = 0; i < n; i += 1) {
    if (MARK[codes[i] as number] === 1) {
      const end = endOfMarks(i, n)
      if (isEmphasis(i, end, n)) {
        if (write > 0 && codes[write - 1] !== SPACE)
          positions[2 * write - 1] = positions[2 * end - 1] as number
      } else for (let kept = i; kept < end; kept += 1) write = move(kept, write)
      i = end - 1
    } else write = move(i, write)
  }
  return write
}

function endOfMarks(start: number, n: number): number {
  let end = start + 1
  while (end < n && MARK[codes[end] as number] === 1) end += 1
  return end
}

function isEmphasis(start: number, end: number, n: number): boolean {
  const [before, after] = [start > 0 ? kindAt(start - 1, n) : Kind.other, kindAt(end, n)]
  if (before < Kind.digit && after < Kind.digit) return false
  if (before === Kind.digit && after === Kind.digit) return false
  for (let at = start; at < end;) {
    let next = at + 1
    while (next < end && codes[next] === codes[at]) next += 1
    if (next - at > 4 || (next - at === 1 && !(end - start === 1 && isSingleEmphasis(at, before, after))))
      return false
    at = next
  }
  return true
}

/** Of one mark alone: at the end of a word, or an asterisk within one, as messengers and Markdown read it. */
function isSingleEmphasis(at: number, before: number, after: number): boolean {
  if (codes[at] === BACKTICK) return true
  const isEdge = before < Kind.digit !== after < Kind.digit
  // A wave at Han characters is a tone of voice.
  if (codes[at] === TILDE) return isEdge && before !== Kind.han && after !== Kind.han
  return isEdge || codes[at] === ASTERISK
}

const kindAt = (index: number, n: number): number =>
  index < n ? (KIND[codes[index] as number] as number) : Kind.other
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
const isGap = (kind: number): boolean => kind === Kind.space || kind === Kind.separator
const isGapOfLetters = (kind: number, unit: number): boolean =>
  isGap(kind) || (kind === Kind.other && (PARTS_LETTERS.has(unit) || isPicture(unit) || isLowSurrogate(unit)))
const PARTS_LETTERS = new Set([...',()[]{}'].map((mark) => mark.charCodeAt(0)))

function isPlainGap(from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (!isGap(KIND[codes[i] as number] as number)) return false
  return true
}

/** Where the next single character of a spelled-out word stands after the one at `index`, else -1. */
function nextSingle(index: number, n: number): number {
  let next = index + 1
  const parted = kindAt(index, n) === Kind.han ? isGap : isGapOfLetters
  while (next - index - 1 < LONGEST_GAP && next < n && parted(KIND[codes[next]!]!, codes[next]!)) next += 1
  const isSingle = kindAt(next, n) >= Kind.digit && kindAt(next + 1, n) < Kind.digit
  if (next === index + 1 || !isSingle) return -1
  // Punctuation between single Han characters parts sentences.
  return kindAt(next, n) === Kind.han && !isPlainGap(index + 1, next) ? -1 : next
}

/** Pictures, arrows and shapes say nothing between two characters of a word. Both halves of one beyond the basic plane count. */
function isPicture(unit: number): boolean {
  return (
    (unit >= 0xd83c && unit <= 0xd83e) ||
    (unit >= 0x2190 && unit <= 0x21ff) ||
    (unit >= 0x2300 && unit <= 0x23ff) ||
    (unit >= 0x25a0 && unit <= 0x27bf) ||
    (unit >= 0x2b05 && unit <= 0x2b55)
  )
}

/** So many pictures and blanks may stand between two Han characters of one word. */
const MOST_PICTURES = 30

/** Where the blanks, separators and pictures end that begin at `from`; not looked at further than they may stand in a word. */
function endOfHanGap(from: number, n: number): number {
  let [next, separators, pictures] = [from, 0, 0]
  while (next < n && separators <= LONGEST_GAP && pictures <= MOST_PICTURES) {
    const unit = codes[next] as number
    if (KIND[unit] === Kind.separator) separators += 1
    else if (KIND[unit] === Kind.space || isPicture(unit)) pictures += 1
    else break
    next += unit >= 0xd800 ? 2 : 1
  }
  return next
}

/** Joins characters written apart, in place; returns the new length. Each unit is looked at a bounded number of times. */
function joinSpelledOut(n: number): number {
  const out = codes
  let write = 0
  let read = 0
  let before: number = Kind.other
  /** What begins within a list is one as well: it is not looked through again from each of its members. */
  let listEnd = -1
  while (read < n) {
    const kind = KIND[out[read] as number] as number
    if (kind === Kind.han && before < Kind.digit && PARTING[codes[read + 1] ?? 0] === 1) {
      const last = lastPunctuated(read, n)
      if (last > read) {
        for (let i = read; i <= last; i += 1) if (kindAt(i, n) === Kind.han) write = move(i, write)
        before = Kind.han
        read = last + 1
        continue
      }
    }
    if (kind >= Kind.digit && before < Kind.digit && kindAt(read + 1, n) < Kind.digit) {
      const last = read > listEnd ? lastSpelledOut(read, n) : read
      if (last > read && isList(read, last)) listEnd = last
      else if (last > read) {
        const parted = isParted(read, last)
        for (let i = read; i <= last; i += 1) {
          if (kindAt(i, n) >= Kind.digit || (parted && isWide(i))) write = move(i, write)
        }
        before = kindAt(last, n)
        read = last + 1
        continue
      }
    } else if (
      before === Kind.han &&
      (isGap(kind) || (kind === Kind.other && isPicture(out[read] as number)))
    ) {
      const next = endOfHanGap(read, n)
      if (kindAt(next, n) === Kind.han) {
        // What follows goes on with the word, so it cannot begin a spelled-out one.
        write = move(next, write)
        read = next + 1
        continue
      }
    }
    before = kind
    if (read !== write) move(read, write)
    write += 1
    read += 1
  }
  return write
}

/** Punctuation that stands between single characters to hide a word; not `、`, which parts the members of a list. */
const PARTING = new Uint8Array(0x10000)
for (const mark of ',。;!?:()[]{}【】「」『』《》〈〉"#@&$%…') PARTING[mark.charCodeAt(0)] = 1
const PUNCTUATED_CHARACTERS = 4

/** Where single Han characters end that punctuation parts, from `first` on; `first` itself where they are few. */
function lastPunctuated(first: number, n: number): number {
  let [last, count] = [first, 1]
  for (;;) {
    let next = last + 1
    while (next - last <= LONGEST_GAP && next < n && isBetweenHan(codes[next] as number)) next += 1
    if (next === last + 1 || kindAt(next, n) !== Kind.han || kindAt(next + 1, n) >= Kind.digit) break
    last = next
    count += 1
  }
  return count >= PUNCTUATED_CHARACTERS ? last : first
}

const isBetweenHan = (unit: number): boolean => PARTING[unit] === 1 || isGap(KIND[unit] as number)

/** Where the spelled-out word, or list, that begins at `first` ends; `first` itself when there is none. */
function lastSpelledOut(first: number, n: number): number {
  let count = 0
  let words = 0
  let last = first
  for (let next = first; next >= 0; next = nextSingle(next, n)) {
    count += 1
    if (kindAt(next, n) !== Kind.digit) words += 1
    last = next
  }
  return count < (words > 0 ? SPELLED_LETTERS : SPELLED_DIGITS) ? first : last
}

/** Letters in the order of the alphabet, and initials: each followed by a dot and a blank. */
function isList(first: number, last: number): boolean {
  let [inOrder, initials] = [true, true]
  let before = first
  for (let i = first + 1; i <= last; i += 1) {
    if ((KIND[codes[i] as number] as number) < Kind.digit) continue
    if (codes[i] !== (codes[before] as number) + 1) inOrder = false
    if (i !== before + 3 || codes[before + 1] !== DOT || codes[before + 2] !== SPACE) initials = false
    before = i
  }
  return inOrder || initials
}

const DOT = 0x2e

/** Whether a unit is a blank that was wider than one character, and does not stand at a Han character, where blanks part nothing. */
const isWide = (index: number): boolean =>
  codes[index] === SPACE &&
  (positions[2 * index + 1] as number) - (positions[2 * index] as number) > 1 &&
  KIND[codes[index - 1] as number] !== Kind.han &&
  KIND[codes[index + 1] as number] !== Kind.han

/**
 * Whether wide blanks part the words of letters that are written apart by narrow ones. Not where three words of one letter would
 * follow each other: those would be taken for one word again.
 */
function isParted(first: number, last: number): boolean {
  let [narrow, wide, letters, singles] = [false, false, 0, 0]
  for (let i = first; i <= last + 1; i += 1) {
    if (i > last || isWide(i)) {
      wide ||= i <= last
      singles = letters === 1 ? singles + 1 : 0
      if (singles >= 3) return false
      letters = 0
    } else if ((KIND[codes[i] as number] as number) >= Kind.digit) letters += 1
    else narrow = true
  }
  return narrow && wide
}

function move(from: number, to: number): number {
  codes[to] = codes[from] as number
  positions[2 * to] = positions[2 * from] as number
  positions[2 * to + 1] = positions[2 * from + 1] as number
  return to + 1
}

/** Turns look-alikes into the Latin letters that they imitate, word by word, in place. */
function foldLookAlikes(n: number, kinds: number): void {
  const foreign = (kinds & (1 << Kind.letter)) === 0 && (kinds & ((1 << Kind.latin) | (1 << Kind.han))) !== 0
  let start = 0
  while (start < n) {
    let end = start
    let latin = 0
    let alike = 0
    let own = 0
    for (; end < n; end += 1) {
      const kind = KIND[codes[end] as number] as number
      if (kind === Kind.latin) latin += 1
      else if (kind === Kind.lookAlike) alike += 1
      else if (kind === Kind.letter) own += 1
      else if (kind !== Kind.digit) break
    }
    if (alike > 0 && (latin > 0 || (foreign && own === 0 && alike > 1))) {
      for (let i = start; i < end; i += 1) {
        const skeleton = SKELETON[codes[i] as number] as number
        if (skeleton !== 0) codes[i] = skeleton
      }
    }
    start = end + 1
  }
}

function decode(units: Uint16Array): string {
  if (units.length <= 1024) return String.fromCharCode(...units)
  return new TextDecoder('utf-16le').decode(units)
}
