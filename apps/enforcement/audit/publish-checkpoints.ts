import { Inject, Injectable } from '@nestjs/common'
import { Gauge } from 'prom-client'
import { AUDIT_SHARDS, type Tail } from '#libs/audit/chain'
import { type NoteText, signNote, unsignedNote } from '#libs/audit/checkpoint-note'
import { Topics } from '#libs/contracts/catalogue'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/runtime/clock'
import { Due } from '#libs/runtime/due'
import { Publisher } from '#libs/runtime/kafka/publisher'
import type { Logger } from '#libs/runtime/logger'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../config.js'
import { AuditKey } from './audit-key.js'
import { AuditStore } from './audit.store.js'
import { type CheckpointDocument, CheckpointStore } from './checkpoint.store.js'
import { PublishedCheckpoints } from './published-checkpoints.js'

const broken = new Gauge({
  name: 'weir_enforcement_audit_broken',
  help: '1 for a shard of the audit log that does not continue its published checkpoints; it is no longer signed.',
  labelNames: ['shard'],
})

/** Why nothing is signed of a shard. */
type Break = 'removed-or-replaced' | 'published-twice' | 'unknown-key'

/**
 * Signs where each shard of the audit log ends and publishes it, so that nobody can change what came before without being
 * found. Any instance may: the same end gives the same checkpoint, to the byte. What is signed continues both what the
 * database remembers and what was published (docs/adr/0121).
 */
@Injectable()
export class PublishCheckpoints {
  constructor(
    private readonly log: AuditStore,
    private readonly checkpoints: CheckpointStore,
    private readonly published: PublishedCheckpoints,
    private readonly key: AuditKey,
    private readonly publisher: Publisher,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A checkpoint for each shard that grew, unless the last one is only just made, or what was published is not read yet. */
  @Due({ order: 900, name: 'checkpoints' })
  async publish(): Promise<void> {
    if (!this.published.isRead) return
    for (const shard of AUDIT_SHARDS) await this.publishShard(shard)
    const gone = this.published.shards().filter((shard) => !AUDIT_SHARDS.some((one) => one === shard))
    for (const shard of gone) broken.set({ shard }, 1)
  }

  /**
   * The end of a shard at a size that it has or had: signed, unless the shard does not continue what was published of it.
   * @throws RangeError where it has fewer records; RetryableError `not-read` until it is known what was published
   */
  async noteAt(shard: string, size: number): Promise<string> {
    const tail = await this.log.tailOfSize(shard, size)
    if (!tail) throw new RangeError(`Shard ${shard} of the audit log has no ${size} records.`)
    const found = await this.breakOf(shard, await this.checkpoints.newest(shard))
    return found === null ? this.noteOf(shard, tail) : unsignedNote(this.textOf(shard, tail))
  }

  private async publishShard(shard: string): Promise<void> {
    const now = this.clock.now()
    const last = await this.checkpoints.newest(shard)
    const age = last ? now.getTime() - last.signedAt.getTime() : Infinity
    if (age >= 0 && age < this.env.AUDIT_CHECKPOINT_MS) return
    if (!(await this.continues(shard, last, now))) return
    const tail = await this.log.tail(shard)
    if (tail.size <= Math.max(last?.size ?? 0, this.publishedSize(shard))) return
    // What was published by others until now counts too.
    await this.published.fresh()
    if (!(await this.continues(shard, last, now))) return
    if (tail.size <= this.publishedSize(shard)) return
    const checkpoint = this.checkpointOf(shard, tail)
    const id = idOf(checkpoint)
    const time = new Date(checkpoint.at)
    await this.publisher.publish({ topic: Topics.checkpoints, key: shard, id, value: checkpoint, time })
    await this.checkpoints.keep(checkpoint, id, now)
  }

  /** A log that signed one past must never sign another (C2SP tlog-checkpoint). */
  private async continues(shard: string, last: CheckpointDocument | null, now: Date): Promise<boolean> {
    const past = this.published.of(shard)
    const kept = last?.size ?? 0
    // Published, and not kept: by an instance that died between the two, or of a database that was restored.
    if (past.is === 'signed' && past.newest.size > kept) {
      await this.checkpoints.keep(past.newest, idOf(past.newest), now)
    }
    const found = await this.breakOf(shard, last)
    broken.set({ shard }, found === null ? 0 : 1)
    if (found === null) return true
    this.logger.error(
      { shard, why: found, kept, published: this.publishedSize(shard) },
      'the audit log does not continue what was signed of it; run weir audit verify',
    )
    return false
  }

  private async breakOf(shard: string, last: CheckpointDocument | null): Promise<Break | null> {
    const past = this.published.of(shard)
    switch (past.is) {
      case 'forked':
        return 'published-twice'
      case 'foreign':
        return 'unknown-key'
      case 'unwritten':
        break
      case 'signed':
        if (!(await this.holds(shard, past.newest))) return 'removed-or-replaced'
    }
    return last && !(await this.holds(shard, last)) ? 'removed-or-replaced' : null
  }

  private async holds(shard: string, { size, head }: { size: number; head: string }): Promise<boolean> {
    return (await this.log.tailOfSize(shard, size))?.head === head
  }

  private publishedSize(shard: string): number {
    const past = this.published.of(shard)
    return past.is === 'signed' ? past.newest.size : 0
  }

  private checkpointOf(shard: string, tail: Tail): Checkpoint {
    const { size, head, loggedAt: at } = tail
    return { shard, size, head, note: this.noteOf(shard, tail), at }
  }

  private noteOf(shard: string, tail: Tail): string {
    return signNote(this.textOf(shard, tail), this.key.privateKey)
  }

  private textOf(shard: string, { size, head }: Tail): NoteText {
    return { origin: this.key.originOf(shard), size, head }
  }
}

function idOf({ shard, size, head }: Checkpoint): string {
  return derivedId('ckp', shard, size, head)
}
