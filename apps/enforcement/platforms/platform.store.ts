import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Platform } from '#libs/contracts/platform'
import { definedFields } from '../store/queries.js'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { type Newest, type RecordOf, TellsNewest } from '../outbox/tells-newest.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'

export interface PlatformDocument extends Platform, WithOutbox {
  _id: string
  version: number
}

export const PLATFORMS = 'Platform'
export const PlatformSchema = new Schema<PlatformDocument>(
  { _id: String },
  { collection: 'platforms', strict: false, versionKey: false },
)
PlatformSchema.index(...outboxIndex)

/** Registered platforms. */
@Injectable()
export class PlatformStore {
  @HasOutbox({ order: 830 })
  readonly platforms: mongo.Collection<PlatformDocument>
  private readonly outboxes: OutboxCollection<PlatformDocument>

  constructor(@InjectModel(PLATFORMS) model: Model<PlatformDocument>) {
    this.platforms = model.collection as unknown as mongo.Collection<PlatformDocument>
    this.outboxes = new OutboxCollection(this.platforms)
  }

  async byId(platformId: string): Promise<PlatformDocument | null> {
    return this.platforms.findOne({ _id: platformId })
  }

  async all(): Promise<PlatformDocument[]> {
    return this.platforms.find({}).toArray()
  }

  async byIds(platformIds: readonly string[]): Promise<PlatformDocument[]> {
    return this.platforms.find({ _id: { $in: [...platformIds] } }).toArray()
  }

  /** Platforms as they stand. */
  @TellsNewest('platform')
  async newestRecords(records: readonly RecordOf<'platform'>[]): Promise<Newest[]> {
    const ids = new Set(records.map(({ value }) => value.platformId))
    return (await this.byIds([...ids])).map((platform) => ({
      key: platform._id,
      rev: platform.version,
      record: { publish: 'platform', value: platformRecordOf(platform) },
    }))
  }

  /** Adds a platform unless there is one of that id. */
  async add(platform: Platform, pending: readonly Pending[]): Promise<boolean> {
    const { platformId: _id } = platform
    return this.outboxes.add({ _id, ...platform, version: 1, pending: [...pending], outboxAt: new Date() })
  }

  /** Changes a platform that is still at `version`. */
  async change(
    platformId: string,
    version: number,
    set: Partial<Platform>,
    pending: readonly Pending[],
  ): Promise<PlatformDocument | null> {
    return this.outboxes.change({ _id: platformId, version }, set, [...pending], { $inc: { version: 1 } })
  }

  /** Newest first. */
  async list(
    platformId: string | undefined,
    limit: number,
    after?: [string, string],
  ): Promise<PlatformDocument[]> {
    const older = after
      ? { $or: [{ registeredAt: { $lt: after[0] } }, { registeredAt: after[0], _id: { $lt: after[1] } }] }
      : {}
    return this.platforms
      .find({ ...definedFields({ _id: platformId }), ...older } as mongo.Filter<PlatformDocument>)
      .sort({ registeredAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }
}

/** What all services are told of a platform as it stands. */
export function platformRecordOf(found: PlatformDocument): Platform {
  const { _id, version: rev, pending: _pending, outboxAt: _at, ...platform } = found
  return { ...platform, rev }
}
