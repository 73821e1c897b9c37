import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { setTimeout as sleep } from 'node:timers/promises'
import { platformOfTopic } from '#libs/contracts/catalogue'
import type { Logger } from '../logger.js'
import type { RawRecord } from './batch.js'
import type { DeadLetters } from './dead-letters.js'
import { createKafka, LONG_RETRY, type KafkaEnv } from './kafka-client.js'
import { FetchRoom } from './fetch-room.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { OffsetCommits, type Position } from './offset-commits.js'
import { PartitionProgress, type PartitionStand } from './partition-progress.js'
import { runHandler, type Route } from './run-handler.js'
import { topicAssigner } from './topic-assigner.js'
import { topicLabel } from './topic-names.js'

export interface GroupConsumerOptions {
  readonly env: KafkaEnv
  readonly groupId: string
  readonly clientId: string
  readonly topics: readonly string[]
  readonly routeOf: (topic: string) => Route
  readonly deadLetters: Pick<DeadLetters, 'keep' | 'admit'>
  readonly logger: Logger
  /** Where the partitions of these topics stand, by `topic/partition`. Rejects when the broker is away. */
  readonly stands: (
    groupId: string,
    topics: readonly string[],
  ) => Promise<ReadonlyMap<string, PartitionStand>>
  /** kafkajs has given this consumer up; a new one has to be made. */
  readonly onCrash: (error: Error) => void
  /** After what time a lack of progress counts. */
  readonly limits?: ProgressLimits
}

/** Milliseconds. */
export interface ProgressLimits {
  /** The transport vouches for a handler so long; one that takes longer loses its partition to another member. */
  readonly handling: number
  /** Between two checks of the partitions that do not move. */
  readonly check: number
}

const LIMITS: ProgressLimits = { handling: 120_000, check: 15_000 }
/** A partition that stood still at so many checks in a row, with work to do and nothing in its way, is stuck. */
const MAX_CHECKS_STILL = 3

const HEARTBEAT_MS = 1_000
/** The group waits so long for members that are still at work: more than a batch takes. */
const REBALANCE_MS = 30_000
const FETCH_WAIT_MS = 250
const LEAVE_WITHIN_MS = 5_000
/** A platform that is held back for longer is looked at again then. */
const LONGEST_HOLD_MS = 10_000
const RETRY_MS = { first: 200, cap: 5_000 }
/** No fetch, no batch and no crash for so long: kafkajs has stopped without a word (its issue 1593). */
const SILENCE_MS = 120_000

/**
 * One member of a consumer group, used once: started, stopped, thrown away. Offsets are committed only up to records that
 * are done. No error of a handler ever reaches kafkajs, which would stop, or run out of tries, because of it.
 */
export class GroupConsumer {
  private readonly consumer: Consumer
  private readonly commits: OffsetCommits
  private readonly partitions = new Map<string, PartitionProgress>()
  private readonly active = new Set<Promise<void>>()
  private readonly limits: ProgressLimits
  private commitTimer: NodeJS.Timeout | undefined
  private checkTimer: NodeJS.Timeout | undefined
  private generation = 0
  private stopping = false
  private commitDirectly: EachBatchPayload['commitOffsetsIfNecessary'] | undefined
  private lastSign = Date.now()
  private assigned: ReadonlySet<string> = new Set()
  private readonly room = new FetchRoom()

  constructor(private readonly options: GroupConsumerOptions) {
    const { env, groupId, clientId, logger } = options
    this.limits = options.limits ?? LIMITS
    const onTrouble = (): void => {
      this.lastSign = Date.now()
      this.room.troubled()
    }
    this.consumer = createKafka(env, clientId, logger, { retry: LONG_RETRY, onTrouble }).consumer({
      groupId,
      partitionAssigners: [topicAssigner],
      allowAutoTopicCreation: false,
      sessionTimeout: env.KAFKA_SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: env.KAFKA_FETCH_KIB * 1024,
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
    this.checkTimer = setTimeout(() => void this.checkProgress(), this.limits.check)
  }

  /** Takes nothing new, lets what is being handled finish, commits it and leaves the group. Never rejects. */
  async stop(): Promise<void> {
    this.stopping = true
    clearInterval(this.commitTimer)
    clearTimeout(this.checkTimer)
    for (const progress of this.partitions.values()) progress.stopWaiting()
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
    for (const [name, { handlingSince, stillFor }] of this.partitions) {
      if (handlingSince !== undefined && now - handlingSince > this.limits.handling)
        return `the handler of ${name} does not end`
      if (stillFor >= MAX_CHECKS_STILL) return `${name} is not fetched`
    }
    const silent = this.active.size === 0 && now - this.lastSign > SILENCE_MS
    return silent ? `${this.options.groupId} fetches nothing` : undefined
  }

  /** The partitions that were assigned to it. */
  progress(): Iterable<PartitionProgress> {
    return [...this.partitions].filter(([name]) => this.assigned.has(name)).map(([, progress]) => progress)
  }

  /** Asks the broker about the partitions that did not move, so that one which is never fetched is known too. */
  private async checkProgress(): Promise<void> {
    const { generation } = this
    const hadRoom = this.room.take()
    const askedAt = Date.now()
    const quiet = new Set([...this.progress()].filter((one) => one.quiet).map(({ topic }) => topic))
    const stands = await this.ask([...quiet])
    if (this.stopping) return
    this.checkTimer = setTimeout(() => void this.checkProgress(), this.limits.check)
    if (generation !== this.generation) return
    for (const one of this.progress()) one.check({ stand: stands.get(one.name), askedAt, hadRoom })
  }

  private async ask(topics: readonly string[]): Promise<ReadonlyMap<string, PartitionStand>> {
    if (topics.length === 0 || !this.joined) return new Map()
    const { groupId, logger, stands } = this.options
    try {
      return await stands(groupId, topics)
    } catch (error) {
      logger.debug({ groupId, err: error }, 'could not fetch partition offsets from the broker')
      return new Map()
    }
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
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH, HEARTBEAT, END_BATCH_PROCESS } = this.consumer.events
    const { groupId, logger, onCrash } = this.options
    this.consumer.on(GROUP_JOIN, ({ payload }) => {
      this.generation++
      this.commits.forget()
      this.startOver(payload.memberAssignment)
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
    this.consumer.on(FETCH, ({ payload }) => {
      sign()
      this.room.fetch(payload.nodeId)
    })
    this.consumer.on(HEARTBEAT, sign)
    // A batch that holds nothing but marks of transactions and aborted records never comes to the handler.
    this.consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize === 0) this.progressOf(topic, partition).skip(BigInt(lastOffset) + 1n)
    })
  }

