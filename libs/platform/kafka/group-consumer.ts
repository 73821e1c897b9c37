import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { platformOfTopic } from '#libs/contracts/catalogue'
import type { Logger } from '../logger.js'
import type { RawRecord } from './batch.js'
import type { DeadLetters } from './dead-letters.js'
import { createKafka, LONG_RETRY, type KafkaEnv } from './kafka-client.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { OffsetCommits, type Position } from './offset-commits.js'
import { runHandler, type Route } from './run-handler.js'
import { topicAssigner } from './topic-assigner.js'
import { topicLabel } from './topic-names.js'

export interface GroupConsumerOptions {
  readonly env: KafkaEnv
  readonly groupId: string
  readonly clientId: string
  readonly topics: readonly string[]
  readonly routeOf: (topic: string) => Route
  readonly deadLetters: Pick<DeadLetters, 'keep'>
  readonly logger: Logger
  /** kafkajs has given this consumer up; a new one has to be made. */
  readonly onCrash: (error: Error) => void
}

const HEARTBEAT_MS = 1_000
/** The group waits so long for members that are still at work: more than a batch takes. */
const REBALANCE_MS = 30_000
const FETCH_WAIT_MS = 250
const LEAVE_WITHIN_MS = 5_000
/** The transport vouches for a handler so long; one that takes longer loses its partition to another member. */
const LONGEST_HANDLING_MS = 120_000
const RETRY_MS = { first: 200, cap: 5_000 }
/** No fetch, no batch and no crash for so long: kafkajs has stopped without a word (its issue 1593). */
const SILENCE_MS = 120_000

interface Progress {
  readonly topic: string
  /** Timestamp of the oldest record that is fetched and not done. */
  oldest: number | undefined
  /** Since when records are with the handler. */
  handlingSince: number | undefined
  /** Failed attempts in a row. */
  failures: number
  resumeTimer: NodeJS.Timeout | undefined
}

/**
 * One member of a consumer group, used once: started, stopped, thrown away. Offsets are committed only up to records that
 * are done. No error of a handler ever reaches kafkajs, which would stop, or run out of tries, because of it.
 */
export class GroupConsumer {
  private readonly consumer: Consumer
  private readonly commits: OffsetCommits
  private readonly partitions = new Map<string, Progress>()
  private readonly active = new Set<Promise<void>>()
  private commitTimer: NodeJS.Timeout | undefined
  private generation = 0
  private stopping = false
  private commitDirectly: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  private lastSign = Date.now()

  constructor(private readonly options: GroupConsumerOptions) {
    const { env, groupId, clientId, logger } = options
    const onTrouble = (): void => {
      this.lastSign = Date.now()
    }
    this.consumer = createKafka(env, clientId, logger, { retry: LONG_RETRY, onTrouble }).consumer({
      groupId,
      partitionAssigners: [topicAssigner],
      allowAutoTopicCreation: false,
      sessionTimeout: env.KAFKA_SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      metadataMaxAge: 60_000,
      retry: LONG_RETRY,
    })
    this.commits = new OffsetCommits(
      (positions) => this.commit(positions),
      (error) => logger.debug({ groupId, err: error }, 'offsets not committed yet'),
    )
    this.listen()
  }

  get topics(): readonly string[] {
    return this.options.topics
  }

  /** Whether it is a member of its group. */
  get joined(): boolean {
    return this.generation > 0 && !this.stopping
  }

