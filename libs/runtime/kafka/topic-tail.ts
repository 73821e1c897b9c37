import type { KafkaMessage } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicSpec } from '#libs/contracts/catalogue'
import { RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { RawRecord } from './batch.js'
import { type PartitionOffsets, TableReader } from './compacted-table.js'
import type { KafkaEnv } from './kafka-client.js'
import type { TopicsAdmin } from './topics-admin.js'

const LOOK_MS = 20
const FRESH_WITHIN_MS = 10_000

/**
 * Follows a topic of one partition, that is kept for ever, from so many records before its end on. A record may be told of
 * more than once.
 */
export class TopicTail {
  private readonly reader: TableReader
  private position = 0n
  private end: bigint | undefined
  private whole = false

  /** `lastRecords`: how far before the end to begin. */
  constructor(
    readonly spec: Pick<TopicSpec, 'name'>,
    private readonly lastRecords: number,
    private readonly told: (record: RawRecord) => void,
    env: KafkaEnv,
    service: string,
    logger: Logger,
    private readonly admin: TopicsAdmin,
  ) {
    this.reader = new TableReader(this, env, service, logger, admin)
  }

  start(): void {
    this.reader.start()
  }

  stop(): Promise<void> {
    return this.reader.stop()
  }

  /** Whether everything was told of that was there when reading began. */
  get isRead(): boolean {
    return this.end !== undefined && this.position >= this.end
  }

  /** Whether reading began, or is to begin, at the first record. */
  get isWhole(): boolean {
    return this.whole
  }

  /** Reads the whole topic. */
  beginAtTheStart(): void {
    this.whole = true
    this.end = undefined
    this.position = 0n
    this.reader.beginAgain()
  }

  /** Resolves when all has been told of that is on the topic now. @throws RetryableError `not-read` where it cannot be read in time */
  async fresh(): Promise<void> {
    const [offsets] = await this.admin.offsets(this.spec.name)
    const high = BigInt(offsets?.high ?? 0)
    for (let waited = 0; !this.isRead || this.position < high; waited += LOOK_MS) {
      if (waited > FRESH_WITHIN_MS) throw new RetryableError('not-read', `${this.spec.name} is not read yet.`)
      await sleep(LOOK_MS)
    }
  }

  /** For the reader. */
  startOf([offsets]: readonly PartitionOffsets[]): { partition: number; offset: bigint }[] {
    if (!offsets) return []
    const low = BigInt(offsets.low)
    const near = BigInt(offsets.high) - BigInt(this.lastRecords)
    if (near <= low) this.whole = true
    this.position = this.whole ? low : near
    return [{ partition: offsets.partition, offset: this.position }]
  }

  /** For the reader. */
  expect(ends: ReadonlyMap<number, bigint>): void {
    this.end = ends.get(0) ?? 0n
  }

  /** For the reader. */
  apply(partition: number, messages: readonly KafkaMessage[]): void {
    for (const { offset, timestamp, key, value, headers } of messages) {
      this.told({ topic: this.spec.name, partition, offset, timestamp, key, value, headers })
      this.passed(partition, BigInt(offset) + 1n)
    }
  }

  /** For the reader. */
  passed(_partition: number, offset: bigint): void {
    // Before the reader has gone to where it is to begin, it may bring earlier records.
    if (offset > this.position) this.position = offset
  }

  /** For the reader. */
  nothingLeft(): void {
    if (this.end !== undefined) this.passed(0, this.end)
  }
}