  /** A new generation: partitions that went to others no longer count, those that came do, fetched or not. */
  private startOver(assignment: Record<string, number[]>): void {
    const now = Date.now()
    for (const [name, progress] of this.partitions) {
      progress.restart(now)
      if (assignment[progress.topic]?.includes(progress.partition)) continue
      progress.failures = 0
      progress.resume()
      // One that is still with a handler has to be watched until that ends.
      if (progress.handlingSince === undefined) this.partitions.delete(name)
    }
    const all = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => this.progressOf(topic, partition)),
    )
    this.assigned = new Set(all.map(({ name }) => name))
  }

  private eachBatch(payload: EachBatchPayload): Promise<void> {
    this.room.batch()
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

  private async takeParts(payload: EachBatchPayload, progress: PartitionProgress): Promise<void> {
    const { topic, partition, messages } = payload.batch
    const { generation } = this
    const lost = (): boolean =>
      this.stopping || this.generation !== generation || !payload.isRunning() || payload.isStale()
    // Not between its parts: what kafkajs has fetched and decoded would be thrown away, and fetched again.
    const holdMs = this.options.deadLetters.admit(topic)
    if (holdMs > 0) return progress.pause(payload.pause(), Math.min(holdMs, LONGEST_HOLD_MS))
    const size = this.options.env.KAFKA_BATCH_RECORDS
    for (let start = 0; start < messages.length; start += size) {
      if (lost()) return
      const part = messages.slice(start, start + size)
      const rebalancing = await this.handlePart(payload, part, progress)
      if (this.generation !== generation) return
      const last = part.at(-1)!
      payload.resolveOffset(last.offset)
      // After its last record a batch may hold marks of transactions, which no handler sees.
      const isLast = start + size >= messages.length
      const next = BigInt(isLast ? payload.batch.lastOffset() : last.offset) + 1n
      progress.done(next, Number(last.timestamp), BigInt(payload.batch.highWatermark))
      this.commits.markDone({ topic, partition, offset: String(next) })
      if (rebalancing) return
    }
  }

  /** Resolves when all of them are done: to whether the group waits for this member. Rejects where they must come again. */
  private async handlePart(
    payload: EachBatchPayload,
    part: KafkaMessage[],
    progress: PartitionProgress,
  ): Promise<boolean> {
    const { topic, partition } = payload.batch
    const { routeOf, deadLetters, logger } = this.options
    let rebalancing = false
    const heartbeat = (): Promise<void> =>
      payload.heartbeat().catch(() => {
        rebalancing = true
      })
    const beating = setInterval(() => {
      if (Date.now() - (progress.handlingSince ?? 0) < this.limits.handling) void heartbeat()
    }, HEARTBEAT_MS)
    const stopTimer = kafkaMetrics.batchSeconds.startTimer({ topic: topicLabel(topic) })
    progress.begin(Number(part[0]!.timestamp), Date.now())
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
      progress.endHandling()
    }
    kafkaMetrics.consumed.inc({ topic: topicLabel(topic) }, part.length)
    progress.failures = 0
    return rebalancing
  }

  private tryAgainLater(payload: EachBatchPayload, progress: PartitionProgress, error: unknown): void {
    const { topic, partition } = payload.batch
    progress.failures++
    const pauseMs = Math.min(RETRY_MS.first * 2 ** (progress.failures - 1), RETRY_MS.cap)
    this.options.logger.warn(
      { topic, partition, attempt: progress.failures, pauseMs, err: error },
      'could not process records, trying again',
    )
    kafkaMetrics.retries.inc({ topic: topicLabel(topic) })
    if (this.stopping) return
    progress.pause(payload.pause(), pauseMs)
  }

  /** Without the retries of kafkajs, which could commit a position of an earlier generation. */
  private async commit(positions: Position[]): Promise<void> {
    const topics = Map.groupBy(positions, ({ topic }) => topic)
    await this.commitDirectly?.({
      topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
    })
  }

  private progressOf(topic: string, partition: number): PartitionProgress {
    const name = `${topic}/${partition}`
    const known = this.partitions.get(name)
    if (known) return known
    const fresh = new PartitionProgress(topic, partition, Date.now())
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
