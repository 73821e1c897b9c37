import { dict } from '@node-rs/jieba/dict.js'
import { KIND, Kind } from '#libs/text/fold-table'

/** Longer words of the dictionary are left out: they fit in no 64 bits, and seldom decide where a shorter one ends. */
const LONGEST_WORD = 4
/** Units on each side of a term that are read with it. */
const MARGIN = 6
const SLOTS = 1 << 20
/** How often a word stands in the texts that the dictionary was counted in, where it is not in it. */
const RARE = 3
const SEEN_ONCE = 1

/** Words of Chinese and how frequent they are: the logarithm of their share, under up to four units packed in 64 bits. */
class HanWords {
  readonly #keys = new Uint32Array(2 * SLOTS)
  readonly #logs = new Float32Array(SLOTS)
  readonly #logOfTotal: number

  constructor() {
    const lines = new TextDecoder().decode(dict).split('\n')
    let total = 0
    for (const line of lines) {
      const blank = line.indexOf(' ')
      if (blank < 1) continue
      const count = parseInt(line.slice(blank + 1), 10)
      total += count
      if (blank > LONGEST_WORD || count <= 0) continue
      this.#set(line, blank, Math.log(count))
    }
    this.#logOfTotal = Math.log(total)
  }

  /** The logarithm of the share of the word `codes[start..end)`; undefined where it is not known. */
  logOf(codes: Uint16Array, start: number, end: number): number | undefined {
    const [high, low] = keyOf((i) => codes[start + i]!, end - start)
    for (let slot = slotOf(high, low); ; slot = (slot + 1) & (SLOTS - 1)) {
      if (this.#keys[2 * slot] === 0) return undefined
      if (this.#keys[2 * slot] === high && this.#keys[2 * slot + 1] === low)
        return (this.#logs[slot] as number) - this.#logOfTotal
    }
  }

  logOfCount(count: number): number {
    return Math.log(count) - this.#logOfTotal
  }

  #set(word: string, length: number, log: number): void {
    const [high, low] = keyOf((i) => word.charCodeAt(i), length)
    let slot = slotOf(high, low)
    while (this.#keys[2 * slot] !== 0) slot = (slot + 1) & (SLOTS - 1)
    this.#keys[2 * slot] = high
    this.#keys[2 * slot + 1] = low
    this.#logs[slot] = log
  }
}

function keyOf(unitAt: (i: number) => number, length: number): [high: number, low: number] {
  const unit = (i: number) => (i < length ? unitAt(i) : 0)
  return [((unit(0) << 16) | unit(1)) >>> 0, ((unit(2) << 16) | unit(3)) >>> 0]
}

function slotOf(high: number, low: number): number {
  const mixed = Math.imul(Math.imul(high, 0x9e3779b1) ^ low, 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) & (SLOTS - 1)
}

let words: HanWords | undefined

/** Reads the dictionary, if it is not read yet: a fifth of a second that no message should wait for. */
export function loadHanWords(): void {
  words ??= new HanWords()
}

/**
 * Whether `codes[start..end)`, a term in Han characters, stands there as words of its own and not in pieces of others, as 代开 in
 * 年代开始: of all ways to part its surroundings into words of the dictionary the likeliest (product of frequencies) must not cut
 * it off in the middle of one. The term counts as a rare word where the dictionary does not know it. Bounded work.
 */
export function standsAsWord(codes: Uint16Array, start: number, end: number): boolean {
  const known = (words ??= new HanWords())
  let from = start
  while (from > 0 && start - from < MARGIN && KIND[codes[from - 1] as number] === Kind.han) from -= 1
  let to = end
  while (to < codes.length && to - end < MARGIN && KIND[codes[to] as number] === Kind.han) to += 1
  if (from === start && to === end) return true
  const free = likeliest(known, codes, from, to)
  const own = Math.max(
    likeliest(known, codes, start, end),
    end - start <= LONGEST_WORD
      ? Math.max(known.logOf(codes, start, end) ?? -Infinity, known.logOfCount(RARE))
      : known.logOfCount(RARE),
  )
  const apart = likeliest(known, codes, from, start) + own + likeliest(known, codes, end, to)
  return apart >= free
}

/** The logarithm of the likeliest way to part `codes[from..to)` into words. */
function likeliest(known: HanWords, codes: Uint16Array, from: number, to: number): number {
  const best = new Float64Array(to - from + 1).fill(-Infinity)
  best[0] = 0
  for (let at = from; at < to; at += 1) {
    const so = best[at - from] as number
    for (let length = 1; length <= LONGEST_WORD && at + length <= to; length += 1) {
      const log =
        known.logOf(codes, at, at + length) ?? (length === 1 ? known.logOfCount(SEEN_ONCE) : -Infinity)
      best[at - from + length] = Math.max(best[at - from + length] as number, so + log)
    }
  }
  return best[to - from] as number
}
