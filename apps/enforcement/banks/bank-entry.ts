import type { BankKind, WrittenEntry } from '#libs/policy/banks/bank-entries'

/** How an entry stands: it counts, counts only for review until a second person approves, or does not count. */
export const BANK_ENTRY_STATES = ['live', 'waiting', 'quarantined', 'removed'] as const
export type BankEntryState = (typeof BANK_ENTRY_STATES)[number]

/** Who did something, and when. */
export interface Step {
  readonly by: string
  readonly at: Date
}

/** One entry of a bank, as people see and change it. */
export interface BankEntry {
  readonly entryId: string
  readonly bank: string
  readonly kind: BankKind
  /** As it was written, without `entryId`; `act` in it says what was asked for. */
  readonly written: WrittenEntry
  readonly state: BankEntryState
  readonly created: Step
  /** Who wrote it as it stands now. */
  readonly changed: Step
  /** Counts its texts: 1 where it stands as it was made. */
  readonly revision: number
  /** Who approved that it may act as it stands now. */
  readonly approved: Step | null
  readonly quarantine: (Step & { readonly reasons: string }) | null
  readonly removed: Step | null
  /** The import that wrote it as it stands; null where one person wrote it by hand. */
  readonly importId: string | null
  /** Counts its changes, for `If-Match`. */
  readonly changes: number
}

/** Whether it lets the rules act: asked for by one person, approved by another (SPEC promise 11). */
export function mayAct({ written, approved }: Pick<BankEntry, 'written' | 'approved'>): boolean {
  return written['act'] === true && approved !== null
}

/** How an entry stands, as it follows from what was done with it. */
export function stateOf(entry: Omit<BankEntry, 'state'>): BankEntryState {
  if (entry.removed) return 'removed'
  if (entry.quarantine) return 'quarantined'
  return entry.written['act'] === true && !entry.approved ? 'waiting' : 'live'
}

/** As detectors are to know it; null where it does not count. */
export function published(entry: BankEntry): WrittenEntry | null {
  if (entry.removed || entry.quarantine) return null
  const { unambiguous, ...written } = entry.written
  const may = mayAct(entry)
  // What a second person has not approved is no proof by itself either.
  const proof = may && unambiguous !== undefined ? { unambiguous } : {}
  return { ...written, ...proof, act: may, entryId: entry.entryId }
}

/** What a phrase costs whoever looks for it beside its characters. */
const PHRASE_SIZE = 16

/** How much an entry adds to what detectors build of its bank: the characters of what is looked for, and some for each phrase. */
export function sizeOf(written: WrittenEntry): number {
  const { term, terms, pattern, variants, context, exceptions, sha256, name } = written
  const phrases = [term, terms, pattern, variants, context, exceptions, sha256, name].flat()
  return phrases
    .filter((phrase) => typeof phrase === 'string')
    .reduce((size, phrase) => size + phrase.length + PHRASE_SIZE, 0)
}