  /** Joins the group and begins. Rejects when the broker is away: throw this consumer away then. */
  async start(): Promise<void> {
    const { env, topics } = this.options
    await this.consumer.connect()
    await this.consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: env.KAFKA_CONCURRENCY,
      eachBatch: (payload) => this.eachBatch(payload),
    })
    this.commitTimer = setInterval(() => void this.commits.flush(), env.KAFKA_COMMIT_MS)
  }

  /** Takes nothing new, lets what is being handled finish, commits it and leaves the group. Never rejects. */
  async stop(): Promise<void> {
    this.stopping = true
    clearInterval(this.commitTimer)
    for (const { resumeTimer } of this.partitions.values()) clearTimeout(resumeTimer)
    try {
      this.consumer.pause(this.topics.map((topic) => ({ topic })))
    } catch {
      // Not running: there is nothing to pause.
    }
    await Promise.all(this.active)
    await this.leave()
  }

  /** What makes this consumer look dead although no broker is away; undefined when it is well. */
  stuck(now = Date.now()): string | undefined {
    if (!this.joined) return undefined
    for (const [name, { handlingSince }] of this.partitions) {
      if (handlingSince !== undefined && now - handlingSince > LONGEST_HANDLING_MS)
        return `${name} makes no progress`
    }
    const silent = this.active.size === 0 && now - this.lastSign > SILENCE_MS
    return silent ? `${this.options.groupId} fetches nothing` : undefined
  }

  /** The oldest record of each topic that was fetched and is not done, as milliseconds since 1970. */
  *oldestOpen(): Iterable<[topic: string, timestamp: number]> {
    for (const { topic, oldest } of this.partitions.values()) if (oldest !== undefined) yield [topic, oldest]
  }

  /** With the broker away kafkajs would go on trying for minutes: the group finds out by itself. */
  private async leave(): Promise<void> {
    const left = this.commits
      .flush()
      .then(() => this.consumer.disconnect())
      .then(
        () => true,
        () => false,
      )
    const late = sleep(LEAVE_WITHIN_MS, false, { ref: false })
    if (!(await Promise.race([left, late]))) {
      this.options.logger.warn(
        { groupId: this.options.groupId },
        'consumer could not commit and leave its group',
      )
    }
  }

  private listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH, HEARTBEAT } = this.consumer.events
    const { groupId, logger, onCrash } = this.options
    this.consumer.on(GROUP_JOIN, ({ payload }) => {
      this.generation++
      this.commits.forget()
      this.keepOnly(payload.memberAssignment)
      this.lastSign = Date.now()
      kafkaMetrics.rebalances.inc({ group: groupId })
      logger.info({ groupId, partitions: countOf(payload.memberAssignment) }, 'joined the group')
    })
    // The request leaves before the one that joins anew, so the coordinator still takes it.
    this.consumer.on(REBALANCING, () => void this.commits.flush())
    this.consumer.on(CRASH, ({ payload }) => {
      this.generation = 0
      onCrash(payload.error)
    })
    const sign = (): void => {
      this.lastSign = Date.now()
    }
    this.consumer.on(FETCH, sign)
    this.consumer.on(HEARTBEAT, sign)
  }

  /** Partitions that went to others no longer count. */
  private keepOnly(assignment: Record<string, number[]>): void {
    for (const [name, progress] of this.partitions) {
      const partition = Number(name.slice(name.lastIndexOf('/') + 1))
      if (assignment[progress.topic]?.includes(partition)) continue
      progress.oldest = undefined
      progress.failures = 0
    }
  }

  private eachBatch(payload: EachBatchPayload): Promise<void> {
    const running = this.takeBatch(payload)
    this.active.add(running)
    return running.finally(() => this.active.delete(running))
  }

  /** Never rejects: what kafkajs gets to see of an error costs it a restart at best. */
  private async takeBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch
    // eslint-disable-next-line @typescript-eslint/unbound-method -- kafkajs calls it bound
    this.commitDirectly = payload.commitOffsetsIfNecessary
    const progress = this.progressOf(topic, partition)
    try {
      await this.takeParts(payload, progress)
    } catch (error) {
      this.tryAgainLater(payload, progress, error)
    }
  }

  private async takeParts(payload: EachBatchPayload, progress: Progress): Promise<void> {
    const { topic, partition, messages } = payload.batch
    const { generation } = this
    const lost = (): boolean =>
      this.stopping || this.generation !== generation || !payload.isRunning() || payload.isStale()
    const size = this.options.env.KAFKA_BATCH_RECORDS
    for (let start = 0; start < messages.length; start += size) {
      if (lost()) return
      const part = messages.slice(start, start + size)
      progress.oldest = Number(part[0]!.timestamp)
      const rebalancing = await this.handlePart(payload, part, progress)
      if (this.generation !== generation) return
      const last = part.at(-1)!.offset
      payload.resolveOffset(last)
      this.commits.markDone({ topic, partition, offset: String(BigInt(last) + 1n) })
      if (rebalancing) return
    }
    progress.oldest = undefined
  }

  /** Resolves when all of them are done: to whether the group waits for this member. Rejects where they must come again. */
  private async handlePart(
    payload: EachBatchPayload,
    part: KafkaMessage[],
    progress: Progress,
  ): Promise<boolean> {
    const { topic, partition } = payload.batch
    const { routeOf, deadLetters, logger } = this.options
    let rebalancing = false
    const heartbeat = (): Promise<void> =>
      payload.heartbeat().catch(() => {
        rebalancing = true
      })
    const beating = setInterval(() => {
      if (Date.now() - (progress.handlingSince ?? 0) < LONGEST_HANDLING_MS) void heartbeat()
    }, HEARTBEAT_MS)
    const stopTimer = kafkaMetrics.batchSeconds.startTimer({ topic: topicLabel(topic) })
    progress.handlingSince = Date.now()
    try {
      await runHandler(
        routeOf(topic),
        {
          topic,
          platformId: platformOfTopic(topic)?.platformId ?? null,
          partition,
          records: part.map((message) => new FetchedRecord(topic, partition, message)),
          attempt: progress.failures + 1,
          heartbeat,
        },
        deadLetters,
        logger,
      )
    } finally {
      clearInterval(beating)
      stopTimer()
      progress.handlingSince = undefined
    }
    kafkaMetrics.consumed.inc({ topic: topicLabel(topic) }, part.length)
    progress.failures = 0
    return rebalancing
  }

  private tryAgainLater(payload: EachBatchPayload, progress: Progress, error: unknown): void {
    const { topic, partition } = payload.batch
    progress.failures++
    const pauseMs = Math.min(RETRY_MS.first * 2 ** (progress.failures - 1), RETRY_MS.cap)
    this.options.logger.warn(
      { topic, partition, attempt: progress.failures, pauseMs, err: error },
      'could not handle records now, trying again',
    )
    kafkaMetrics.retries.inc({ topic: topicLabel(topic) })
    if (this.stopping) return
    const resume = payload.pause()
    clearTimeout(progress.resumeTimer)
    progress.resumeTimer = setTimeout(resume, pauseMs)
  }

  /** Without the retries of kafkajs, which could commit a position of an earlier generation. */
  private async commit(positions: Position[]): Promise<void> {
    const topics = Map.groupBy(positions, ({ topic }) => topic)
    await this.commitDirectly?.({
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    })
  }

  private progressOf(topic: string, partition: number): Progress {
    const name = `${topic}/${partition}`
    const known = this.partitions.get(name)
    if (known) return known
    const fresh = { topic, oldest: undefined, handlingSince: undefined, failures: 0, resumeTimer: undefined }
    this.partitions.set(name, fresh)
    return fresh
  }
}

/** Headers are decoded when they are asked for (see `DecodedRecord`). */
class FetchedRecord implements RawRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly message: KafkaMessage,
  ) {
    this.offset = message.offset
    this.timestamp = message.timestamp
    this.key = message.key
    this.value = message.value
  }

  get headers(): RawRecord['headers'] {
    return this.message.headers
  }
}

function countOf(assignment: Record<string, number[]>): number {
  return Object.values(assignment).reduce((sum, partitions) => sum + partitions.length, 0)
}
