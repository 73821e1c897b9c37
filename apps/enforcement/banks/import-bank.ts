import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import type { BankError } from '#libs/policy/banks/bank-entries'
import { Clock } from '#libs/runtime/clock'
import { conflict, notFound } from '#libs/runtime/http/problem'
import { Outbox } from '../outbox/outbox.js'
import { type BankEntry, sizeOf, type Step } from './bank-entry.js'
import { type BankEntryDocument, BankEntryStore } from './bank-entry.store.js'
import { BankVersionStore } from './bank-version.store.js'
import { assertFits, claimKnown, tell } from './change-bank.js'
import { approved, isSame, rewritten, saidIn, written } from './change-entry.rules.js'
import { PublishBanks } from './publish-banks.js'
import { at, badImport, type ImportRow, readImport } from './read-import.js'

/** Entries that are looked for, and written, at a time. */
const BATCH = 500

/** What an import came to. */
export interface Imported {
  readonly importId: string
  readonly added: number
  readonly changed: number
  /** Rows that say what stands there already. */
  readonly unchanged: number
}

/** A row with the entry that it is about: one that there is, or one that it makes. */
interface Placed {
  readonly row: ImportRow
  readonly entryId: string
  readonly before: BankEntryDocument | undefined
  /** It says what stands there already. */
  readonly isKnown: boolean
}

/**
 * Writes many entries of a bank at once. All of a file is checked first, and nothing done where anything is wrong. Where a request is cut off,
 * the same again goes on: a row that is there already changes nothing.
 */
