import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { WrittenEntry } from '#libs/policy/banks/bank-entries'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import type { Pending } from '../outbox/pending.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { definedFields, olderThan, prefix } from '../store/queries.js'
import { type BankEntry, type BankEntryState, sizeOf } from './bank-entry.js'

/** An entry as it is kept. `_id` is its `entryId`. */
export interface BankEntryDocument extends BankEntry, WithOutbox {
  /** When it was made, once more, for the index of lists. */
  at: Date
  /** What it is looked for by: the beginnings of its terms, pattern or claim in small letters. */
  texts: string[]
  /** See `sizeOf`; 0 of what is removed. */
  size: number
  /** It was changed since a version of its bank was published. */
  isUnpublished: boolean
  /** What no other entry of its bank may say as well; absent where others may, and once it is removed. */
  only?: string
}

export const BANK_ENTRIES = 'BankEntry'
export const BankEntrySchema = new Schema<BankEntryDocument>(
  { _id: String },
  { collection: 'bank_entries', strict: false, versionKey: false },
)
BankEntrySchema.index({ bank: 1, at: -1, _id: -1 })
BankEntrySchema.index({ bank: 1, state: 1, at: -1, _id: -1 })
BankEntrySchema.index({ bank: 1, texts: 1 })
BankEntrySchema.index(
  { bank: 1, importId: 1, _id: 1 },
  { partialFilterExpression: { importId: { $type: 'string' } } },
)
BankEntrySchema.index({ bank: 1, size: 1 })
BankEntrySchema.index(
  { bank: 1, only: 1 },
  { unique: true, partialFilterExpression: { only: { $exists: true } } },
)
BankEntrySchema.index(
  { isUnpublished: 1, bank: 1, _id: 1 },
  { name: 'unpublished', partialFilterExpression: { isUnpublished: true } },
)
BankEntrySchema.index(...outboxIndex)

const MAX_TEXTS = 200
const LONGEST_TEXT = 100

/** What a list of entries is narrowed to. */
export interface EntryFilter {
  state?: BankEntryState | undefined
  category?: string | undefined
  /** Beginning of a term, pattern or claim, in any case. */
  q?: string | undefined
  /** The import that wrote them as they stand. */
  importId?: string | undefined
}

/** How many entries of a bank stand how. */
export type EntryCounts = Readonly<Record<BankEntryState, number>>

/** Entries of banks. */
@Injectable()
export class BankEntryStore {
  @HasOutbox({ order: 846 })
  readonly entries: mongo.Collection<BankEntryDocument>
  private readonly outboxes: OutboxCollection<BankEntryDocument>

  constructor(@InjectModel(BANK_ENTRIES) model: Model<BankEntryDocument>) {
    this.entries = model.collection as unknown as mongo.Collection<BankEntryDocument>
    this.outboxes = new OutboxCollection(this.entries)
  }

  async byId(bank: string, entryId: string): Promise<BankEntryDocument | null> {
    return this.entries.findOne({ _id: entryId, bank })
  }

