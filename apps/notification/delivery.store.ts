import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { hash, randomUUID } from 'node:crypto'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import type { Settled } from './attempt.rules.js'
import { type Attempt, type Channel, type Delivery, type DeliveryState, NOWHERE } from './delivery.js'

export const DELIVERIES = 'Delivery'

/** The notice on which an effect waits: worth delivering until it is delivered. */
const WAITED_FOR = 'ban-intended'
/** Notices that are made up for at once. */
const MAX_MISSED = 1_000

/** Lines of the delivery log that a delivery keeps; a full schedule has ten. */
const MAX_LOG = 50

export const DeliverySchema = new Schema<Delivery>(
  {
    _id: { type: String, required: true },
    noticeId: { type: String, required: true },
    template: { type: String, required: true },
    addressee: { type: String, required: true },
    of: { type: Number, required: true },
    channel: { type: String, required: true },
    destination: { type: String, required: true },
    platformId: { type: String, default: null },
    address: { type: String, default: null },
    addressSha256: { type: String },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    state: { type: String, required: true },
    nextAttemptAt: { type: Date, default: null },
    lease: { type: String, default: null },
    hastenedAt: Date,
    tries: { type: Number, required: true },
    attempts: [{ _id: false, at: Date, outcome: String, statusCode: Number, durationMs: Number }],
    reports: [{ _id: false, state: String, at: Date }],
  },
  { collection: 'deliveries', versionKey: false },
)
  // The dispatcher's: leading with the destination, so that a busy one is skipped and not walked through.
  .index({ destination: 1, nextAttemptAt: 1 }, { partialFilterExpression: { state: 'pending' } })
  .index({ expiresAt: 1 }, { partialFilterExpression: { state: 'pending' } })
  .index({ noticeId: 1 })
  // Whose address is not forgotten yet: found by age, however many there have been.
  .index({ createdAt: 1 }, { name: 'addressed', partialFilterExpression: { address: { $type: 'string' } } })
  .index({ 'reports.0.at': 1 }, { partialFilterExpression: { 'reports.0.at': { $exists: true } } })
  // What is made up for when a platform gets an address.
  .index({ platformId: 1, expiresAt: 1 }, { partialFilterExpression: { channel: NOWHERE } })
  .index({ platformId: 1 }, { partialFilterExpression: { template: WAITED_FOR } })
  .index({ createdAt: -1, _id: -1 })
  .index({ state: 1, createdAt: -1, _id: -1 })
  .index({ platformId: 1, createdAt: -1, _id: -1 })

/** What is due, and how to go on after it. */
export interface DueQuery {
  now: Date
  /** Destinations that can take no more at the moment. */
  busy: readonly string[]
  /** Only destinations after this one, so that all get their turn. */
  after: string
  limit: number
}

export interface DeliveryFilter {
  state?: DeliveryState
  platformId?: string
}

/** Deliveries: what is to be sent, who is at it, and what came of each attempt. */
@Injectable()
export class DeliveryStore {
  constructor(@InjectModel(DELIVERIES) private readonly model: Model<Delivery>) {}

  /** Adds the deliveries that are not there yet; those that are stay as they are. */
  async add(deliveries: readonly Delivery[]): Promise<void> {
    const collection = this.model.collection as unknown as mongo.Collection<Delivery>
    await insertMissing(collection, deliveries)
  }

  /** Destination and id of deliveries that are due, in order of destination. */
  async due({ now, busy, after, limit }: DueQuery): Promise<Pick<Delivery, '_id' | 'destination'>[]> {
    return this.model
      .find({
        state: 'pending',
        destination: { $gt: after, $nin: [...busy] },
        nextAttemptAt: { $lte: now },
        expiresAt: { $gt: now },
      })
      .sort({ destination: 1, nextAttemptAt: 1 })
      .limit(limit)
      .select({ destination: 1 })
      .lean<Pick<Delivery, '_id' | 'destination'>[]>()
  }

