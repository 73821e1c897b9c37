import type { mongo } from 'mongoose'
import { bulkWrite, duplicateKey, insertMissing } from '#libs/runtime/mongo/bulk-write'
import { countChanges } from './count-changes.js'
import type { AnyWithOutbox } from './with-outbox.js'

/**
 * How documents with outboxes are stored: what a change must deliver comes with it in one write, and is counted once, by
 * whoever stored it. To deliver it is up to the caller, who may have to do something else before.
 */
export class OutboxCollection<T extends AnyWithOutbox> {
  constructor(private readonly collection: mongo.Collection<T>) {}

  /** Adds a document. Says whether it did: not where there is one of its id, or one that a unique index allows no other beside. */
  async add(document: T): Promise<boolean> {
    try {
      await this.collection.insertOne(document as mongo.OptionalUnlessRequiredId<T>)
    } catch (error) {
      if (duplicateKey(error)) return false
      throw error
    }
    countChanges(document.pending)
    return true
  }

  /** Adds those that are not there yet. */
  async addMissing(documents: readonly T[]): Promise<void> {
    const there = new Set(await insertMissing(this.collection, documents))
    for (const document of documents) if (!there.has(document)) countChanges(document.pending)
  }

  /** Changes a document that is still as `guard` says; gives it as it is then, or null where it is not. */
  async change(
    guard: mongo.Filter<T>,
    set: Partial<T>,
    pending: T['pending'],
    also: mongo.UpdateFilter<T> = {},
  ): Promise<T | null> {
    const update = updateOf(set, pending, also)
    const changed = await this.collection.findOneAndUpdate(guard, update, { returnDocument: 'after' })
    if (changed) countChanges(pending)
    return changed as T | null
  }

  /** The same where nobody needs the document, which costs the database less: says whether it changed. */
  async update(
    guard: mongo.Filter<T>,
    set: Partial<T>,
    pending: T['pending'],
    also: mongo.UpdateFilter<T> = {},
  ): Promise<boolean> {
    const { matchedCount } = await this.collection.updateOne(guard, updateOf(set, pending, also))
    if (matchedCount === 1) countChanges(pending)
    return matchedCount === 1
  }

  /**
   * Changes many documents in one round trip, each if it is still as its guard says, and if no unique index forbids it. Which did change is to be read
   * anew; where some did not, their changes are counted all the same.
   */
  async updateAll(
    changes: readonly { guard: mongo.Filter<T>; set: Partial<T>; pending: T['pending'] }[],
  ): Promise<void> {
    await bulkWrite(
      this.collection,
      changes.map(({ guard, set, pending }) => ({
        updateOne: { filter: guard, update: updateOf(set, pending, {}) },
      })),
    )
    for (const { pending } of changes) countChanges(pending)
  }
}

function updateOf<T extends AnyWithOutbox>(
  set: Partial<T>,
  pending: T['pending'],
  also: mongo.UpdateFilter<T>,
): mongo.UpdateFilter<T> {
  const own = { $set: { ...set, outboxAt: new Date() }, $push: { pending: { $each: pending } } }
  return { ...also, ...own } as unknown as mongo.UpdateFilter<T>
}
