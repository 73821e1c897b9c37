import type { WordEntry } from '#libs/policy/banks/bank-entries'
import { Automaton } from './automaton.js'
import { KIND, Kind } from '#libs/text/fold-table'
import { inOneGo } from '#libs/runtime/turns'
import { loadHanWords, standsAsWord } from './han-words.js'
import { type NormalisedText, normalise, originalSpan } from '#libs/text/normalise'
import { type DetectorSignal, MAX_SPANS, type Standing } from './signal.js'
import { beginsBefore, goesOnAt, isWordUnit } from './word-edges.js'

/** One term of a word bank, as the lexicon finds it. Several entries may share an id: they are spellings of one thing. */
export interface LexiconEntry extends Omit<WordEntry, 'act' | 'unambiguous'> {
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

/** Normalised units between a term and the nearest of its context: about a sentence. */
const NEAR = 80

/** What a pattern stands for: a term, or one of the phrases that terms share as their context or exceptions. */
type Use = { edges: number } & ({ entry: LexiconEntry } | { phrases: readonly string[] })

/** The patterns of some entries. */
interface Index {
  readonly automaton: Automaton
  readonly uses: readonly (readonly Use[])[]
  readonly patterns: number
}

/**
 * Finds the terms of a bank in a text. A lexicon that differs in little from another shares what that was built of, and is
 * built in no time.
 */
export class Lexicon {
  /** Throws `EmptyTermError`. */
  static of(entries: readonly LexiconEntry[]): Lexicon {
    return inOneGo(Lexicon.building(entries))
  }

  /** The same in pieces, between which others may have their turn: a bank of 100 000 entries takes seconds. */
  static *building(entries: readonly LexiconEntry[]): Generator<undefined, Lexicon> {
    return new Lexicon(yield* indexing(entries), yield* groupingById(entries), new Set(), [], undefined)
  }

  private constructor(
    private readonly base: Index,
    private readonly baseById: ReadonlyMap<string, readonly LexiconEntry[]>,
    /** Ids of entries of the base that are in it no more. */
    private readonly gone: ReadonlySet<string>,
    private readonly later: readonly LexiconEntry[],
    private readonly laterIndex: Index | undefined,
  ) {}

  /**
   * The same without the entries of these ids, and with others: as if built of what it holds then, but that the work is only in
   * what it was changed in so far. Throws `EmptyTermError`.
   */
  *growing(gone: ReadonlySet<string>, added: readonly LexiconEntry[]): Generator<undefined, Lexicon> {
    const later = [...this.later.filter(({ entryId }) => !isIn(gone, entryId)), ...added]
    const index = later.length > 0 ? yield* indexing(later) : undefined
    return new Lexicon(this.base, this.baseById, new Set([...this.gone, ...gone]), later, index)
  }

  /** What it looks for words by, and how many patterns those are: lexicons that grew from each other share the first. */
  get parts(): readonly { readonly patterns: number }[] {
    return this.laterIndex ? [this.base, this.laterIndex] : [this.base]
  }

  /** The entries under an id: what a signal of that id stands for. */
  entriesOf(id: string): readonly LexiconEntry[] {
    const here = (this.baseById.get(id) ?? []).filter(({ entryId }) => !isIn(this.gone, entryId))
    return [...here, ...this.later.filter((entry) => entry.id === id)]
  }