  /**
   * Takes those of the given deliveries that are still due, until the lease ends. Of several instances that try at once,
   * one gets each. An attempt counts from here, so that one that ends the process counts too.
   */
  async claim(ids: readonly string[], now: Date, leaseMs: number): Promise<Delivery[]> {
    if (ids.length === 0) return []
    const lease = randomUUID()
    await this.model.updateMany(
      { _id: { $in: [...ids] }, state: 'pending', nextAttemptAt: { $lte: now } },
      { $set: { lease, nextAttemptAt: new Date(now.getTime() + leaseMs) }, $inc: { tries: 1 } },
    )
    return this.model.find({ _id: { $in: [...ids] }, lease }).lean<Delivery[]>()
  }

  /**
   * Logs an attempt and moves the delivery on; what it has come to is to be told from then on. Whoever has delivered says so
   * even when its lease is over and another instance gave it up; a failure counts only while the lease lasts, because then
   * another instance is at it.
   */
  async settle(delivery: Delivery, attempt: Attempt, settled: Settled, at: Date): Promise<void> {
    const { state } = settled
    const from =
      state === 'delivered'
        ? { state: { $ne: 'delivered' as const } }
        : { state: 'pending' as const, lease: delivery.lease }
    const attempts = { $each: [attempt], $slice: -MAX_LOG }
    const moved = await this.model.updateOne(
      { _id: delivery._id, ...from },
      {
        $set: { ...settled, lease: null },
        $push: state === 'pending' ? { attempts } : { attempts, reports: { state, at } },
      },
    )
    if (state === 'pending') await this.bringForward(delivery)
    if (moved.matchedCount === 1) return
    await this.model.updateOne(
      { _id: delivery._id },
      { $push: { attempts: { $each: [attempt], $slice: -MAX_LOG } } },
    )
  }

  /** Gives a delivery back untried, until an instant. */
  async hold(delivery: Delivery, until: Date): Promise<void> {
    await this.model.updateOne(
      { _id: delivery._id, state: 'pending', lease: delivery.lease },
      { $set: { nextAttemptAt: until, lease: null }, $inc: { tries: -1 } },
    )
    await this.bringForward(delivery)
  }

  /** Makes due what waits for one destination; what is in somebody's hands, when they give it back. */
  async hasten(destination: string, now: Date): Promise<void> {
    await this.model.updateMany(
      { destination, state: 'pending', lease: { $ne: null } },
      { $set: { hastenedAt: now } },
    )
    await this.model.updateMany(
      { destination, state: 'pending', lease: null, nextAttemptAt: { $gt: now } },
      { $set: { nextAttemptAt: now } },
    )
  }

  /** The destination was changed while somebody had the delivery: what they came to says nothing of the new one. */
  private async bringForward({ _id }: Delivery): Promise<void> {
    await this.model.updateOne(
      { _id, state: 'pending', lease: null, hastenedAt: { $type: 'date' } },
      [{ $set: { nextAttemptAt: '$hastenedAt' } }, { $unset: 'hastenedAt' }],
      { updatePipeline: true },
    )
  }

  /** Ends what is past its time and in nobody's hands. Returns how many. */
  async expire(channel: Channel, now: Date): Promise<number> {
    const { modifiedCount } = await this.model.updateMany(
      {
        state: 'pending',
        expiresAt: { $lte: now },
        channel,
        $or: [{ lease: null }, { nextAttemptAt: { $lte: now } }],
      },
      {
        $set: { state: 'expired', nextAttemptAt: null, lease: null },
        $push: { reports: { state: 'expired', at: now } },
      },
    )
    return modifiedCount
  }

  /** A delivery, or all of a notice. */
  async named(id: string): Promise<Delivery[]> {
    return this.model.find({ $or: [{ _id: id }, { noticeId: id }] }).lean<Delivery[]>()
  }

  /** All deliveries of a notice. */
  async ofNotice(noticeId: string): Promise<Delivery[]> {
    return this.model.find({ noticeId }).lean<Delivery[]>()
  }

  /** Makes deliveries pending once more until `expiresAt`, those that are not. */
  async redeliver(ids: readonly string[], now: Date, expiresAt: Date): Promise<void> {
    if (ids.length === 0) return
    await this.model.updateMany(
      { _id: { $in: [...ids] }, state: { $ne: 'pending' } },
      { $set: { state: 'pending', nextAttemptAt: now, lease: null, tries: 0 }, $max: { expiresAt } },
    )
  }

