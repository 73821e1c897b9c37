import { type BankError, type BankKind, readEntry, type WrittenEntry } from '#libs/policy/banks/bank-entries'
import { RefusedError } from '#libs/runtime/errors'
import { type BankEntry, stateOf, type Step } from './bank-entry.js'

/** What is wrong with an entry as it is written; empty where nothing is. The ids of entries are ours to give. */
export function errorsOf(kind: BankKind, written: WrittenEntry): BankError[] {
  const own = 'entryId' in written ? [{ path: 'entryId', message: 'Is not known here.' }] : []
  return [...own, ...readEntry(kind, written).errors]
}

/**
 * A new entry: it counts at once, but leads to review only until another person approves that it may act. `importId`: the import that
 * writes it.
 */
export function written(
  { entryId, bank, kind }: Pick<BankEntry, 'entryId' | 'bank' | 'kind'>,
  text: WrittenEntry,
  step: Step,
  importId: string | null = null,
): BankEntry {
  return withState({
    ...{ entryId, bank, kind, written: text, revision: 1, created: step, changed: step },
    ...{ approved: null, quarantine: null, removed: null, importId, changes: 1 },
  })
}

/** The entry with another text. What was approved was the text before: it must be approved again. The same text changes nothing. */
export function rewritten(
  entry: BankEntry,
  text: WrittenEntry,
  step: Step,
  importId: string | null = null,
): BankEntry {
  mustBeThere(entry)
  if (isSame(entry.written, text)) return entry
  const revision = entry.revision + 1
  return next(entry, { written: text, revision, changed: step, approved: null, importId })
}

/**
 * The entry, let act by a second person. `hasSeen`: who approves says which text that is. Of one that was written anew it must be
 * said: else the text could be another one by the time at which what was clicked arrives.
 */
export function approved(entry: BankEntry, step: Step, hasSeen: boolean): BankEntry {
  mustBeThere(entry)
  if (entry.revision > 1 && !hasSeen)
    throw new RefusedError(
      'unseen',
      'if-match-needed',
      'The entry was written anew: say by If-Match what you have seen.',
    )
  if (entry.written['act'] !== true)
    throw new RefusedError(
      'conflict',
      'not-acting',
      'The entry does not ask to act; there is nothing to approve.',
    )
  if (entry.approved?.by === step.by) return entry
  if (entry.changed.by === step.by)
    throw new RefusedError('forbidden', 'own-entry', 'Another person than who wrote it must approve it.')
  if (entry.approved) throw new RefusedError('conflict', 'already-approved', 'Somebody else has approved it.')
  return next(entry, { approved: step })
}

/** The entry set aside: it counts no more until it is released, and keeps its text and approval. */
export function quarantined(entry: BankEntry, reasons: string, step: Step): BankEntry {
  mustBeThere(entry)
  if (entry.quarantine) return entry
  return next(entry, { quarantine: { ...step, reasons } })
}

/** The entry as it was before it was set aside. */
export function released(entry: BankEntry): BankEntry {
  mustBeThere(entry)
  return entry.quarantine ? next(entry, { quarantine: null }) : entry
}

/** The entry, counting no more for good. */
export function removed(entry: BankEntry, step: Step): BankEntry {
  return entry.removed ? entry : next(entry, { removed: step })
}

function mustBeThere({ removed }: BankEntry): void {
  if (removed) throw new RefusedError('conflict', 'removed', 'The entry was removed; write a new one.')
}

function next(entry: BankEntry, change: Partial<BankEntry>): BankEntry {
  return withState({ ...entry, ...change, changes: entry.changes + 1 })
}

function withState(entry: Omit<BankEntry, 'state'>): BankEntry {
  return { ...entry, state: stateOf(entry) }
}

/** Whether two texts say the same, in whatever order. */
export function isSame(one: WrittenEntry, other: WrittenEntry): boolean {
  return saidIn(one) === saidIn(other)
}

/** What a text says, whatever the order in which it does. */
export function saidIn(text: WrittenEntry): string {
  return JSON.stringify(text, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
