import { inOneGo } from '#libs/runtime/turns'

/** Called for each occurrence: which pattern, and where it stands, `[start, end)` in units. */
export type OnMatch = (pattern: number, start: number, end: number) => void

const SLOT = 3
/** States, or patterns, that are looked at in one piece of building. */
const PIECE = 1_024

/**
 * Aho-Corasick over 16-bit units in typed arrays: all occurrences of all patterns in one pass (Aho and Corasick 1975,
 * "Efficient string matching"). Transitions stand in one open-addressed table, those of the root in a dense one; a mask
 * per state tells most missing transitions without a look at the table.
 */
export class Automaton {
  readonly #lengths: Uint32Array
  readonly #root = new Int32Array(0x10000)
  readonly #fail: Int32Array
  /** For a state: the pattern that ends there, plus one; else 0. */
  readonly #ends: Int32Array
  /** For a state: the nearest state among its suffixes where a pattern ends; else 0. */
  readonly #shorter: Int32Array
  readonly #mask: Int32Array
  /** Slots of `[state, unit, next]`; state 0 is an empty slot, as the root has its own table. */
  readonly #table: Int32Array
  readonly #slotMask: number

  /** The patterns must be distinct and not empty. */
  static of(patterns: readonly Uint16Array[]): Automaton {
    return inOneGo(Automaton.building(patterns))
  }

  /** The same in pieces, between which others may have their turn: 100 000 patterns take the longer part of a second. */
  static *building(patterns: readonly Uint16Array[]): Generator<undefined, Automaton> {
    const trie = yield* buildingTrie(patterns)
    const automaton = new Automaton(patterns, trie)
    yield* automaton.#linking(trie)
    return automaton
  }

  private constructor(patterns: readonly Uint16Array[], trie: Trie) {
    this.#lengths = Uint32Array.from(patterns, (p) => p.length)
    const states = trie.parent.length
    this.#ends = trie.ends
    this.#fail = new Int32Array(states)
    this.#shorter = new Int32Array(states)
    this.#mask = new Int32Array(states)
    let slots = 4
    while (slots < 2 * states) slots *= 2
    this.#slotMask = slots - 1
    this.#table = new Int32Array(SLOT * slots)
  }

  *#linking({ parent: parents, unit: units }: Trie): Generator<undefined, void> {
    // States are numbered breadth first, so a suffix of a state is ready before the state.
    for (let state = 1; state < parents.length; state += 1) {
      if (state % PIECE === 0) yield
      const parent = parents[state] as number
      const unit = units[state] as number
      if (parent === 0) {
        this.#root[unit] = state
        continue
      }
      this.#insert(parent, unit, state)
      const fail = this.#step(this.#fail[parent] as number, unit)
      this.#fail[state] = fail
      this.#shorter[state] = this.#ends[fail] !== 0 ? fail : (this.#shorter[fail] as number)
    }
  }

  /** Reports every occurrence, by the position where it ends, the longest first. Linear in text plus matches. */
  scan(text: Uint16Array, onMatch: OnMatch): void {
    let state = 0
    for (let i = 0; i < text.length; i += 1) {
      const unit = text[i] as number
      state = state === 0 ? (this.#root[unit] as number) : this.#step(state, unit)
      if (state === 0) continue
      let at = this.#ends[state] !== 0 ? state : (this.#shorter[state] as number)
      while (at !== 0) {
        const pattern = (this.#ends[at] as number) - 1
        onMatch(pattern, i + 1 - (this.#lengths[pattern] as number), i + 1)
        at = this.#shorter[at] as number
      }
    }
  }

  #step(from: number, unit: number): number {
    for (let state = from; state !== 0; state = this.#fail[state] as number) {
      if (((this.#mask[state] as number) & (1 << (unit & 31))) === 0) continue
      let slot = hash(state, unit) & this.#slotMask
      for (let owner = this.#table[SLOT * slot]; owner !== 0; owner = this.#table[SLOT * slot]) {
        if (owner === state && this.#table[SLOT * slot + 1] === unit)
          return this.#table[SLOT * slot + 2] as number
        slot = (slot + 1) & this.#slotMask
      }
    }
    return this.#root[unit] as number
  }

  #insert(state: number, unit: number, next: number): void {
    let slot = hash(state, unit) & this.#slotMask
    while (this.#table[SLOT * slot] !== 0) slot = (slot + 1) & this.#slotMask
    this.#table[SLOT * slot] = state
    this.#table[SLOT * slot + 1] = unit
    this.#table[SLOT * slot + 2] = next
    this.#mask[state] = (this.#mask[state] as number) | (1 << (unit & 31))
  }
}

/** Multiplicative hashing (Knuth, TAOCP 3, 6.4): the high bits, folded down, are the well-mixed ones. */
function hash(state: number, unit: number): number {
  const mixed = Math.imul(Math.imul(state, 0x9e3779b1) ^ unit, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

interface Trie {
  /** For a state, the state that it was reached from, and by which unit; the root is 0. */
  parent: Int32Array
  unit: Uint16Array
  ends: Int32Array
}

/** Level by level: sorted patterns that share a prefix stand together, so each level is one walk over them. */
function* buildingTrie(patterns: readonly Uint16Array[]): Generator<undefined, Trie> {
  const parents: number[] = [-1]
  const units: number[] = [0]
  const ends: number[] = [0]
  const stateOf = new Int32Array(patterns.length)
  let open = yield* sorting(patterns)
  for (let depth = 0; open.length > 0; depth += 1) {
    const deeper: number[] = []
    let [lastParent, lastUnit] = [-1, -1]
    for (const [i, index] of open.entries()) {
      if (i % PIECE === PIECE - 1) yield
      const pattern = patterns[index] as Uint16Array
      const unit = pattern[depth] as number
      const parent = stateOf[index] as number
      if (parent !== lastParent || unit !== lastUnit) {
        parents.push(parent)
        units.push(unit)
        ends.push(0)
        ;[lastParent, lastUnit] = [parent, unit]
      }
      stateOf[index] = parents.length - 1
      if (pattern.length === depth + 1) ends[parents.length - 1] = index + 1
      else deeper.push(index)
    }
    open = deeper
  }
  return { parent: Int32Array.from(parents), unit: Uint16Array.from(units), ends: Int32Array.from(ends) }
}

/** The numbers of the patterns in the patterns' order: runs that are sorted by themselves, then merged in pairs (Knuth, TAOCP 3, 5.2.4). */
function* sorting(patterns: readonly Uint16Array[]): Generator<undefined, number[]> {
  const order = (a: number, b: number): number => compare(patterns[a], patterns[b])
  let runs: number[][] = []
  for (let from = 0; from < patterns.length; from += PIECE) {
    const length = Math.min(PIECE, patterns.length - from)
    runs.push(Array.from({ length }, (_, i) => from + i).sort(order))
    yield
  }
  while (runs.length > 1) {
    const merged: number[][] = []
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* merging(runs[i]!, runs[i + 1] ?? [], order))
    runs = merged
  }
  return runs[0] ?? []
}

function* merging(
  one: readonly number[],
  other: readonly number[],
  order: (a: number, b: number) => number,
): Generator<undefined, number[]> {
  const merged: number[] = []
  let [i, j] = [0, 0]
  while (i < one.length || j < other.length) {
    if (merged.length % PIECE === PIECE - 1) yield
    const first = j === other.length || (i < one.length && order(one[i]!, other[j]!) <= 0)
    merged.push(first ? one[i++]! : other[j++]!)
  }
  return merged
}

function compare(a: Uint16Array = EMPTY, b: Uint16Array = EMPTY): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const EMPTY = new Uint16Array(0)