  /**
   * Notices of which a platform was told over no channel and is worth telling still: those that had nowhere to go, and those on
   * which an effect waits.
   */
  async missed(platformId: string, now: Date): Promise<{ nowhere: string[]; waitedFor: string[] }> {
    const [nowhere, waited] = await Promise.all([
      this.model.distinct('noticeId', { platformId, channel: NOWHERE, expiresAt: { $gt: now } }),
      this.model
        .find({ platformId, template: WAITED_FOR })
        .select({ noticeId: 1, state: 1 })
        .lean<Pick<Delivery, 'noticeId' | 'state'>[]>(),
    ])
    const byNotice = Map.groupBy(waited, ({ noticeId }) => noticeId)
    const waitedFor = [...byNotice]
      .filter(([, deliveries]) => deliveries.every(({ state }) => state !== 'delivered'))
      .map(([noticeId]) => noticeId)
    return { nowhere: nowhere.slice(0, MAX_MISSED), waitedFor: waitedFor.slice(0, MAX_MISSED) }
  }

  /** Deliveries with ends that are not told yet. */
  async untold(limit: number): Promise<Delivery[]> {
    return this.model
      .find({ 'reports.0.at': { $exists: true } })
      .limit(limit)
      .lean<Delivery[]>()
  }

  /** Forgets ends that have been told. */
  async told(deliveries: readonly Pick<Delivery, '_id' | 'reports'>[]): Promise<void> {
    await this.model.bulkWrite(
      deliveries.map(({ _id, reports }) => ({
        updateOne: { filter: { _id }, update: { $pull: { reports: { $in: reports } } } },
      })),
      { ordered: false },
    )
  }

  /** Newest first, after the given key; one more than `limit` where there are more. */
  async list(
    filter: DeliveryFilter,
    after: { createdAt: Date; id: string } | null,
    limit: number,
  ): Promise<Delivery[]> {
    const older = after
      ? {
          $or: [
            { createdAt: { $lt: after.createdAt } },
            { createdAt: after.createdAt, _id: { $lt: after.id } },
          ],
        }
      : {}
    return this.model
      .find({ ...filter, ...older })
      .sort({ createdAt: -1, _id: -1 })
      .limit(limit + 1)
      .lean<Delivery[]>()
  }

  /** When the oldest delivery that is still pending was made, or null when there is none. */
  async oldestPending(): Promise<Date | null> {
    const oldest = await this.model
      .findOne({ state: 'pending' })
      .sort({ createdAt: 1 })
      .select({ createdAt: 1 })
      .lean()
    return oldest?.createdAt ?? null
  }

  /**
   * Puts digests in the place of the addresses of deliveries made before an instant whose state is final; at most as many as
   * said. Returns of how many, as far as nobody else did.
   */
  async forget(before: Date, limit: number): Promise<number> {
    const collection = this.model.collection as unknown as mongo.Collection<Delivery>
    const old = await collection
      .find({ ...addressedBefore(before), state: { $ne: 'pending' } }, { projection: { address: 1 } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .toArray()
    if (old.length === 0) return 0
    const { modifiedCount } = await collection.bulkWrite(
      old.map(({ _id, address }) => ({
        updateOne: {
          filter: { _id, address, state: { $ne: 'pending' as const } },
          update: { $set: { address: null, addressSha256: hash('sha256', address!, 'hex') } },
        },
      })),
      { ordered: false },
    )
    return modifiedCount
  }

  /** When the first was made, before an instant, whose address is to be forgotten; null where there is none. */
  async oldestAddressed(before: Date): Promise<Date | null> {
    const collection = this.model.collection as unknown as mongo.Collection<Delivery>
    const [oldest] = await collection
      .find({ ...addressedBefore(before), state: { $ne: 'pending' } }, { projection: { createdAt: 1 } })
      .sort({ createdAt: 1 })
      .limit(1)
      .toArray()
    return oldest?.createdAt ?? null
  }
}

function addressedBefore(before: Date): mongo.Filter<Delivery> {
  return { createdAt: { $lt: before }, address: { $type: 'string' } }
}
