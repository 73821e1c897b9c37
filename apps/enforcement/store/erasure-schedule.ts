import { randomUUID } from 'node:crypto'
import type { mongo } from 'mongoose'
import { DATED } from './queries.js'

/** A document whose content is erased in its time. */
export interface Scheduled {
  _id: string
  /** When to look whether its content is still needed; absent once that is gone. While somebody looks, when their lease ends. */
  eraseAt?: Date
  /** Whoever looks. */
  eraser?: string
}

/** Whoever is cut off while they look is followed by another after this. */
const LEASE_MS = 60_000

/** Finds what is due: few at any time, and found by the date. */
export const eraseIndex = [
  { eraseAt: 1 },
  { name: 'erase', partialFilterExpression: { eraseAt: DATED } },
] as const satisfies [Record<string, 1>, object]

/** Some documents that one instance looks at, until its lease ends. */
export interface Claimed<T> {
  eraser: string
  documents: T[]
}

/** What of one collection is to be looked at, and when. Any number of instances may ask: each document is looked at by one. */
export class ErasureSchedule<T extends Scheduled> {
  /** `which`: what the index of the dates is restricted to, beside that they are dates. */
  constructor(
    private readonly collection: mongo.Collection<T>,
    private readonly which: object = {},
  ) {}

  /** Takes what is due, what has waited longest first; `projection`: what the caller reads of it. */
  async claim<P extends T = T>(now: Date, limit: number, projection: object = {}): Promise<Claimed<P>> {
    const eraser = randomUUID()
    const due = { ...this.which, eraseAt: { $lte: now, ...DATED } }
    const found = await this.collection
      .find(due as unknown as mongo.Filter<T>, { projection: { _id: 1 } })
      .sort({ eraseAt: 1 })
      .limit(limit)
      .toArray()
    if (found.length === 0) return { eraser, documents: [] }
    const ids = found.map(({ _id }) => _id as unknown as string)
    await this.collection.updateMany(
      { _id: { $in: ids }, ...due } as unknown as mongo.Filter<T>,
      { $set: { eraser, eraseAt: new Date(now.getTime() + LEASE_MS) } } as unknown as mongo.UpdateFilter<T>,
    )
    const documents = await this.collection
      .find({ _id: { $in: ids }, eraser } as unknown as mongo.Filter<T>, { projection })
      .toArray()
    return { eraser, documents: documents as unknown as P[] }
  }

  /** Looks at those again at their instants; null: never. `set`: what else is known of one now. */
  async lookAgain(
    eraser: string,
    looks: readonly { id: string; at: Date | null; set?: object }[],
  ): Promise<void> {
    if (looks.length === 0) return
    await this.collection.bulkWrite(
      looks.map(({ id, at, set }) => ({
        updateOne: {
          filter: { _id: id, eraser } as unknown as mongo.Filter<T>,
          update: {
            ...(at || set ? { $set: { ...set, ...(at ? { eraseAt: at } : {}) } } : {}),
            $unset: { eraser: '', ...(at ? {} : { eraseAt: '' }) },
          } as unknown as mongo.UpdateFilter<T>,
        },
      })),
      { ordered: false },
    )
  }

  /** Puts what remains in the place of contents, where this is still who looks. Resolves to how many it erased. */
  async erase(
    eraser: string,
    remains: readonly { id: string; set: object; unset?: readonly string[] }[],
  ): Promise<number> {
    if (remains.length === 0) return 0
    const { modifiedCount } = await this.collection.bulkWrite(
      remains.map(({ id, set, unset = [] }) => ({
        updateOne: {
          filter: { _id: id, eraser } as unknown as mongo.Filter<T>,
          update: {
            $set: set,
            $unset: Object.fromEntries(['eraser', 'eraseAt', ...unset].map((field) => [field, ''])),
          } as unknown as mongo.UpdateFilter<T>,
        },
      })),
      { ordered: false },
    )
    return modifiedCount
  }

  /** Since when the first has been due; null where none is scheduled at all, or all later than `now`. */
  async overdueSince(now: Date): Promise<Date | null> {
    const [first] = await this.collection
      .find({ ...this.which, eraseAt: { $lte: now, ...DATED } } as unknown as mongo.Filter<T>, {
        projection: { eraseAt: 1 },
      })
      .sort({ eraseAt: 1 })
      .limit(1)
      .toArray()
    return first?.eraseAt ?? null
  }
}
