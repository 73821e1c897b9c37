import { type BankKind, isBankKind, type WrittenEntry } from './bank-entries.js'

/** What the text of a version of a bank says: all of its entries, or what changed since the version `base`. */
export interface BankDocument {
  readonly kind: BankKind
  /** The version that this one changes; absent where all entries are given. */
  readonly base?: string
  /** With `base` those that were added or changed, each with its `entryId`. */
  readonly entries: readonly WrittenEntry[]
  /** Ids of those that are no more. */
  readonly removed?: readonly string[]
}

/** A bank as it stands: by `entryId`, or by place where an entry has none. */
export type BankEntries = ReadonlyMap<string | number, WrittenEntry>

/** The entries that a text gives in full. */
export function entriesIn({ entries }: Pick<BankDocument, 'entries'>): BankEntries {
  return new Map(entries.map((entry, place) => [entryIdOf(entry) ?? place, entry]))
}

/** A bank after a change. Entries that are not named stay the same objects, so that who made something of them can tell. */
export function changed(
  before: BankEntries,
  { entries, removed = [] }: Pick<BankDocument, 'entries' | 'removed'>,
): BankEntries {
  const after = new Map(before)
  for (const id of removed) after.delete(id)
  for (const entry of entries) {
    const id = entryIdOf(entry)
    if (id !== undefined) after.set(id, entry)
  }
  return after
}

/** The id of a written entry, where it has one. */
export function entryIdOf({ entryId }: WrittenEntry): string | undefined {
  return typeof entryId === 'string' ? entryId : undefined
}

/** The document of a published record as that of a bank; undefined where it is none. */
export function bankDocumentOf(document: Readonly<Record<string, unknown>>): BankDocument | undefined {
  const { kind, entries, base, removed } = document
  if (!isBankKind(kind) || !Array.isArray(entries)) return undefined
  const ids = Array.isArray(removed) ? removed.filter((id) => typeof id === 'string') : []
  return {
    kind,
    entries: entries as WrittenEntry[],
    ...(typeof base === 'string' ? { base, removed: ids } : {}),
  }
}

/** Versions that were put together last are kept, so that the next is one change away. */
const MAX_KEPT = 4

/** Puts versions of banks together from their texts and what they change. */
export class BankVersions {
  private readonly kept = new Map<string, BankEntries>()

  /**
   * A version with all of its entries; undefined where its text, or that of a version it builds on, is not there. `textOf`: what was
   * published as the text of a version of this bank.
   */
  whole(
    bank: string,
    version: string,
    textOf: (version: string) => BankDocument | undefined,
  ): BankDocument | undefined {
    const chain: BankDocument[] = []
    const seen = new Set<string>()
    let entries: BankEntries | undefined
    for (let at: string | undefined = version; at !== undefined;) {
      const text = textOf(at)
      if (!text || seen.has(at)) return undefined
      seen.add(at)
      entries = this.kept.get(keyOf(bank, at))
      if (entries) {
        if (at === version) return { kind: text.kind, entries: [...entries.values()] }
        break
      }
      chain.push(text)
      at = text.base
    }
    const { kind } = chain[0]!
    for (const text of chain.reverse())
      entries = text.base === undefined ? entriesIn(text) : changed(entries!, text)
    this.keep(keyOf(bank, version), entries!)
    return { kind, entries: [...entries!.values()] }
  }

  private keep(key: string, entries: BankEntries): void {
    this.kept.set(key, entries)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break
      this.kept.delete(oldest)
    }
  }
}

const keyOf = (bank: string, version: string): string => JSON.stringify([bank, version])
