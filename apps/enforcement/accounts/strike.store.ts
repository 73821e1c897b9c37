import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { accountKey } from '#libs/contracts/ids'
import { bulkWrite } from '#libs/platform/mongo/bulk-write'
import type { StrikeRecord } from './account-state.js'

interface StrikeDocument extends StrikeRecord {
  _id: string
  accountKey: string
  accountRev: number
}

export const STRIKES = 'Strike'
export const StrikeSchema = new Schema<StrikeDocument>(
  { _id: String },
  { collection: 'strikes', strict: false, versionKey: false },
)
StrikeSchema.index({ accountKey: 1, at: -1 })

/** The ledger: one strike per message, for ever. */
@Injectable()
export class StrikeStore {
  private readonly strikes: mongo.Collection<StrikeDocument>

  constructor(@InjectModel(STRIKES) model: Model<StrikeDocument>) {
    this.strikes = model.collection as unknown as mongo.Collection<StrikeDocument>
  }

  /** All strikes of the accounts. */
  async ofAccounts(keys: readonly string[]): Promise<(StrikeRecord & { accountKey: string })[]> {
    return this.strikes
      .find({ accountKey: { $in: [...keys] } }, { projection: { _id: 0, accountRev: 0 } })
      .toArray()
  }

  async write(writes: readonly { rev: number; value: StrikeRecord }[]): Promise<void> {
    const operations = writes.map(({ rev, value }) => ({
      updateOne: {
        filter: { _id: value.strikeId, accountRev: { $lt: rev } },
        update: {
          $set: { ...value, accountKey: accountKey(value.platformId, value.accountId), accountRev: rev },
        },
        upsert: true,
      },
    }))
    await bulkWrite(this.strikes, operations)
  }
}
