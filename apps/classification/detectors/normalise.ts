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

  constructor(codes: Uint16Array, positions: Uint32Array) {
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
  if (start >= last) return [positions[2 * last - 1] ?? 0, positions[2 * last - 1] ?? 0]
  const from = positions[2 * start] ?? 0
  return [from, end > start ? (positions[2 * Math.min(end, last) - 1] ?? from) : from]
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
  return bring(text, true)
}

/** Only the folding of single characters and blanks: nothing is joined, look-alikes stay. For what has its own grammar. */
export function foldCharacters(text: string): NormalisedText {
  return bring(text, false)
}

function bring(text: string, whole: boolean): NormalisedText {
  const length = text.length
  codes = blockCodes.subarray(used)
  positions = blockPositions.subarray(2 * used)
  reserve(length, 0)
  rareKinds = 0
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
      const end = cp >= 0x10000 ? i + 2 : i + 1
      n = addRare(n, folded, cp, i, end, length)
      out = codes
      from = positions
      i = end - 1
    }
  }
  if (n > 0 && out[n - 1] === SPACE) n -= 1
  kinds |= rareKinds
  if (whole && kinds & ((1 << Kind.space) | (1 << Kind.separator))) n = joinSpelledOut(n)
  if (whole && kinds & (1 << Kind.lookAlike)) foldLookAlikes(n, kinds)
  used += n
  return new NormalisedText(codes.subarray(0, n), positions.subarray(0, 2 * n))
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
  if (expansion.length === 0 && n > 0) positions[2 * n - 1] = end
  reserve(n + expansion.length + length - end, n)
  for (const unit of expansion) n = add(n, unit, start, end)
  return n
}

const NOTHING = new Uint16Array(0)
const LONE = Uint16Array.of(REPLACEMENT)

const kindAt = (index: number, n: number): number =>
  index < n ? (KIND[codes[index] as number] as number) : Kind.other
const isGap = (kind: number): boolean => kind === Kind.space || kind === Kind.separator

/** Where the next single character of a spelled-out word stands after the one at `index`, else -1. */
function nextSingle(index: number, n: number): number {
  let next = index + 1
  while (next - index - 1 < LONGEST_GAP && isGap(kindAt(next, n))) next += 1
  return next > index + 1 && kindAt(next, n) >= Kind.digit && kindAt(next + 1, n) < Kind.digit ? next : -1
}

/** Joins characters written apart, in place; returns the new length. Each unit is looked at a bounded number of times. */
function joinSpelledOut(n: number): number {
  const out = codes
  let write = 0
  let read = 0
  let before: number = Kind.other
  while (read < n) {
    const kind = KIND[out[read] as number] as number
    if (kind >= Kind.digit && before < Kind.digit && kindAt(read + 1, n) < Kind.digit) {
      const last = lastSpelledOut(read, n)
      if (last > read) {
        for (let i = read; i <= last; i += 1) {
          if (kindAt(i, n) >= Kind.digit) write = move(i, write)
        }
        before = kindAt(last, n)
        read = last + 1
        continue
      }
    } else if (before === Kind.han && isGap(kind)) {
      let next = read + 1
      while (next - read < LONGEST_GAP && isGap(kindAt(next, n))) next += 1
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

/** Where the spelled-out word that begins at `first` ends; `first` itself when there is none. */
function lastSpelledOut(first: number, n: number): number {
  let count = 0
  let words = 0
  let last = first
  for (let next = first; next >= 0; next = nextSingle(next, n)) {
    count += 1
    if (kindAt(next, n) !== Kind.digit) words += 1
    last = next
  }
  return count >= (words > 0 ? SPELLED_LETTERS : SPELLED_DIGITS) ? last : first
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
