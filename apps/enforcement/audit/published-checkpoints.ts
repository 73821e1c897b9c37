import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common'
import { AUDIT_SHARDS } from '#libs/audit/chain'
import { Topics } from '#libs/contracts/catalogue'
import { RetryableError } from '#libs/runtime/errors'
import type { RawRecord } from '#libs/runtime/kafka/batch'
import { contractDecoder } from '#libs/runtime/kafka/decode-json'
import { TopicTail } from '#libs/runtime/kafka/topic-tail'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import type { Logger } from '#libs/runtime/logger'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import type { EnforcementEnv } from '../config.js'
import { AuditKey } from './audit-key.js'
import { type PublishedPast, PublishedCheckpointsView } from './published-past.rules.js'

/** Holds the newest of each shard that still grows; read in a second. */
const LAST_RECORDS = 20_000

/**
 * What `weir.checkpoints.v1` says of the past: the copy outside the database. A database that was restored, emptied or
 * exchanged is found out by it.
 */
@Injectable()
export class PublishedCheckpoints implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly tail: TopicTail
  private readonly view: PublishedCheckpointsView
  private readonly decode = contractDecoder(Topics.checkpoints.event)

  constructor(
    key: AuditKey,
    @Inject(ENV) env: EnforcementEnv,
    @Inject(LOGGER) private readonly logger: Logger,
    admin: TopicsAdmin,
  ) {
    this.view = new PublishedCheckpointsView(key.publicKeys)
    const told = (record: RawRecord): void => this.take(record)
    this.tail = new TopicTail(Topics.checkpoints, LAST_RECORDS, told, env, 'enforcement', logger, admin)
  }

  onApplicationBootstrap(): void {
    this.tail.start()
  }

  onApplicationShutdown(): Promise<void> {
    return this.tail.stop()
  }

  /** Resolves when all is known that was published by now. @throws RetryableError `not-read` */
  async fresh(): Promise<void> {
    await this.tail.fresh()
    if (this.tail.isWhole || AUDIT_SHARDS.every((shard) => this.view.of(shard).is === 'signed')) return
    // A shard that has not grown for long has its last checkpoint further back.
    this.tail.beginAtTheStart()
    await this.tail.fresh()
  }

  /** Whether the topic was read up to what it held at the start. */
  get isRead(): boolean {
    return this.tail.isRead
  }

  /** What was published of a shard, as far as is known. @throws RetryableError `not-read` until the topic was read once */
  of(shard: string): PublishedPast {
    if (!this.tail.isRead) throw new RetryableError('not-read', 'The published checkpoints are not read yet.')
    return this.view.of(shard)
  }

  /** Every shard of which something was published, also one that there is no more. */
  shards(): string[] {
    return this.view.shards()
  }

  private take(raw: RawRecord): void {
    const { offset } = raw
    try {
      if (this.view.take(this.decode(raw))) return
      this.logger.error({ offset }, 'a published checkpoint is not signed by a known key of the audit log')
    } catch (error) {
      this.logger.error({ offset, err: error }, 'a published checkpoint cannot be read')
    }
  }
}
