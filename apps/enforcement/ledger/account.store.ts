import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { ACCOUNT_STATUSES, type AccountStatus } from '#libs/contracts/measures-in-force'
import { DATED, definedFields, notAmong, olderThan, prefix } from '../store/queries.js'
import { accountKey } from '#libs/contracts/ids'
import { onlyDuplicates } from '#libs/runtime/mongo/bulk-write'
import { HasOutbox } from '../outbox/has-outbox.js'
import { type Newest, type RecordOf, TellsNewest } from '../outbox/tells-newest.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { eraseIndex, ErasureSchedule, type Scheduled } from '../store/erasure-schedule.js'
import { type AccountChange, measuresRecordOf } from './account-draft.rules.js'
import { NONE_ARCHIVED, type AccountState } from './account-state.js'
import { LEDGER_WRITES, type LedgerWrite } from './ledger-write.js'
import { NO_RISK } from './risk.rules.js'

/** The aggregate with its outbox. */
export interface AccountDocument extends AccountState, WithOutbox<LedgerWrite>, Scheduled {
  /** Who made the last revisions: tells a writer of many accounts which of its updates won. */
  writers: string[]
  /** The display name in a form that prefixes are searched in. */
  searchName: string
}

export const ACCOUNTS = 'Account'
/** The orders of a search. */
const BY_ID = { accountId: 1, _id: 1 } as const
const BY_NAME = { searchName: 1, _id: 1 } as const
export const AccountSchema = new Schema<AccountDocument>(
  { _id: String },
  { collection: 'accounts', strict: false, versionKey: false },
)
// Lists without a status ask for each of them: one index less to change with every account.
AccountSchema.index({ status: 1, updatedAt: -1, _id: -1 })
AccountSchema.index({ platformId: 1, status: 1, updatedAt: -1, _id: -1 })
AccountSchema.index({ level: 1, updatedAt: -1, _id: -1 })
AccountSchema.index(BY_ID)
AccountSchema.index(BY_NAME)
AccountSchema.index(
  { platformId: 1, 'profile.ownerRef': 1 },
  { name: 'owner', partialFilterExpression: { 'profile.ownerRef': { $type: 'string' } } },
)
AccountSchema.index({ nextDueAt: 1 }, { partialFilterExpression: { nextDueAt: { $type: 'date' } } })
AccountSchema.index(...eraseIndex)
AccountSchema.index(...outboxIndex)

/** Of accounts (SPEC 4.5). */
const LEVELS = [0, 1, 2, 3, 4, 5]
/** More writers than could come between an update and the look whether it won. */
const WRITERS_KEPT = 50

export interface AccountFilter {
  platformId?: string
  status?: AccountStatus
  minLevel?: number
}

/** The account that a search found last: by what, its id or its name, and its key. A name may be too long for a cursor. */
export type FoundBy = ['id' | 'name', string]

/** Accounts: one update per change, guarded by the revision. */
@Injectable()
export class AccountStore {
  @HasOutbox({ order: 810, writes: LEDGER_WRITES })
  readonly accounts: mongo.Collection<AccountDocument>
  /** When profiles are to be erased. */
  readonly erasures: ErasureSchedule<AccountDocument>

  constructor(@InjectModel(ACCOUNTS) model: Model<AccountDocument>) {
    this.accounts = model.collection as unknown as mongo.Collection<AccountDocument>
    this.erasures = new ErasureSchedule(this.accounts)
  }

  async byKeys(keys: readonly string[]): Promise<AccountDocument[]> {
    const found = await this.accounts.find({ _id: { $in: [...keys] } }).toArray()
    return found.map(complete)
  }

  async byKey(key: string): Promise<AccountDocument | null> {
    const found = await this.accounts.findOne({ _id: key })
    return found && complete(found)
  }

  /** The measures on accounts as they stand. */
  @TellsNewest('measures')
  async newestMeasures(records: readonly RecordOf<'measures'>[], now: Date): Promise<Newest[]> {
    const keys = new Set(records.map(({ value }) => accountKey(value.platformId, value.accountId)))
    return (await this.byKeys([...keys])).map((account) => ({
      key: account._id,
      rev: account.rev,
      record: { publish: 'measures', value: measuresRecordOf(account, now) },
    }))
  }

  /**
   * Stores the changes, each if its account is still at the revision it was made from. Returns the keys of those that are
   * stored; the others lost to somebody else and are to be made anew.
   */
  async compareAndSet(changes: readonly AccountChange[], writer: string): Promise<Set<string>> {
    const outboxAt = new Date()
    const operations = changes.map(({ state, pending }): mongo.AnyBulkWriteOperation<AccountDocument> => {
      const { _id, ...rest } = state
      const set = { ...rest, outboxAt, searchName: searchable(state.profile?.displayName ?? '') }
      if (state.rev === 1) {
        const document = { _id, ...set, pending: [...pending], writers: [writer] }
        return { insertOne: { document: document } }
      }
      const update = {
        $set: set,
        $push: { pending: { $each: pending }, writers: { $each: [writer], $slice: -WRITERS_KEPT } },
      } as unknown as mongo.UpdateFilter<AccountDocument>
      return { updateOne: { filter: { _id, rev: state.rev - 1 }, update } }
    })
    let stored: number
    try {
      const result = await this.accounts.bulkWrite(operations, { ordered: false })
      stored = result.matchedCount + result.insertedCount
    } catch (error) {
      if (!onlyDuplicates(error)) throw error
      stored = -1
    }
    if (stored === changes.length) return new Set(changes.map(({ state }) => state._id))
    const won = await this.accounts
      .find(
        { _id: { $in: changes.map(({ state }) => state._id) }, writers: writer },
        { projection: { _id: 1 } },
      )
      .toArray()
    return new Set(won.map((account) => account._id))
  }

