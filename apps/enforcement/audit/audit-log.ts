import { Injectable } from '@nestjs/common'
import { Counter } from 'prom-client'
import { AUDIT_SHARDS, type AuditShard, byShard } from '#libs/audit/chain'
import type { AuditEntry } from '#libs/contracts/audit-record'
import { Clock } from '#libs/runtime/clock'
import { RetryableError } from '#libs/runtime/errors'
import { Startup } from '#libs/runtime/startup'
import { AuditStore } from './audit.store.js'
import { ShardWriter } from './shard-writer.js'

const appended = new Counter({
  name: 'weir_enforcement_audit_entries_total',
  help: 'Entries this instance appended to the audit log, repeats included.',
})

/**
 * The audit log: an entry for each change of state and each view of evidence, in chains of hashes (docs/adr/0083). An entry
 * may be handed in again at any time: it stands there once.
 */
@Injectable()
export class AuditLog {
  private readonly writers: ReadonlyMap<AuditShard, ShardWriter>
  private unique = false

  constructor(store: AuditStore, clock: Clock, startup: Startup) {
    this.writers = new Map(AUDIT_SHARDS.map((shard) => [shard, new ShardWriter(shard, store, clock)]))
    void startup.run('audit-log', async () => {
      await store.mustKeepEntriesUnique()
      this.unique = true
    })
  }

  /** Resolves when the entries are durable in the log. @throws RetryableError `not-ready` at the start, `contention` */
  async append(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return
    if (!this.unique) throw new RetryableError('not-ready', 'The audit log is not ready yet.')
    await Promise.all([...byShard(entries)].map(([shard, some]) => this.writers.get(shard)!.append(some)))
    appended.inc(entries.length)
  }
}
