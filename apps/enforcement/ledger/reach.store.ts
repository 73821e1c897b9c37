import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Reach } from '#libs/contracts/reach'
import { accountKey } from '#libs/contracts/ids'
import { onlyDuplicates } from '#libs/runtime/mongo/bulk-write'
import { dayOf, oldestDay } from './followers.rules.js'

/** The highest counts of followers of an account, flagged or not, by UTC date. */
interface ReachDocument {
  /** `platform/account`. */
  _id: string
  byDay: Record<string, number>
  /** When it was last raised, by the machine's clock. */
  touchedAt: Date
}

const DAY_SECONDS = 86_400
/** What was not raised for longer holds no day that counts. */
const KEPT_DAYS = 32

export const REACH = 'Reach'
export const ReachSchema = new Schema<ReachDocument>(
  { _id: String },
  { collection: 'reach', strict: false, versionKey: false },
)
ReachSchema.index({ touchedAt: 1 }, { expireAfterSeconds: KEPT_DAYS * DAY_SECONDS })

/** The reach of accounts as all their messages told it; no account comes to be by it. */
@Injectable()
export class ReachStore {
  private readonly reach: mongo.Collection<ReachDocument>

  constructor(@InjectModel(REACH) model: Model<ReachDocument>) {
    this.reach = model.collection as unknown as mongo.Collection<ReachDocument>
  }

  /** By account, those of which something is known. */
  async byKeys(keys: readonly string[]): Promise<Map<string, Record<string, number>>> {
    const found = await this.reach
      .find({ _id: { $in: [...keys] } })
      .batchSize(keys.length + 1)
      .toArray()
    return new Map(found.map(({ _id, byDay }) => [_id, byDay]))
  }

  /** Raises the counts. Order and repeats make no difference; days that no longer count at `now` go. */
  async raise(seen: readonly Reach[], now: Date): Promise<void> {
    if (seen.length === 0) return
    const operations = [
      ...Map.groupBy(seen, ({ platformId, accountId }) => accountKey(platformId, accountId)),
    ].map(([key, counts]) => raising(key, counts, now))
    for (;;) {
      try {
        await this.reach.bulkWrite(operations, { ordered: false })
        return
      } catch (error) {
        // Somebody else added the account at the same moment: now it is there to be raised.
        if (!onlyDuplicates(error)) throw error
      }
    }
  }
}

function raising(
  key: string,
  counts: readonly Reach[],
  now: Date,
): mongo.AnyBulkWriteOperation<ReachDocument> {
  const days = Map.groupBy(counts, ({ at }) => dayOf(new Date(at)))
  const raised = Object.fromEntries(
    [...days].map(([day, some]) => [
      `byDay.${day}`,
      { $max: [`$byDay.${day}`, ...some.map(({ followers }) => followers)] },
    ]),
  )
  const kept = {
    $filter: {
      input: { $objectToArray: { $ifNull: ['$byDay', {}] } },
      cond: { $gte: ['$$this.k', oldestDay(now)] },
    },
  }
  const stages = [
    { $set: { byDay: { $arrayToObject: kept }, touchedAt: new Date() } },
    ...(days.size > 0 ? [{ $set: raised }] : []),
  ]
  return { updateOne: { filter: { _id: key }, update: stages, upsert: true } }
}
