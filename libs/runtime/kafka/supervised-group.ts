import { setTimeout as sleep } from 'node:timers/promises'
import { GroupConsumer, type GroupConsumerOptions } from './group-consumer.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { isOutage } from './kafka-outage.js'
import type { PartitionProgress } from './partition-progress.js'

export interface SupervisedGroupOptions extends Omit<GroupConsumerOptions, 'topics' | 'onCrash'> {
  /** The topics that exist. */
  readonly existing: () => Promise<ReadonlySet<string>>
  /** It cannot go on: the process has to end. */
  readonly onFatal: (error: Error) => void
  /** How long a change of topics waits for others, and at most: many platforms may come at once. */
  readonly settleMs: { readonly quiet: number; readonly most: number }
  /** Somebody else creates its topics, perhaps much later: one that does not exist keeps nobody waiting. */
  readonly mayLackTopics: boolean
}

const MISSING_RECHECK_MS = 2_000
const RESTART_MS = { first: 200, cap: 5_000 }
/** So many crashes in a row that are no outages are taken for final. */
const MAX_CRASHES = 5
/** A member that has lived so long was well. */
const WELL_AFTER_MS = 60_000

/**
 * Keeps one consumer of a group running on the topics that are wanted and exist. kafkajs can neither subscribe while it
 * runs nor be started again safely: for every change, and after every crash, there is a new consumer.
 */
export class SupervisedGroup {
  private wanted: ReadonlySet<string> = new Set()
  private consumer: GroupConsumer | undefined
  private crashed: Error | undefined
  private missing: string[] = []
  private crashes = 0
  private startedAt = 0
  private wake = new AbortController()
  private changedAt = 0
  private loop: Promise<void> | undefined
  private readonly closing = new AbortController()

  constructor(private readonly options: SupervisedGroupOptions) {}

  /** From now on these topics are consumed, each from its first record on; those that do not exist as soon as they do. */
  setTopics(topics: Iterable<string>): void {
    this.wanted = new Set(topics)
    this.changedAt = Date.now()
    this.wake.abort()
    this.loop ??= this.run()
  }

  /** Lets work in progress finish, commits and leaves the group. */
  async close(): Promise<void> {
    this.closing.abort()
    this.wake.abort()
    await this.loop
    await this.consumer?.stop()
    this.consumer = undefined
  }

  /** What it waits for; undefined when all topics that are wanted are consumed. */
  waitingFor(): string | undefined {
    if (this.wanted.size === 0) return undefined
    const { groupId } = this.options
    if (this.options.mayLackTopics && this.missing.length === this.wanted.size) return undefined
    if (this.missing.length > 0 && !this.consumer?.joined)
      return `${groupId}: ${this.missing.join(', ')} does not exist`
    return this.consumer?.joined ? undefined : `${groupId} has not joined its group`
  }

  stuck(): string | undefined {
    return this.consumer?.stuck()
  }

  progress(): Iterable<PartitionProgress> {
    return this.consumer?.progress() ?? []
  }

  private async run(): Promise<void> {
    let pause = RESTART_MS.first
    while (!this.closing.signal.aborted) {
      this.wake = new AbortController()
      try {
        await this.reconcile()
        pause = RESTART_MS.first
        await this.nextChange()
      } catch (error) {
        if (this.closing.signal.aborted) return
        this.failed(error)
        await this.rest(pause)
        pause = Math.min(pause * 2, RESTART_MS.cap)
      }
    }
  }

  /** Makes what is consumed what is wanted. Rejects when the broker is away, or the consumer has crashed. */
  private async reconcile(): Promise<void> {
    if (this.crashed) {
      const error = this.crashed
      this.crashed = undefined
      await this.discard()
      throw error
    }
    const existing =
      this.wanted.size > 0 ? await this.unlessClosing(this.options.existing()) : new Set<string>()
    const topics = [...this.wanted].filter((topic) => existing.has(topic)).sort()
    this.noteMissing([...this.wanted].filter((topic) => !existing.has(topic)))
    if (this.consumer && sameTopics(this.consumer.topics, topics)) return
    await this.discard()
    if (topics.length === 0 || this.closing.signal.aborted) return
    this.consumer = new GroupConsumer({
      ...this.options,
      topics,
      onCrash: (error) => {
        this.crashed = error
        this.wake.abort()
      },
    })
    this.startedAt = Date.now()
    try {
      await this.unlessClosing(this.consumer.start())
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  /** kafkajs tries for minutes to reach a broker: closing does not wait for that. */
  private async unlessClosing<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.closing
    const { promise: closed, reject } = Promise.withResolvers<never>()
    const stop = (): void => reject(new Error('closing'))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    return Promise.race([work, closed]).finally(() => signal.removeEventListener('abort', stop))
  }

  /** Until the topics change (and rest a little), a missing one is due to be looked for again, or the consumer crashes. */
  private async nextChange(): Promise<void> {
    if (this.crashed) return
    const { wake } = this
    if (this.missing.length > 0) await this.rest(MISSING_RECHECK_MS)
    else if (!wake.signal.aborted)
      await new Promise((resolve) => wake.signal.addEventListener('abort', resolve))
    const since = Date.now()
    const { quiet, most } = this.options.settleMs
    while (!this.crashed && !this.closing.signal.aborted) {
      const now = Date.now()
      const left = Math.min(this.changedAt + quiet, since + most) - now
      if (left <= 0) return
      await sleep(left)
    }
  }

  private failed(error: unknown): void {
    const { groupId, logger, onFatal } = this.options
    kafkaMetrics.restarts.inc({ group: groupId })
    if (Date.now() - this.startedAt > WELL_AFTER_MS) this.crashes = 0
    if (isOutage(error)) {
      logger.warn({ groupId, err: error }, 'Kafka is away, trying again')
      return
    }
    this.crashes++
    logger.error({ groupId, err: error, crashes: this.crashes }, 'the consumer crashed')
    const final = error instanceof Error && error.name === 'KafkaJSNotImplemented'
    if (final || this.crashes >= MAX_CRASHES)
      onFatal(error instanceof Error ? error : new Error(String(error)))
  }

  private async discard(): Promise<void> {
    const consumer = this.consumer
    this.consumer = undefined
    await consumer?.stop()
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.closing.signal }).catch(() => undefined)
  }

  private noteMissing(missing: string[]): void {
    if (missing.length > 0 && missing.join() !== this.missing.join()) {
      this.options.logger.warn({ groupId: this.options.groupId, missing }, 'topics do not exist yet')
    }
    this.missing = missing
  }
}

function sameTopics(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((topic, i) => topic === others[i])
}
