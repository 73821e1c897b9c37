import { Automaton } from './automaton.js'
import { KIND, Kind } from './fold-table.js'
import { loadHanWords, standsAsWord } from './han-words.js'
import { type NormalisedText, normalise, originalSpan } from './normalise.js'
import { type DetectorSignal, MAX_SPANS, type Standing } from './signal.js'
import { beginsBefore, goesOnAt, isWordUnit } from './word-edges.js'

/** One term of a word bank. Several entries may share an id: they are spellings of one thing. */
export interface LexiconEntry {
  id: string
  /** Compared in normalised form. */
  term: string
  category: string
  /** 0 to 1. */
  score: number
  /**
   * Whether the term must not go on into a longer word: by default, at an end that is a letter or digit of a script that
   * parts words by blanks. A short one in Han characters must not stand across others (`standsAsWord`).
   */
  wholeWord?: boolean
  /** What acting may rest on it; without, what two people approved and what is no proof by itself. */
  standing?: Standing
}

/** A term of which nothing remains after normalisation. */
export class EmptyTermError extends Error {
  override name = 'EmptyTermError'
  readonly slug = 'empty-term'

  constructor(readonly id: string) {
    super(`The term of ${id} holds nothing to compare.`)
  }
}

const WHOLE_START = 1
const WHOLE_END = 2
const HAN_WORD = 4
/** Longer terms in Han characters do not come together by chance; a single one is part of words by its nature. */
const HAN_WORD_LENGTH = { least: 2, most: 4 }

/** Finds the terms of a bank in a text, all in one pass. */
export class Lexicon {
  readonly #automaton: Automaton
  /** For a pattern: the spellings that it stands for. */
  readonly #byPattern: { entry: LexiconEntry; edges: number }[][] = []
  readonly #entries = new Map<string, LexiconEntry[]>()

  /** Throws `EmptyTermError`. */
  constructor(entries: readonly LexiconEntry[]) {
    const patterns: Uint16Array[] = []
    const known = new Map<string, number>()
    for (const entry of entries) {
      const term = normalise(entry.term)
      if (term.codes.length === 0) throw new EmptyTermError(entry.id)
      let pattern = known.get(term.text)
      if (pattern === undefined) {
        pattern = patterns.push(Uint16Array.from(term.codes)) - 1
        known.set(term.text, pattern)
        this.#byPattern.push([])
      }
      this.#byPattern[pattern]?.push({ entry, edges: edgesOf(entry, term.codes) })
      const same = this.#entries.get(entry.id)
      if (same) same.push(entry)
      else this.#entries.set(entry.id, [entry])
    }
    this.#automaton = new Automaton(patterns)
    if (this.#byPattern.some((spellings) => spellings.some(({ edges }) => (edges & HAN_WORD) !== 0)))
      loadHanWords()
  }

  /** The entries under an id: what a signal of that id stands for. */
  entriesOf(id: string): readonly LexiconEntry[] {
    return this.#entries.get(id) ?? []
  }

  /**
   * One signal per id and standing that occurs, with its highest score and its spans in the original. Where spans of one overlap,
   * the longest stays, then the leftmost; different signals may overlap. Ordered by first span, then by id.
   */
  match(normalised: NormalisedText): DetectorSignal[] {
    const { codes } = normalised
    let found: Map<string, Found> | undefined
    this.#automaton.scan(codes, (pattern, start, end) => {
      for (const { entry, edges } of this.#byPattern[pattern] ?? []) {
        if ((edges & WHOLE_START) !== 0 && beginsBefore(codes, start)) continue
        if ((edges & WHOLE_END) !== 0 && goesOnAt(codes, end)) continue
        if ((edges & HAN_WORD) !== 0 && !standsAsWord(codes, start, end)) continue
        found ??= new Map()
        const { id, standing, score } = entry
        const key = `${standing ?? ''} ${id}`
        const hit = { start, end, score }
        const known = found.get(key)
        if (known) known.hits.push(hit)
        else found.set(key, { id, standing, hits: [hit] })
      }
    })
    if (!found) return []
    const signals = Array.from(found.values(), ({ id, standing, hits }): DetectorSignal => {
      const kept = withoutOverlaps(hits)
      return {
        detector: 'lexicon',
        id,
        score: kept.reduce((most, hit) => Math.max(most, hit.score), 0),
        spans: kept.slice(0, MAX_SPANS).map((hit) => originalSpan(normalised, hit.start, hit.end)),
        ...(standing ? { standing } : {}),
      }
    })
    return signals.sort((a, b) => firstOf(a) - firstOf(b) || (a.id < b.id ? -1 : 1))
  }
}

interface Found {
  id: string
  standing: Standing | undefined
  hits: Hit[]
}

interface Hit {
  start: number
  end: number
  score: number
}

const firstOf = (signal: DetectorSignal): number => signal.spans[0]?.[0] ?? 0

function edgesOf(entry: LexiconEntry, codes: Uint16Array): number {
  if (entry.wholeWord === false) return 0
  if (entry.wholeWord) return WHOLE_START | WHOLE_END
  return (
    (isWordUnit(codes[0]) ? WHOLE_START : 0) |
    (isWordUnit(codes[codes.length - 1]) ? WHOLE_END : 0) |
    (isShortHan(codes) ? HAN_WORD : 0)
  )
}

function isShortHan(codes: Uint16Array): boolean {
  const { least, most } = HAN_WORD_LENGTH
  return codes.length >= least && codes.length <= most && codes.every((unit) => KIND[unit] === Kind.han)
}

/** Longest first, then leftmost, then highest; each kept one rules out what overlaps it. In order of position. */
function withoutOverlaps(hits: Hit[]): Hit[] {
  if (hits.length === 1) return hits
  const byLength = [...hits].sort(
    (a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start || b.score - a.score,
  )
  const taken = new Map<number, true>()
  const kept: Hit[] = []
  for (const hit of byLength) {
    // A kept hit is at least as long, so it covers an end of whatever overlaps it.
    if (taken.has(hit.start) || taken.has(hit.end - 1)) continue
    for (let i = hit.start; i < hit.end; i += 1) taken.set(i, true)
    kept.push(hit)
  }
  return kept.sort((a, b) => a.start - b.start)
}
