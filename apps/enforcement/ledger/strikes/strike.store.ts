import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { DATED, olderThan } from '../../store/queries.js'
import { type OfAccount, type RevisedWrite, writeRevised } from '../../store/write-revised.js'
import type { StrikeRecord } from '../account-state.js'
import { WritesPending } from '../ledger-write.js'

interface StrikeDocument extends StrikeRecord, OfAccount {}

/** A strike as it is read, with whose it is. */
export type KeptStrike = StrikeRecord & { accountKey: string }

const AS_RECORD = { projection: { _id: 0, accountRev: 0 } } as const

export const STRIKES = 'Strike'
export const StrikeSchema = new Schema<StrikeDocument>(
  { _id: String },
  { collection: 'strikes', strict: false, versionKey: false },
)
StrikeSchema.index({ accountKey: 1, at: -1, _id: -1 })
// What is read with an account, and the archived ones by their expiry.
StrikeSchema.index({ accountKey: 1, archived: 1, expiresAt: 1 })
StrikeSchema.index(
  { accountKey: 1, reversedAt: -1, _id: -1 },
  { partialFilterExpression: { reversedAt: { $type: 'date' } } },
)

/** The ledger: one strike per message, for ever. */
@Injectable()
export class StrikeStore {
  private readonly strikes: mongo.Collection<StrikeDocument>

  constructor(@InjectModel(STRIKES) model: Model<StrikeDocument>) {
    this.strikes = model.collection as unknown as mongo.Collection<StrikeDocument>
  }

  /** The strikes of the accounts that are not archived. */
  async ofAccounts(keys: readonly string[]): Promise<KeptStrike[]> {
    if (keys.length === 0) return []
    return this.strikes.find({ accountKey: { $in: [...keys] }, archived: null }, AS_RECORD).toArray()
  }

  /** Every strike of an account. */
  async allOfAccount(key: string): Promise<KeptStrike[]> {
    return this.strikes.find({ accountKey: key }, AS_RECORD).toArray()
  }

  async byIds(strikeIds: readonly string[]): Promise<KeptStrike[]> {
    if (strikeIds.length === 0) return []
    return this.strikes.find({ _id: { $in: [...strikeIds] } }, AS_RECORD).toArray()
  }

  /** Archived strikes of an account whose expiry was not told, the first to expire first. */
  async archivedOfAccount(key: string, limit: number): Promise<KeptStrike[]> {
    return this.strikes
      .find({ accountKey: key, archived: 'counting' }, AS_RECORD)
      .sort({ expiresAt: 1 })
      .limit(limit)
      .toArray()
  }

  /** The newest first. */
  async newest(key: string, limit: number): Promise<KeptStrike[]> {
    return this.strikes.find({ accountKey: key }, AS_RECORD).sort({ at: -1 }).limit(limit).toArray()
  }

  /** Of what happened to the strikes of an account the newest: those that were added, and those reversed. */
  async happened(key: string, limit: number, after?: [Date, string]): Promise<KeptStrike[]> {
    const newest = (field: 'at' | 'reversedAt') =>
      this.strikes
        .find({ $and: [{ accountKey: key, [field]: DATED }, olderThan(after, field)] }, AS_RECORD)
        .sort({ [field]: -1, _id: -1 })
        .limit(limit)
        .toArray()
    const found = (await Promise.all([newest('at'), newest('reversedAt')])).flat()
    return [...new Map(found.map((strike) => [strike.strikeId, strike])).values()]
  }

  @WritesPending('strike')
  async write(writes: readonly RevisedWrite<StrikeRecord>[]): Promise<void> {
    await writeRevised(this.strikes, writes, ({ strikeId }) => strikeId)
  }
}
