import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { DeadLetterTopic } from '#libs/contracts/catalogue'
import { RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { type DeadLetterRecord, readDeadLetter } from './dead-letter.js'
import { createKafka, type KafkaEnv } from './kafka-client.js'
import type { TopicsAdmin } from './topics-admin.js'

/** Offsets of one partition, the first included, the last not. */
export interface LetterRange {
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
}

/** Told of each letter and mark, one at a time. */
export type LetterVisitor = (record: DeadLetterRecord) => void | Promise<void>

const TOPIC = DeadLetterTopic.name
const SESSION_MS = 60_000
const FETCH_WAIT_MS = 250
/** After so long without a record, somebody may have deleted what is waited for. */
const RECHECK_MS = 5_000

/** Reads the topic of dead letters as it is at a moment. */
export class DeadLetterReader {
  constructor(
    private readonly env: KafkaEnv,
    private readonly logger: Logger,
    private readonly topics: Pick<TopicsAdmin, 'existing' | 'offsets' | 'offsetsSince'>,
  ) {}

  /** Everything that lies there now, or since an instant. @throws RetryableError `kafka-away`, `no-topic` */
  async ranges(since?: Date): Promise<LetterRange[]> {
    if (!(await this.topics.existing()).has(TOPIC))
      throw new RetryableError('no-topic', `${TOPIC} does not exist.`)
    const all = await this.topics.offsets(TOPIC)
    const later = since ? await this.topics.offsetsSince(TOPIC, since) : []
    const starts = new Map(later.map(({ partition, offset }) => [partition, BigInt(offset)]))
    return all.map(({ partition, low, high }) => ({
      partition,
      from: starts.get(partition) ?? BigInt(low),
      to: BigInt(high),
    }))
  }

  /**
   * Hands every letter and mark of these ranges to `visit`, each partition in order. Ends early, and resolves, when `signal`
   * is aborted. Its group is made for this reading and commits nothing. Rejects with what `visit` threw, or when the broker
   * is away for long.
   */
  async read(ranges: readonly LetterRange[], visit: LetterVisitor, signal?: AbortSignal): Promise<void> {
    const reading = new Reading(ranges, visit, signal)
    const consumer = createKafka(this.env, 'weir-dead-letters', this.logger).consumer({
      groupId: `${this.env.KAFKA_GROUP_PREFIX}.cli.dead-letters.${randomUUID()}`,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
    })
    try {
      await reading.run(consumer, () => this.ranges())
    } finally {
      await consumer.disconnect().catch(() => undefined)
    }
  }
}

/** One pass over some ranges. */
class Reading {
  private readonly open: Map<number, LetterRange>
  private readonly end = Promise.withResolvers<void>()
  private lastSign = Date.now()

  constructor(
    ranges: readonly LetterRange[],
    private readonly visit: LetterVisitor,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [range.partition, range]))
    this.end.promise.catch(() => undefined)
    signal?.addEventListener('abort', () => this.end.resolve())
  }

  async run(consumer: Consumer, ranges: () => Promise<LetterRange[]>): Promise<void> {
    if (this.open.size === 0 || this.signal?.aborted) return
    consumer.on(consumer.events.CRASH, ({ payload }) => this.end.reject(payload.error))
    await consumer.connect()
    await consumer.subscribe({ topics: [TOPIC], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.take(payload).catch((error: unknown) => this.end.reject(error)),
    })
    for (const { partition, from } of this.open.values())
      consumer.seek({ topic: TOPIC, partition, offset: String(from) })
    const done = new AbortController()
    const watch = this.passDeleted(ranges, done.signal)
    await this.end.promise.finally(() => done.abort())
    await watch
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const { partition, messages } = payload.batch
    for (const { offset, key, value, headers, timestamp } of messages) {
      const range = this.open.get(partition)
      if (!range || payload.isStale() || !payload.isRunning() || this.signal?.aborted) return
      const at = BigInt(offset)
      if (at >= range.from && at < range.to) {
        const record = readDeadLetter({ topic: TOPIC, partition, offset, timestamp, key, value, headers })
        if (record) await this.visit(record)
        await payload.heartbeat()
      }
      payload.resolveOffset(offset)
      this.passed(partition, at + 1n)
    }
  }

  private passed(partition: number, next: bigint): void {
    this.lastSign = Date.now()
    const range = this.open.get(partition)
    if (range && next >= range.to) this.open.delete(partition)
    if (this.open.size === 0) this.end.resolve()
  }

  /** What is deleted while it is waited for never comes. */
  private async passDeleted(ranges: () => Promise<LetterRange[]>, done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      await sleep(RECHECK_MS, undefined, { signal: done }).catch(() => undefined)
      if (done.aborted || Date.now() - this.lastSign < RECHECK_MS) continue
      const now = await ranges().catch(() => [])
      for (const { partition, from } of now) if (this.open.has(partition)) this.passed(partition, from)
    }
  }
}