  /** One more than `limit`, newest first. */
  async list(
    bank: string,
    filter: EntryFilter,
    limit: number,
    after: [Date, string] | undefined,
  ): Promise<BankEntryDocument[]> {
    return this.entries
      .find({ ...matching(bank, filter), ...olderThan(after) } as mongo.Filter<BankEntryDocument>)
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** All of them as they come, those made first at the beginning; without those that were removed unless they are asked for. */
  each(bank: string, filter: EntryFilter): AsyncIterable<BankEntryDocument> {
    return this.exported(bank, filter).sort({ at: 1, _id: 1 })
  }

  /** What the same say, in any order. */
  async texts(bank: string, filter: EntryFilter): Promise<WrittenEntry[]> {
    const found = await this.exported(bank, filter)
      .project<Pick<BankEntry, 'written'>>({ written: 1 })
      .toArray()
    return found.map(({ written }) => written)
  }

  private exported(bank: string, filter: EntryFilter): mongo.FindCursor<mongo.WithId<BankEntryDocument>> {
    const there = filter.state === undefined ? { state: { $ne: 'removed' } } : {}
    return this.entries.find({ ...matching(bank, filter), ...there } as mongo.Filter<BankEntryDocument>)
  }

  /** Those of these ids that there are, by id. */
  async byIds(bank: string, ids: readonly string[]): Promise<Map<string, BankEntryDocument>> {
    const found = await this.entries.find({ _id: { $in: [...ids] }, bank }).toArray()
    return new Map(found.map((entry) => [entry._id, entry]))
  }

  /** Those of an import that still stand as it wrote them, from the one after `after` on, by id. */
  async ofImport(bank: string, importId: string, after: string, limit: number): Promise<BankEntryDocument[]> {
    return this.entries
      .find({ bank, importId, _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray()
  }

  /** By bank. */
  async counts(): Promise<Map<string, EntryCounts>> {
    const found = await this.entries
      .aggregate<{ _id: { bank: string; state: BankEntryState }; n: number }>([
        { $group: { _id: { bank: '$bank', state: '$state' }, n: { $sum: 1 } } },
      ])
      .toArray()
    const counts = new Map<string, Record<BankEntryState, number>>()
    for (const { _id, n } of found) {
      const of = counts.get(_id.bank) ?? { live: 0, waiting: 0, quarantined: 0, removed: 0 }
      of[_id.state] = n
      counts.set(_id.bank, of)
    }
    return counts
  }

  /** What all entries of a bank add up to (see `sizeOf`). */
  async sizeOfBank(bank: string): Promise<number> {
    const [found] = await this.entries
      .aggregate<{ size: number }>([
        { $match: { bank, size: { $gt: 0 } } },
        { $group: { _id: null, size: { $sum: '$size' } } },
      ])
      .toArray()
    return found?.size ?? 0
  }

  /** Adds an entry; null where it is there already, or another says what only one may. */
  async add(entry: BankEntry, pending: Pending[]): Promise<BankEntryDocument | null> {
    const document = documentOf(entry, pending)
    return (await this.outboxes.add(document)) ? document : null
  }

  /** Adds those that are not there yet, and that say nothing that only one may say and another says; gives what is there of them now. */
  async addMissing(
    entries: readonly { entry: BankEntry; pending: Pending[] }[],
  ): Promise<Map<string, BankEntryDocument>> {
    const documents = entries.map(({ entry, pending }) => documentOf(entry, pending))
    await this.outboxes.addMissing(documents)
    return this.byIds(
      entries[0]?.entry.bank ?? '',
      documents.map(({ _id }) => _id),
    )
  }

  /** Adds those that come with Weir and are not there yet: the first version of their bank says them. */
  async addFirst(entries: readonly BankEntry[]): Promise<void> {
    const documents = entries.map((entry) => ({ ...documentOf(entry, []), isUnpublished: false }))
    await insertMissing(this.entries, documents)
  }

  /** Changes an entry that is still as it was read; null where somebody else was faster, or another says the same. */
  async change(before: BankEntry, after: BankEntry, pending: Pending[]): Promise<BankEntryDocument | null> {
    const { _id, pending: _pending, outboxAt: _at, only, ...set } = documentOf(after, [])
    const guard = { _id, changes: before.changes }
    return only === undefined
      ? this.outboxes.change(guard, set, pending, {
          $unset: { only: '' },
        } as unknown as mongo.UpdateFilter<BankEntryDocument>)
      : this.outboxes.change(guard, { ...set, only }, pending)
  }

  /** Changes those that are still as they were read; gives all of these as they stand now. */
  async changeAll(
    changes: readonly { before: BankEntry; after: BankEntry; pending: Pending[] }[],
  ): Promise<Map<string, BankEntryDocument>> {
    await this.outboxes.updateAll(
      changes.map(({ before, after, pending }) => {
        const { _id, pending: _pending, outboxAt: _at, only, ...set } = documentOf(after, [])
        const guard = { _id, changes: before.changes }
        return { guard, set: only === undefined ? set : { ...set, only }, pending }
      }),
    )
    return this.byIds(
      changes[0]?.after.bank ?? '',
      changes.map(({ after }) => after.entryId),
    )
  }

  /** Some that no version of their bank says yet, as they stand. */
  async unpublished(bank: string, limit: number): Promise<BankEntryDocument[]> {
    return this.entries.find({ isUnpublished: true, bank }).sort({ _id: 1 }).limit(limit).toArray()
  }

  /** The banks that have such. */
  async banksToPublish(): Promise<string[]> {
    return (await this.entries.distinct('bank', { isUnpublished: true })).sort()
  }

  /** Marks those as published that were not changed since. */
  async markPublished(entries: readonly Pick<BankEntry, 'entryId' | 'changes'>[]): Promise<void> {
    if (entries.length === 0) return
    await this.entries.bulkWrite(
      entries.map(({ entryId, changes }) => ({
        updateOne: { filter: { _id: entryId, changes }, update: { $set: { isUnpublished: false } } },
      })),
      { ordered: false },
    )
  }
}

function matching(bank: string, { state, category, q, importId }: EntryFilter): Record<string, unknown> {
  const filter = definedFields({ state, 'written.category': category, importId })
  const texts = q === undefined ? {} : { texts: { $elemMatch: prefix(q.toLowerCase()) } }
  return { bank, ...filter, ...texts }
}

function documentOf(entry: BankEntry, pending: Pending[]): BankEntryDocument {
  const only = onlyOf(entry)
  // One that was read has these besides, as they stood before.
  const { pending: _pending, outboxAt: _outboxAt, only: _only, ...own } = entry as BankEntryDocument
  const { written, removed } = own
  return {
    ...own,
    _id: entry.entryId,
    at: own.created.at,
    texts: textsOf(written),
    size: removed ? 0 : sizeOf(written),
    isUnpublished: true,
    ...(only === undefined ? {} : { only }),
    pending,
    outboxAt: pending.length > 0 ? new Date() : null,
  }
}

/** A signal of a claim names it by its id: no two claims in force may have one. */
function onlyOf({ kind, removed, written }: BankEntry): string | undefined {
  return kind === 'claims' && !removed ? String(written['id']) : undefined
}

function textsOf(written: WrittenEntry): string[] {
  const { id, terms, term, pattern, sha256, name, variants } = written
  const texts = [id, term, pattern, sha256, name, terms, variants]
    .flat()
    .filter((text) => typeof text === 'string')
  return texts.slice(0, MAX_TEXTS).map((text) => text.toLowerCase().slice(0, LONGEST_TEXT))
}
