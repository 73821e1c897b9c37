import { Injectable } from '@nestjs/common'
import type { mongo } from 'mongoose'
import { ABANDONED_AFTER_MS } from '#libs/runtime/due'
import { notAmong } from '../store/queries.js'
import { WorkOff } from '#libs/runtime/work-off'
import { Outbox } from './outbox.js'
import type { AnyWithOutbox } from './with-outbox.js'

const BATCH_SIZE = 50

/** Completes what a crash or an outage cut off. Any instance may; what two deliver is the same. */
@Injectable()
export class Relay {
  constructor(private readonly outbox: Outbox) {}

  /** Of each collection, what cannot be delivered for now. */
  private readonly left = new Map<string, WorkOff>()

  /**
   * Delivers what lies in outboxes for longer than a delivery takes. @throws AggregateError on those that failed, once the others
   * are delivered
   */
  async complete<T extends AnyWithOutbox>(collection: mongo.Collection<T>): Promise<void> {
    const { collectionName: name } = collection
    const left = this.left.get(name) ?? new WorkOff(undefined, Infinity)
    this.left.set(name, left)
    const which = { outboxAt: { $lt: new Date(Date.now() - ABANDONED_AFTER_MS) } }
    await left.run(
      (limit, except) => find(collection, { ...which, ...notAmong(except) }, limit),
      ({ _id }) => _id,
      (holders) => this.outbox.deliver(holders, collection),
      BATCH_SIZE,
    )
  }

  /** Delivers everything that lies in outboxes. */
  async drain<T extends AnyWithOutbox>(collection: mongo.Collection<T>): Promise<void> {
    for (;;) {
      const holders = await find(collection, {}, BATCH_SIZE)
      if (holders.length === 0) return
      await this.outbox.deliver(holders, collection)
    }
  }
}

async function find<T extends AnyWithOutbox>(
  collection: mongo.Collection<T>,
  which: object,
  limit: number,
): Promise<AnyWithOutbox[]> {
  const filter = { 'pending.0.id': { $exists: true }, ...which } as mongo.Filter<T>
  return (await collection.find(filter).limit(limit).toArray()) as unknown as AnyWithOutbox[]
}
