import { readEntry, type WordEntry, type WrittenEntry } from '#libs/policy/banks/bank-entries'
import { entryIdOf } from '#libs/policy/banks/bank-versions'
import { inOneGo } from '#libs/runtime/turns'
import { Lexicon, type LexiconEntry } from './detectors/lexicon.js'
import { UnreadablePolicyError } from './unreadable-policy.js'

/** With more changes than that, and than this part of it, a lexicon is built anew: what changed is built again each time. */
const MAX_CHANGES = 1_000
const MAX_CHANGED_PART = 1 / 4

interface Built {
  readonly lexicon: Lexicon
  readonly written: ReadonlyMap<string, WrittenEntry>
  /** How many changes it is away from one that was built as a whole. */
  readonly changes: number
}

/** Builds lexicons, each from the one before it where little changed: a bank of 100 000 entries takes the longer part of a second as a whole. */
export class Lexicons {
  private last: Built | undefined

  /**
   * The lexicon of word entries as they are written. What changed is told by the objects themselves: an entry that is the same object
   * as before is the same. @throws UnreadablePolicyError
   */
  of(entries: readonly WrittenEntry[]): Lexicon {
    return inOneGo(this.building(entries))
  }

  /** The same in pieces, between which others may have their turn. */
  *building(entries: readonly WrittenEntry[]): Generator<undefined, Lexicon> {
    const written = yield* byEntryId(entries)
    if (!written) return yield* Lexicon.building(yield* reading(entries))
    const built = (yield* this.growing(written)) ?? {
      lexicon: yield* Lexicon.building(yield* reading(entries)),
      ...{ written, changes: 0 },
    }
    this.last = built
    return built.lexicon
  }

  private *growing(written: ReadonlyMap<string, WrittenEntry>): Generator<undefined, Built | undefined> {
    if (!this.last) return undefined
    const { lexicon, written: before, changes: earlier } = this.last
    const added = (yield* missingIn(before, written)).map(([, entry]) => entry)
    const gone = new Set((yield* missingIn(written, before)).map(([id]) => id))
    const changes = earlier + Math.max(added.length, gone.size)
    if (changes > Math.max(MAX_CHANGES, MAX_CHANGED_PART * lexicon.parts[0]!.patterns)) return undefined
    if (added.length === 0 && gone.size === 0) return { lexicon, written, changes: earlier }
    return { lexicon: yield* lexicon.growing(gone, yield* reading(added)), written, changes }
  }
}

/** Entries that are looked at in one piece of building. */
const PIECE = 256

/** Those of `entries` that are not the same in `others`. */
function* missingIn(
  others: ReadonlyMap<string, WrittenEntry>,
  entries: ReadonlyMap<string, WrittenEntry>,
): Generator<undefined, (readonly [string, WrittenEntry])[]> {
  const missing: (readonly [string, WrittenEntry])[] = []
  let seen = 0
  for (const one of entries) {
    if (seen++ % PIECE === PIECE - 1) yield
    if (others.get(one[0]) !== one[1]) missing.push(one)
  }
  return missing
}

/** Undefined where not every entry has an id: the files of the first start have none. */
function* byEntryId(
  entries: readonly WrittenEntry[],
): Generator<undefined, Map<string, WrittenEntry> | undefined> {
  const written = new Map<string, WrittenEntry>()
  for (const [i, entry] of entries.entries()) {
    if (i % PIECE === PIECE - 1) yield
    const id = entryIdOf(entry)
    if (id === undefined) return undefined
    written.set(id, entry)
  }
  return written
}

function* reading(entries: readonly WrittenEntry[]): Generator<undefined, LexiconEntry[]> {
  const read: LexiconEntry[] = []
  for (const [i, entry] of entries.entries()) {
    if (i % PIECE === PIECE - 1) yield
    const { entries: words, errors } = readEntry('words', entry, `entries[${i}]`)
    if (errors.length > 0)
      throw new UnreadablePolicyError(
        `Words cannot be read: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
      )
    for (const word of words as WordEntry[]) read.push(withStanding(word))
  }
  return read
}

/** What two people did not approve of leads to review; a phrase is no proof by itself unless its entry says so. */
function withStanding(entry: WordEntry): LexiconEntry {
  const { act, unambiguous, ...rest } = entry
  return { ...rest, standing: !act ? 'review' : unambiguous === true ? 'alone' : 'company' }
}