@Injectable()
export class ImportBank {
  constructor(
    private readonly versions: BankVersionStore,
    private readonly entries: BankEntryStore,
    private readonly publishing: PublishBanks,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds the rows without an `entryId`, and writes anew those with one.
   * @throws Problem 400 `bad-csv`, `bad-import`, `too-many-rows`; 404; 409 `bank-full`, `claim-known`, `changed`
   */
  async import(bank: string, file: string, by: string): Promise<Imported> {
    const last = await this.versions.last(bank)
    if (!last) throw notFound('There is no such bank.')
    const { kind } = last.document
    const placed = await this.place(bank, await readImport(kind, file))
    const news = placed.filter(firstOfEach())
    const size = news.reduce((sum, { row, before }) => sum + sizeOf(row.written) - (before?.size ?? 0), 0)
    assertFits((await this.entries.sizeOfBank(bank)) + size)
    // By what it says: a second file never comes under an import that somebody has looked at to approve it.
    const importId = derivedId('im', bank, by, file)
    const step = { by, at: this.clock.now() }
    for (const some of batchesOf(news)) {
      const fresh = some.filter(({ before }) => !before)
      await this.add(
        fresh.map(({ row, entryId }) => written({ entryId, bank, kind }, row.written, step, importId)),
        step,
      )
      const others = some.flatMap(({ row, before }) =>
        before ? [{ before, after: rewritten(before, row.written, step, importId) }] : [],
      )
      await this.change(others, step, 'bank.entry_changed')
    }
    await this.publishing.publish(bank)
    const added = news.filter(({ before }) => !before).length
    const changed = news.length - added
    return { importId, added, changed, unchanged: placed.length - news.length }
  }

  /**
   * Lets all entries act that an import wrote and that ask to, as the second person; gives how many. What was written anew since, or removed,
   * belongs to it no more: so what is approved is what the import said. @throws Problem 404, RefusedError `own-entry`
   */
  async approve(bank: string, importId: string, by: string): Promise<number> {
    const step = { by, at: this.clock.now() }
    let [count, after] = [0, '']
    for (;;) {
      const some = await this.entries.ofImport(bank, importId, after, BATCH)
      if (some.length === 0) break
      after = some.at(-1)!._id
      const waiting = some.filter((entry) => entry.state === 'waiting' || isAsideUnapproved(entry))
      const changes = waiting.map((entry) => ({ before: entry, after: approved(entry, step, true) }))
      await this.change(changes, step, 'bank.entry_approved')
      count += waiting.length
    }
    if (after === '') throw notFound('There is no such import, or nothing of it stands as it wrote it.')
    await this.publishing.publish(bank)
    return count
  }

  /** The entry that each row is about. A text that is there already under the id that its import would give is that one. */
  private async place(bank: string, rows: readonly ImportRow[]): Promise<Placed[]> {
    const placed: Placed[] = []
    for (const some of batchesOf(rows)) placed.push(...(await this.placeSome(bank, some)))
    const errors = placed.flatMap(errorsOfPlace)
    if (errors.length > 0) throw badImport(errors)
    return placed
  }

  private async placeSome(bank: string, rows: readonly ImportRow[]): Promise<Placed[]> {
    const placed: Placed[] = []
    // One that was removed, or says something else by now, keeps its id: the next one is tried.
    let open = rows.map((row) => ({ row, entryId: row.entryId ?? newIdOf(bank, row, 0), tries: 0 }))
    while (open.length > 0) {
      const known = await this.entries.byIds(
        bank,
        open.map(({ entryId }) => entryId),
      )
      const again: typeof open = []
      for (const { row, entryId, tries } of open) {
        const before = known.get(entryId)
        const isKnown = before !== undefined && !before.removed && isSame(before.written, row.written)
        if (row.entryId === undefined && before && !isKnown)
          again.push({ row, entryId: newIdOf(bank, row, tries + 1), tries: tries + 1 })
        else placed.push({ row, entryId, before, isKnown })
      }
      open = again
    }
    return placed
  }

  private async add(entries: readonly BankEntry[], step: Step): Promise<void> {
    if (entries.length === 0) return
    const there = await this.entries.addMissing(
      entries.map((entry) => ({ entry, pending: [tell('bank.entry_added', entry, step)] })),
    )
    await this.outbox.deliver([...there.values()], this.entries.entries)
    if (entries.some(({ entryId }) => !there.has(entryId))) throw claimKnown()
  }

  private async change(changes: readonly Change[], step: Step, kind: WeirEventKind): Promise<void> {
    if (changes.length === 0) return
    const there = await this.entries.changeAll(
      changes.map((change) => ({ ...change, pending: [tell(kind, change.after, step)] })),
    )
    await this.outbox.deliver([...there.values()], this.entries.entries)
    if (changes.some(({ after }) => there.get(after.entryId)?.changes !== after.changes))
      throw conflict('changed', 'Somebody else changed an entry of it meanwhile; send it again.')
  }
}

interface Change {
  readonly before: BankEntryDocument
  readonly after: BankEntry
}

/** Set aside before anybody approved it: approval stays with it, and counts once it is released. */
function isAsideUnapproved({ state, approved, written }: BankEntry): boolean {
  return state === 'quarantined' && !approved && written['act'] === true
}

/** What keeps a row with an `entryId` from changing that entry. */
function errorsOfPlace({ row, before, isKnown }: Placed): BankError[] {
  if (row.entryId === undefined) return []
  if (!before || before.removed) return [at(row, 'entryId', 'Is no entry that stands in this bank.')]
  const isLate = row.changes !== undefined && row.changes !== before.changes
  return isLate && !isKnown ? [at(row, 'changes', 'The entry was changed since this file was made.')] : []
}

/** Whether a row says what does not stand there yet; of two rows of one text, the first. */
function firstOfEach(): (placed: Placed) => boolean {
  const told = new Set<string>()
  return ({ entryId, isKnown }) => {
    if (isKnown || told.has(entryId)) return false
    told.add(entryId)
    return true
  }
}

/** The same text is the same entry, whoever imports it how often. */
function newIdOf(bank: string, { written: text }: ImportRow, nth: number): string {
  return derivedId('be', bank, 'text', saidIn(text), nth)
}

function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH)
}