  /** Evidence of these accounts is about to be erased: it is to be looked at whether their profiles are still needed. */
  async lookAtProfiles(keys: readonly string[], now: Date): Promise<void> {
    await this.accounts.updateMany(
      { _id: { $in: [...keys] }, eraseAt: { $not: { $lte: now } } },
      { $set: { eraseAt: now } },
    )
  }

  async due(
    now: Date,
    limit: number,
    except: string[] = [],
  ): Promise<Pick<AccountDocument, '_id' | 'platformId' | 'accountId'>[]> {
    return this.accounts
      .find(
        { nextDueAt: { $lte: now, ...DATED }, ...notAmong(except) },
        { projection: { platformId: 1, accountId: 1 } },
      )
      .sort({ nextDueAt: 1 })
      .limit(limit)
      .toArray()
  }

  /** Accounts of one owner, as their platform names owners; as many as said. */
  async ofOwner(
    platformId: string,
    ownerRef: string,
    limit: number,
  ): Promise<Pick<AccountDocument, 'platformId' | 'accountId'>[]> {
    return this.accounts
      .find(
        { platformId, 'profile.ownerRef': { $eq: ownerRef, $type: 'string' } },
        { projection: { _id: 0, platformId: 1, accountId: 1 } },
      )
      .hint('owner')
      .limit(limit)
      .toArray()
  }

  /** Those that changed last come first. */
  async list(filter: AccountFilter, limit: number, after?: [Date, string]): Promise<AccountDocument[]> {
    const older = olderThan(after, 'updatedAt') as mongo.Filter<AccountDocument>
    return this.accounts
      .find({ ...matching(filter), ...older }, { projection: { pending: 0 } })
      .sort({ updatedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /**
   * Those whose id begins with `q` in the order of their ids, then those whose name does, in that of their names. In the
   * order of an index, so that it takes the same however many begin so; by time it would depend on that.
   */
  async search(q: string, filter: AccountFilter, limit: number, after?: FoundBy): Promise<AccountDocument[]> {
    const [by, account] = after ?? ['id' as const]
    const last = account === undefined ? null : await this.byKey(account)
    const ids = prefix(q)
    const found = by === 'id' ? await this.walk(BY_ID, ids, matching(filter), limit + 1, last) : []
    if (found.length > limit) return found
    const others = { ...matching(filter), accountId: { $not: ids } }
    const names = prefix(searchable(q))
    const left = limit + 1 - found.length
    return [...found, ...(await this.walk(BY_NAME, names, others, left, by === 'name' ? last : null))]
  }

  /** A range of an index from after a key and an account on. */
  private async walk(
    order: typeof BY_ID | typeof BY_NAME,
    range: ReturnType<typeof prefix>,
    filter: mongo.Filter<AccountDocument>,
    limit: number,
    last: AccountDocument | null,
  ): Promise<AccountDocument[]> {
    const [field] = Object.keys(order) as ['accountId' | 'searchName']
    const bounds = last ? { ...range, $gte: last[field] } : range
    const later = last ? { $or: [{ [field]: { $gt: last[field] } }, { _id: { $gt: last._id } }] } : {}
    return this.accounts
      .find({ $and: [filter, { [field]: bounds }, later] } as mongo.Filter<AccountDocument>, {
        projection: { pending: 0 },
      })
      .sort(order)
      .hint(order)
      .limit(limit)
      .toArray()
  }
}

/** Where a search goes on after an account that it found. */
export function foundBy(q: string, { _id, accountId }: AccountDocument): FoundBy {
  return [accountId.startsWith(q) ? 'id' : 'name', _id]
}

function matching({ platformId, status, minLevel = 0 }: AccountFilter): mongo.Filter<AccountDocument> {
  return {
    ...definedFields({ platformId }),
    status: status ?? { $in: [...ACCOUNT_STATUSES] },
    ...(minLevel > 0 ? { level: { $in: LEVELS.filter((level) => level >= minLevel) } } : {}),
  }
}

/** With the fields that documents of earlier versions do not have. */
function complete(document: AccountDocument): AccountDocument {
  const {
    labels = [],
    archived = NONE_ARCHIVED,
    risk = { ...NO_RISK },
  } = document as Partial<AccountDocument>
  return { ...document, labels, archived, risk }
}

/** Compatibility forms and case folded, spaces single: how names are compared. */
function searchable(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim()
}
