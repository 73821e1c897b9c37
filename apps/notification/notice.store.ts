import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import type { Delivery, NoticeContent } from './delivery.js'

export const NOTICES = 'Notice'

/** A notice as it was first seen: to whom, and what they are sent. */
export interface StoredNotice {
  _id: string
  createdAt: Date
  /** The deliveries as they were planned; what became of them stands with the deliveries. */
  plan: Delivery[]
  /** Null once it has been forgotten. */
  content: NoticeContent | null
}

export const NoticeSchema = new Schema<StoredNotice>(
  {
    _id: { type: String, required: true },
    createdAt: { type: Date, required: true },
    plan: { type: Schema.Types.Mixed, required: true },
    content: { type: Schema.Types.Mixed, default: null },
  },
  { collection: 'notices', versionKey: false, minimize: false },
)
  // What is not forgotten yet: found by age, however many there have been.
  .index({ createdAt: 1 }, { name: 'content', partialFilterExpression: { content: { $type: 'object' } } })

/** Notices by id, each fixed at first sight. */
@Injectable()
export class NoticeStore {
  constructor(@InjectModel(NOTICES) private readonly model: Model<StoredNotice>) {}

  /** Keeps those of `fresh` that are new, and returns the notices of all `ids` as they were first kept. */
  async keep(fresh: readonly StoredNotice[], ids: readonly string[]): Promise<StoredNotice[]> {
    const notices = this.model.collection as unknown as mongo.Collection<StoredNotice>
    const there = await insertMissing(notices, fresh)
    const kept = new Map(fresh.map((notice) => [notice._id, notice]))
    for (const { _id } of there) kept.delete(_id)
    const others = [...new Set(ids)].filter((id) => !kept.has(id))
    if (others.length === 0) return [...kept.values()]
    // All in one answer: the server's first batch holds 101 otherwise.
    const found = await this.model
      .find({ _id: { $in: others } })
      .batchSize(others.length + 1)
      .lean<StoredNotice[]>()
    return [...kept.values(), ...found]
  }

  /** Which of these notices are kept already. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    const found = await this.model
      .find({ _id: { $in: [...ids] } })
      .select({ _id: 1 })
      .batchSize(ids.length + 1)
      .lean()
    return new Set(found.map((notice) => notice._id))
  }

  /** What to send, by notice. */
  async contents(ids: readonly string[]): Promise<Map<string, NoticeContent>> {
    const found = await this.model
      .find({ _id: { $in: [...ids] } })
      .select({ content: 1 })
      .lean<Pick<StoredNotice, '_id' | 'content'>[]>()
    return new Map(found.flatMap(({ _id, content }) => (content ? [[_id, content] as const] : [])))
  }

  /**
   * Takes text and addresses out of notices made before an instant, at most as many as said; the id stays, so that a replay adds
   * none. Returns of how many, as far as nobody else did.
   */
  async forget(before: Date, limit: number): Promise<number> {
    const notices = this.model.collection as unknown as mongo.Collection<StoredNotice>
    const old = await notices
      .find(writtenBefore(before), { projection: { _id: 1 } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .toArray()
    if (old.length === 0) return 0
    const { modifiedCount } = await notices.updateMany(
      { _id: { $in: old.map(({ _id }) => _id) }, content: { $type: 'object' } },
      { $set: { content: null, plan: [] } },
    )
    return modifiedCount
  }

  /** When the first was made, before an instant, that is to be forgotten; null where there is none. */
  async oldestWritten(before: Date): Promise<Date | null> {
    const notices = this.model.collection as unknown as mongo.Collection<StoredNotice>
    const [oldest] = await notices
      .find(writtenBefore(before), { projection: { createdAt: 1 } })
      .sort({ createdAt: 1 })
      .limit(1)
      .toArray()
    return oldest?.createdAt ?? null
  }
}

function writtenBefore(before: Date): mongo.Filter<StoredNotice> {
  return { createdAt: { $lt: before }, content: { $type: 'object' } }
}
