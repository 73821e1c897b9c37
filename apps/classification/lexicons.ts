import { readEntry, type WordEntry, type WrittenEntry } from '#libs/policy/banks/bank-entries'
import { entryIdOf } from '#libs/policy/banks/bank-versions'
import { Lexicon, type LexiconEntry } from './detectors/lexicon.js'
import { UnreadablePolicyError } from './unreadable-policy.js'

/** With more changes than that a lexicon is built anew: what changed is built again each time. */
const MAX_CHANGES = 1_000

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
    const written = byEntryId(entries)
    if (!written) return Lexicon.of(read(entries))
    const built = this.grown(written) ?? { lexicon: Lexicon.of(read(entries)), written, changes: 0 }
    this.last = built
    return built.lexicon
  }

  private grown(written: ReadonlyMap<string, WrittenEntry>): Built | undefined {
    if (!this.last) return undefined
    const { lexicon, written: before } = this.last
    const added = [...written].flatMap(([id, entry]) => (before.get(id) === entry ? [] : [entry]))
    const gone = new Set([...before].flatMap(([id, entry]) => (written.get(id) === entry ? [] : [id])))
    const changes = this.last.changes + Math.max(added.length, gone.size)
    if (changes > MAX_CHANGES) return undefined
    if (added.length === 0 && gone.size === 0) return { lexicon, written, changes: this.last.changes }
    return { lexicon: lexicon.with(gone, read(added)), written, changes }
  }
}

/** Undefined where not every entry has an id: the files of the first start have none. */
function byEntryId(entries: readonly WrittenEntry[]): Map<string, WrittenEntry> | undefined {
  const written = new Map<string, WrittenEntry>()
  for (const entry of entries) {
    const id = entryIdOf(entry)
    if (id === undefined) return undefined
    written.set(id, entry)
  }
  return written
}

function read(entries: readonly WrittenEntry[]): LexiconEntry[] {
  return entries.flatMap((entry, i) => {
    const { entries: words, errors } = readEntry('words', entry, `entries[${i}]`)
    if (errors.length > 0)
      throw new UnreadablePolicyError(
        `Words cannot be read: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
      )
    return (words as WordEntry[]).map(withStanding)
  })
}

/** What two people did not approve of leads to review; a phrase is no proof by itself unless its entry says so. */
function withStanding(entry: WordEntry): LexiconEntry {
  const { act, unambiguous, ...rest } = entry
  return { ...rest, standing: !act ? 'review' : unambiguous === true ? 'alone' : 'company' }
}