  /**
   * One signal per id and standing that occurs, with its highest score and its spans in the original. Where spans of one overlap,
   * the longest stays, then the leftmost; different signals may overlap. Ordered by first span, then by id. An entry that has
   * expired on `today` (RFC 3339 date) counts no more.
   */
  match(normalised: NormalisedText, today = ''): DetectorSignal[] {
    const hits = new Hits(normalised.codes)
    hits.scan(this.base, this.gone)
    if (this.laterIndex) hits.scan(this.laterIndex, NONE)
    const found = hits.byId(today)
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

const NONE: ReadonlySet<string> = new Set()
const isIn = (ids: ReadonlySet<string>, id: string | undefined): boolean => id !== undefined && ids.has(id)

/** Entries, or phrases, that are looked at in one piece of building. */
const PIECE = 256

function* groupingById(
  entries: readonly LexiconEntry[],
): Generator<undefined, Map<string, readonly LexiconEntry[]>> {
  const byId = new Map<string, LexiconEntry[]>()
  for (const [i, entry] of entries.entries()) {
    if (i % PIECE === PIECE - 1) yield
    const same = byId.get(entry.id)
    if (same) same.push(entry)
    else byId.set(entry.id, [entry])
  }
  return byId
}

function* indexing(entries: readonly LexiconEntry[]): Generator<undefined, Index> {
  const patterns: Uint16Array[] = []
  const uses: Use[][] = []
  const known = new Map<string, number>()
  const add = (id: string, text: string, edgesOf: (codes: Uint16Array) => number, use: UseOf): void => {
    const { text: normal, codes } = normalise(text)
    if (codes.length === 0) throw new EmptyTermError(id)
    let pattern = known.get(normal)
    if (pattern === undefined) {
      pattern = patterns.push(Uint16Array.from(codes)) - 1
      known.set(normal, pattern)
      uses.push([])
    }
    uses[pattern]!.push({ ...use, edges: edgesOf(codes) })
  }
  const listed = new Set<readonly string[]>()
  for (const [i, entry] of entries.entries()) {
    if (i % PIECE === PIECE - 1) yield
    add(entry.id, entry.term, (codes) => edgesOf(entry, codes), { entry })
    for (const phrases of [entry.context, entry.exceptions]) {
      if (!phrases || listed.has(phrases)) continue
      listed.add(phrases)
      for (const phrase of phrases) add(entry.id, phrase, wordEdges, { phrases })
    }
  }
  if (uses.some((some) => some.some(({ edges }) => (edges & HAN_WORD) !== 0))) loadHanWords()
  return { automaton: yield* Automaton.building(patterns), uses, patterns: patterns.length }
}

type UseOf = { entry: LexiconEntry } | { phrases: readonly string[] }

/** What is found in one text. */
class Hits {
  private terms: { entry: LexiconEntry; start: number; end: number }[] | undefined
  /** Where phrases of a context or of exceptions stand, in the order of their ends. */
  private places: Map<readonly string[], Place[]> | undefined

  constructor(private readonly codes: Uint16Array) {}

  scan({ automaton, uses }: Index, gone: ReadonlySet<string>): void {
    const { codes } = this
    automaton.scan(codes, (pattern, start, end) => {
      for (const use of uses[pattern] ?? []) {
        const { edges } = use
        if ((edges & WHOLE_START) !== 0 && beginsBefore(codes, start)) continue
        if ((edges & WHOLE_END) !== 0 && goesOnAt(codes, end)) continue
        if ((edges & HAN_WORD) !== 0 && !standsAsWord(codes, start, end)) continue
        if ('phrases' in use) this.place(use.phrases, { start, end })
        else if (!isIn(gone, use.entry.entryId)) (this.terms ??= []).push({ entry: use.entry, start, end })
      }
    })
  }

  /** Those that count, by standing and id; undefined where there are none. */
  byId(today: string): Map<string, Found> | undefined {
    let found: Map<string, Found> | undefined
    for (const { entry, start, end } of this.terms ?? []) {
      if (!this.counts(entry, start, end, today)) continue
      found ??= new Map()
      const { id, standing, score } = entry
      const key = `${standing ?? ''} ${id}`
      const hit = { start, end, score }
      const known = found.get(key)
      if (known) known.hits.push(hit)
      else found.set(key, { id, standing, hits: [hit] })
    }
    return found
  }

  private place(phrases: readonly string[], place: Place): void {
    this.places ??= new Map()
    const known = this.places.get(phrases)
    if (known) known.push(place)
    else this.places.set(phrases, [place])
  }

  private counts(
    { context, exceptions, expires }: LexiconEntry,
    start: number,
    end: number,
    today: string,
  ): boolean {
    if (expires !== undefined && expires < today) return false
    if (exceptions && this.some(exceptions, end, start, (one) => one.start <= start)) return false
    return !context || this.some(context, start - NEAR, end + NEAR, (one) => one.start <= end + NEAR)
  }

  /** Whether one of those that end at `from` or later fits; none that must begin after `to` is looked at. */
  private some(
    phrases: readonly string[],
    from: number,
    to: number,
    fits: (place: Place) => boolean,
  ): boolean {
    const places = this.places?.get(phrases)
    if (!places) return false
    let [low, high] = [0, places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (places[middle]!.end < from) low = middle + 1
      else high = middle
    }
    for (let i = low; i < places.length && places[i]!.end - LONGEST_PHRASE <= to; i++)
      if (fits(places[i]!)) return true
    return false
  }
}

/** In normalised units: 200 characters, some of which stand for several. */
const LONGEST_PHRASE = 800

interface Place {
  start: number
  end: number
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

function edgesOf({ wholeWord }: LexiconEntry, codes: Uint16Array): number {
  if (wholeWord === undefined) return wordEdges(codes)
  return wholeWord ? WHOLE_START | WHOLE_END : 0
}

function wordEdges(codes: Uint16Array): number {
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
