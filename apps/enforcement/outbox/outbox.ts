import { Injectable, type OnModuleInit } from '@nestjs/common'
import { DiscoveryService } from '@nestjs/core'
import type { mongo } from 'mongoose'
import { entryOf } from '#libs/audit/chain'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { declaredMethods } from '#libs/runtime/wiring'
import { AuditLog } from '../audit/audit-log.js'
import { findOutboxes } from './has-outbox.js'
import { type FoundTaker, type PendingWriters, wireWriters } from './pending-writers.js'
import { recordOf } from './publish-pending.js'
import { TellNewest } from './tell-newest.js'
import type { AnyWithOutbox } from './with-outbox.js'
import { takesPendingOf } from './writes-pending.js'

/** What some ten verdicts leave in the outbox of their account. */
const MAX_SIDE_BY_SIDE = 60

/**
 * Makes real what changes left in their outboxes: writes the documents, enters every event into the audit log, publishes the
 * records, and only then forgets them. Any instance may do it at any time, several at once too: every write is idempotent,
 * every record has its id and bytes fixed. Who writes what says so itself (`WritesPending`).
 */
@Injectable()
export class Outbox implements OnModuleInit {
  private writers: PendingWriters = wireWriters([], [])

  constructor(
    private readonly publisher: Publisher,
    private readonly audit: AuditLog,
    private readonly newest: TellNewest,
    private readonly discovery: DiscoveryService,
  ) {}

  /** @throws WiringError where nobody, or more than one, writes a kind of what may lie in outboxes */
  onModuleInit(): void {
    const kinds = new Set(findOutboxes(this.discovery).flatMap(({ writes = [] }) => writes))
    const found = declaredMethods(this.discovery, takesPendingOf)
    this.writers = wireWriters(
      [...kinds],
      found.map(({ name, declared, call }) => ({ name, takes: declared, take: call as FoundTaker['take'] })),
    )
  }

  /** Resolves when everything is written, in the audit log, and acknowledged by the broker. */
  async deliver<T extends AnyWithOutbox>(
    holders: readonly Pick<AnyWithOutbox, '_id' | 'pending'>[],
    collection: mongo.Collection<T>,
  ): Promise<void> {
    const pending = holders.flatMap((holder) => holder.pending)
    if (pending.length === 0) return
    const records = pending.filter((entry) => 'publish' in entry)
    const events = records.flatMap((record) => (record.publish === 'event' ? [record.value] : []))
    const steps = [
      ...this.writers(pending.filter((entry) => 'write' in entry)),
      () => this.audit.append(events.map(entryOf)),
    ]
    // Side by side the database makes all durable in one go; but not much of one account, or others wait for all its cores.
    if (holders.length === 1 && pending.length > MAX_SIDE_BY_SIDE) for (const step of steps) await step()
    else await Promise.all(steps.map((step) => step()))
    await this.publisher.publish(...records.map(recordOf))
    const full = holders.filter((holder) => holder.pending.length > 0)
    if ((await forget(full, collection, true)) === full.length) return
    // Somebody else has delivered the same meanwhile, and maybe what came after it: ours may now stand last on the topic.
    await forget(full, collection, false)
    await this.newest.tell(records)
  }
}

/**
 * Takes what was delivered out of the outboxes; gives of how many. Whoever delivers takes all that lies there, so that where
 * the first entry is gone (`ifWhole`: nothing is taken then) somebody else had it too.
 */
async function forget<T extends AnyWithOutbox>(
  holders: readonly Pick<AnyWithOutbox, '_id' | 'pending'>[],
  collection: mongo.Collection<T>,
  ifWhole: boolean,
): Promise<number> {
  if (holders.length === 0) return 0
  const { matchedCount } = await collection.bulkWrite(
    holders.map(({ _id, pending }) => ({
      updateOne: {
        filter: { _id, ...(ifWhole ? { 'pending.id': pending[0]!.id } : {}) } as unknown as mongo.Filter<T>,
        update: {
          $pull: { pending: { id: { $in: pending.map(({ id }) => id) } } },
        } as unknown as mongo.UpdateFilter<T>,
      },
    })),
    { ordered: false },
  )
  return matchedCount
}
