import { Injectable } from '@nestjs/common'
import type { mongo } from 'mongoose'
import { Outbox } from './outbox.js'
import type { WithOutbox } from './with-outbox.js'

/** Whoever made a change delivers it at once; after this it is taken for cut off. */
const LEFT_BEHIND_MS = 5_000
const AT_ONCE = 50

/** Completes what a crash or an outage cut off. Any instance may; what two deliver is the same. */
@Injectable()
export class Relay {
  constructor(private readonly outbox: Outbox) {}

  /** Delivers what lies in outboxes for longer than a delivery takes. */
  async complete<T extends WithOutbox>(collection: mongo.Collection<T>): Promise<void> {
    await this.deliver(collection, { outboxAt: { $lt: new Date(Date.now() - LEFT_BEHIND_MS) } })
  }

  /** Delivers everything that lies in outboxes. */
  async drain<T extends WithOutbox>(collection: mongo.Collection<T>): Promise<void> {
    await this.deliver(collection, {})
  }

  private async deliver<T extends WithOutbox>(collection: mongo.Collection<T>, which: object): Promise<void> {
    const filter = { 'pending.0.id': { $exists: true }, ...which } as mongo.Filter<T>
    for (;;) {
      const holders = (await collection.find(filter).limit(AT_ONCE).toArray()) as unknown as WithOutbox[]
      if (holders.length === 0) return
      await this.outbox.deliver(holders, collection)
    }
  }
}
