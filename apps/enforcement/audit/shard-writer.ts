import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditShard, chainOnto, type Tail, tailAt } from '#libs/audit/chain'
import type { AuditEntry } from '#libs/contracts/audit-record'
import type { Clock } from '#libs/runtime/clock'
import type { AuditStore } from './audit.store.js'
import { Rounds } from '../store/rounds.js'

/** Records of one insert at most. */
const BATCH_SIZE = 1_000
/** Those who lost a place to each other come back at different moments. */
const LONGEST_PAUSE_MS = 100

interface Call {
  readonly entries: readonly AuditEntry[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Appends to one shard. What is asked for while an insert is under way goes into the next one together. Other instances may
 * append at the same time: a place is taken by whoever comes first, and the other goes on from there.
 */
export class ShardWriter {
  private queue: Call[] = []
  private running = false
  /** Where the shard ended when we last wrote to it alone. */
  private tail: Tail | null = null

  constructor(
    private readonly shard: AuditShard,
    private readonly store: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** Resolves when every entry is in the log, whoever appended it. */
  append(entries: readonly AuditEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({ entries, resolve, reject })
      if (!this.running) void this.run()
    })
  }

  private async run(): Promise<void> {
    this.running = true
    while (this.queue.length > 0) {
      const calls = this.take()
      try {
        await this.write(calls.flatMap(({ entries }) => entries))
        for (const { resolve } of calls) resolve()
      } catch (error) {
        this.tail = null
        for (const { reject } of calls) reject(error)
      }
    }
    this.running = false
  }

  private take(): Call[] {
    let count = 0
    let entries = 0
    while (count < this.queue.length && (count === 0 || entries < BATCH_SIZE)) {
      entries += this.queue[count++]!.entries.length
    }
    return this.queue.splice(0, count)
  }

  private async write(entries: readonly AuditEntry[]): Promise<void> {
    let open = [...new Map(entries.map((entry) => [entry.entryId, entry])).values()]
    for (const rounds = new Rounds('The audit log'); ; rounds.next()) {
      const round = rounds.lost
      if (round > 1) await sleep(Math.random() * Math.min(10 * round, LONGEST_PAUSE_MS))
      // After a lost round: who was faster may have appended the same entries.
      const [tail, known] = await Promise.all([
        this.tail ?? this.store.tail(this.shard),
        round === 0 ? NONE : this.store.known(open.map(({ entryId }) => entryId)),
      ])
      open = open.filter(({ entryId }) => !known.has(entryId))
      const next = open.slice(0, BATCH_SIZE)
      if (next.length === 0) return
      const records = chainOnto(tail, this.shard, next, this.clock.now())
      const stored = await this.store.append(records)
      // Where others append too, what we remember is most likely old: the next batch asks again.
      this.tail = stored && round === 0 ? tailAt(records.at(-1)!) : null
      if (stored) open = open.slice(BATCH_SIZE)
      if (open.length === 0) return
    }
  }
}

const NONE: ReadonlySet<string> = new Set()
