import { Inject, Injectable } from '@nestjs/common'
import { Gauge } from 'prom-client'
import { AUDIT_SHARDS, type Tail } from '#libs/audit/chain'
import { signNote } from '#libs/audit/checkpoint-note'
import { Topics } from '#libs/contracts/catalogue'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import { derivedId } from '#libs/contracts/ids'
import { Clock } from '#libs/platform/clock'
import { Publisher } from '#libs/platform/kafka/publisher'
import type { Logger } from '#libs/platform/logger'
import { ENV, LOGGER } from '#libs/platform/tokens'
import type { EnforcementEnv } from '../config.js'
import { AuditKey } from './audit-key.js'
import { AuditStore } from './audit.store.js'
import { CheckpointStore } from './checkpoint.store.js'

const broken = new Gauge({
  name: 'weir_enforcement_audit_broken',
  help: '1 for a shard of the audit log that does not continue its last checkpoint: records were removed or replaced.',
  labelNames: ['shard'],
})

/**
 * Signs where each shard of the audit log ends and publishes it, so that nobody can change what came before without being
 * found. Any instance may: the same end gives the same checkpoint, to the byte.
 */
@Injectable()
export class PublishCheckpoints {
  constructor(
    private readonly log: AuditStore,
    private readonly checkpoints: CheckpointStore,
    private readonly key: AuditKey,
    private readonly publisher: Publisher,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: EnforcementEnv,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A checkpoint for each shard that grew, unless the last one is only just made. */
  async publish(): Promise<void> {
    for (const shard of AUDIT_SHARDS) await this.publishShard(shard)
  }

  /** The signed end of a shard at a size that it has or had. @throws RangeError where it has fewer records */
  async noteAt(shard: string, size: number): Promise<string> {
    const tail = await this.log.tailOfSize(shard, size)
    if (!tail) throw new RangeError(`Shard ${shard} of the audit log has no ${size} records.`)
    return this.noteOf(shard, tail)
  }

  private async publishShard(shard: string): Promise<void> {
    const now = this.clock.now()
    const last = await this.checkpoints.newest(shard)
    const age = last ? now.getTime() - last.signedAt.getTime() : Infinity
    if (age >= 0 && age < this.env.AUDIT_CHECKPOINT_MS) return
    if (last && !(await this.continues(shard, last))) return
    const tail = await this.log.tail(shard)
    if (tail.size === (last?.size ?? 0)) return
    const checkpoint = this.checkpointOf(shard, tail)
    const id = derivedId('ckp', shard, tail.size, tail.head)
    const time = new Date(checkpoint.at)
    await this.publisher.publish({ topic: Topics.checkpoints, key: shard, id, value: checkpoint, time })
    await this.checkpoints.keep(checkpoint, id, now)
  }

  /** A log that signed one past must never sign another (C2SP tlog-checkpoint). */
  private async continues(shard: string, last: { size: number; head: string }): Promise<boolean> {
    const then = await this.log.tailOfSize(shard, last.size)
    const same = then?.head === last.head
    broken.set({ shard }, same ? 0 : 1)
    if (!same) {
      this.logger.error(
        { shard, checkpoint: last.size },
        'the audit log does not continue its last checkpoint; run weir audit verify',
      )
    }
    return same
  }

  private checkpointOf(shard: string, tail: Tail): Checkpoint {
    const { size, head, loggedAt: at } = tail
    return { shard, size, head, note: this.noteOf(shard, tail), at }
  }

  private noteOf(shard: string, { size, head }: Tail): string {
    return signNote({ origin: this.key.originOf(shard), size, head }, this.key.privateKey)
  }
}
