import { Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import type { BankError, WrittenEntry } from '#libs/policy/banks/bank-entries'
import { Clock } from '#libs/runtime/clock'
import { assertFresh, type ExpectedVersions } from '#libs/runtime/http/if-match'
import { badRequest, conflict, type FieldProblem, notFound } from '#libs/runtime/http/problem'
import { duplicateKey } from '#libs/runtime/mongo/bulk-write'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { type BankEntry, sizeOf, type Step } from './bank-entry.js'
import { type BankEntryDocument, BankEntryStore } from './bank-entry.store.js'
import { BankVersionStore, type LastVersion } from './bank-version.store.js'
import {
  approved,
  errorsOf,
  quarantined,
  released,
  removed,
  rewritten,
  written,
} from './change-entry.rules.js'
import { PublishBanks } from './publish-banks.js'

/** What a bank may add up to (see `sizeOf`): 100 000 entries of 60 characters. Every instance of classification holds all of it. */
const MAX_BANK_SIZE = 8_000_000

type Change = (entry: BankEntry, step: Step) => BankEntry

/** Changes entries of banks. Each change is in the audit log, and known to every service when it is answered. */
@Injectable()
export class ChangeBank {
  constructor(
    private readonly versions: BankVersionStore,
    private readonly entries: BankEntryStore,
    private readonly publishing: PublishBanks,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes a new entry. `cause` tells one request from another: the same again is the same entry.
   * @throws Problem 400 `bad-entry` with all that is wrong; 404; 409 `bank-full`, `claim-known`
   */
  async add(bank: string, text: WrittenEntry, cause: string, by: string): Promise<BankEntryDocument> {
    const { document } = await this.mustFindBank(bank)
    assertEntry(errorsOf(document.kind, text))
    await this.assertRoom(bank, text)
    const entryId = derivedId('be', bank, by, cause)
    const entry = written({ entryId, bank, kind: document.kind }, text, { by, at: this.clock.now() })
    const added = await this.entries.add(entry, [tell('bank.entry_added', entry, entry.created)])
    const found = added ?? (await this.entries.byId(bank, entryId))
    if (!found) throw claimKnown()
    await this.settle(bank, found)
    return found
  }

  /** @throws Problem 400 `bad-entry`, 404, 409 `bank-full`, `claim-known`, `removed`, 412 */
  async rewrite(
    bank: string,
    entryId: string,
    text: WrittenEntry,
    by: string,
    ifMatch: ExpectedVersions | undefined,
  ): Promise<BankEntryDocument> {
    const { document } = await this.mustFindBank(bank)
    assertEntry(errorsOf(document.kind, text))
    await this.assertRoom(bank, text)
    return this.change(bank, entryId, 'bank.entry_changed', by, ifMatch, (entry, step) =>
      rewritten(entry, text, step),
    )
  }

  /** @throws Problem 403 `own-entry`, 404, 409 `not-acting`, `already-approved`, `removed`, 412, 428 `if-match-needed` */
  async approve(bank: string, entryId: string, by: string, ifMatch: ExpectedVersions | undefined) {
    return this.change(bank, entryId, 'bank.entry_approved', by, ifMatch, (entry, step) =>
      approved(entry, step, ifMatch !== undefined),
    )
  }

  /** @throws Problem 404, 409 `removed`, 412 */
  async quarantine(
    bank: string,
    entryId: string,
    reasons: string,
    by: string,
    ifMatch: ExpectedVersions | undefined,
  ) {
    return this.change(bank, entryId, 'bank.entry_quarantined', by, ifMatch, (entry, step) =>
      quarantined(entry, reasons, step),
    )
  }

  /** @throws Problem 404, 409 `removed`, 412 */
  async release(bank: string, entryId: string, by: string, ifMatch: ExpectedVersions | undefined) {
    return this.change(bank, entryId, 'bank.entry_released', by, ifMatch, released)
  }

  /** @throws Problem 404, 412 */
  async remove(bank: string, entryId: string, by: string, ifMatch: ExpectedVersions | undefined) {
    return this.change(bank, entryId, 'bank.entry_removed', by, ifMatch, removed)
  }

  private async change(
    bank: string,
    entryId: string,
    kind: WeirEventKind,
    by: string,
    ifMatch: ExpectedVersions | undefined,
    change: Change,
  ): Promise<BankEntryDocument> {
    const before = await this.entries.byId(bank, entryId)
    if (!before) throw notFound('There is no such entry.')
    assertFresh(ifMatch, before.changes)
    const step = { by, at: this.clock.now() }
    const after = change(before, step)
    const stored = after === before ? before : await this.store(before, after, tell(kind, after, step))
    await this.settle(bank, stored)
    return stored
  }

  private async store(before: BankEntry, after: BankEntry, event: Pending): Promise<BankEntryDocument> {
    const stored = await this.entries.change(before, after, [event]).catch((error: unknown) => {
      if (duplicateKey(error)) throw claimKnown()
      throw error
    })
    if (!stored) throw conflict('changed', 'Somebody else changed the entry; read it again.')
    return stored
  }

  /** Delivers what the change left, and publishes it: also where an earlier try was cut off between the two. */
  private async settle(bank: string, entry: BankEntryDocument): Promise<void> {
    await this.outbox.deliver([entry], this.entries.entries)
    await this.publishing.publish(bank)
  }

  private async assertRoom(bank: string, text: WrittenEntry): Promise<void> {
    assertFits((await this.entries.sizeOfBank(bank)) + sizeOf(text))
  }

  private async mustFindBank(bank: string): Promise<LastVersion> {
    const found = await this.versions.last(bank)
    if (!found) throw notFound('There is no such bank.')
    return found
  }
}

/** @throws Problem 409 `bank-full` where a bank would add up to more than every instance can hold (see `sizeOf`) */
export function assertFits(size: number): void {
  if (size > MAX_BANK_SIZE)
    throw conflict('bank-full', 'The bank holds as much as every instance can; remove entries first.')
}

export function claimKnown() {
  return conflict('claim-known', 'Another entry of this bank is of the same id.')
}

function assertEntry(errors: readonly BankError[]): void {
  if (errors.length > 0)
    throw badRequest('bad-entry', 'The entry cannot be used like this.', fieldsOf(errors))
}

/** Errors of an entry by JSON Pointer. */
export function fieldsOf(errors: readonly BankError[]): FieldProblem[] {
  return errors.map(({ path, message }) => ({ path: path === '' ? '' : `/${path}`, reason: message }))
}

/** What the audit log and `weir.events.v1` are told of a change of an entry. */
export function tell(
  kind: WeirEventKind,
  { entryId, bank, changes, written: text }: BankEntry,
  { by, at }: Step,
): Pending {
  const category = text['category']
  const event = eventOf(kind, `bank/${bank}/${entryId}`, changes, at, by, {
    bankEntryId: entryId,
    ...(typeof category === 'string' ? { category } : {}),
  })
  return { id: randomUUID(), publish: 'event', value: event }
}
