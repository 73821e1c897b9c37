import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceName, TopicSpec } from '#libs/contracts/catalogue'
import { RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ENV, LOGGER, SERVICE_NAME } from '../tokens.js'
import type { Decoder, InRecord } from './batch.js'
import { contractDecoder } from './decode-json.js'
import { KafkaRecord } from './in-record.js'
import { createKafka, LONG_RETRY, type KafkaEnv } from './kafka-client.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { TopicsAdmin } from './topics-admin.js'

/** Told of each change, in the order of the topic. `value` is undefined when the key was deleted. */
export type TableListener<T> = (
  key: string,
  value: T | undefined,
  record: Omit<InRecord<unknown>, 'value'>,
) => void

/** Header of a tombstone: which of its writer's changes the deletion is, as `rev` says of a value. */
export const REV_HEADER = 'weir-rev'

/**
 * A compacted topic, read to its end and followed for ever, as a map: of each key the newest value by its writer's count
 * (`TopicSpec.counted`), else the last one. Its size is its memory.
 */
export class CompactedTable<T extends object> {
  private readonly rows = new Map<string, T>()
  /** The highest count that was seen of a key, also of one that was deleted. */
  private readonly revs = new Map<string, number>()
  private readonly listeners: TableListener<T>[] = []
  private readonly read: PromiseWithResolvers<void> = Promise.withResolvers()
  private readonly decode: Decoder<T>
  /** Of each partition, the first offset that was not applied yet. */
  private readonly next = new Map<number, bigint>()
  private ends: ReadonlyMap<number, bigint> | undefined
  private complete = false

  constructor(
    readonly spec: TopicSpec<T>,
    private readonly logger: Logger,
  ) {
    this.decode = contractDecoder(spec.event)
  }

  /** Resolves when everything is applied that was in the topic when reading began. Never rejects: it waits. */
  get ready(): Promise<void> {
    return this.read.promise
  }

  /** Whether `ready` has resolved. */
  get isReady(): boolean {
    return this.complete
  }

  get size(): number {
    return this.rows.size
  }

  get(key: string): T | undefined {
    return this.rows.get(key)
  }

  entries(): IterableIterator<[string, T]> {
    return this.rows.entries()
  }

  /** From now on tells of each change; what is in the table already is not told. A listener that throws is logged. */
  onChange(listener: TableListener<T>): void {
    this.listeners.push(listener)
  }

  /** For the reader: where each partition ended when reading began. */
  expect(ends: ReadonlyMap<number, bigint>): void {
    this.ends ??= ends
    this.checkComplete()
  }

  /** For the reader: records of a partition, in order. Those applied before are passed over: a reader may begin again. */
  apply(partition: number, messages: readonly KafkaMessage[]): void {
    for (const message of messages) {
      const offset = BigInt(message.offset)
      if (offset < (this.next.get(partition) ?? 0n)) continue
      this.applyOne(partition, message)
      this.next.set(partition, offset + 1n)
    }
    this.checkComplete()
  }

  /** For the reader: everything of the partition before `offset` is read, also what compaction took away. */
  passed(partition: number, offset: bigint): void {
    if (offset > (this.next.get(partition) ?? 0n)) this.next.set(partition, offset)
    this.checkComplete()
  }

  /** For the reader: the broker has nothing more, although an end is not reached. */
  nothingLeft(): void {
    if (this.complete || !this.ends) return
    this.logger.warn(
      { topic: this.spec.name },
      'compacted topic ends before its last offset: records were compacted away',
    )
    this.finish()
  }

  private applyOne(partition: number, message: KafkaMessage): void {
    const { offset, timestamp, key, value, headers } = message
    const raw = { topic: this.spec.name, partition, offset, timestamp, key, value, headers }
    const record = new KafkaRecord(raw, undefined)
    try {
      if (record.key === null) throw new TypeError('A record of a table needs a key.')
      const row = value === null ? undefined : this.decode(raw)
      if (this.spec.counted && !this.isNewest(record.key, row ? revOf(row) : revOfTombstone(record))) {
        kafkaMetrics.tableOutdated.inc({ topic: this.spec.name })
        return
      }
      if (row === undefined) this.rows.delete(record.key)
      else this.rows.set(record.key, row)
    } catch (error) {
      kafkaMetrics.tableSkipped.inc({ topic: this.spec.name })
      this.logger.error(
        { topic: this.spec.name, partition, offset, err: error },
        'skipped a malformed record of a compacted topic',
      )
      return
    }
    for (const listener of this.listeners) {
      try {
        listener(record.key, this.rows.get(record.key), record)
      } catch (error) {
        this.logger.error(
          { topic: this.spec.name, partition, offset, err: error },
          'a listener of a compacted topic failed',
        )
      }
    }
  }

  /** What nobody counted is taken as it comes. */
  private isNewest(key: string, rev: number | undefined): boolean {
    if (rev === undefined) return true
    if (rev < (this.revs.get(key) ?? 0)) return false
    this.revs.set(key, rev)
    return true
  }

  private checkComplete(): void {
    if (this.complete || !this.ends) return
    for (const [partition, end] of this.ends) if ((this.next.get(partition) ?? 0n) < end) return
    this.finish()
  }

  private finish(): void {
    this.complete = true
    this.logger.info({ topic: this.spec.name, rows: this.rows.size }, 'compacted topic read')
    this.read.resolve()
  }
}

function revOf(row: { rev?: unknown }): number | undefined {
  return typeof row.rev === 'number' ? row.rev : undefined
}

function revOfTombstone({ headers }: InRecord<unknown>): number | undefined {
  const rev = Number(headers[REV_HEADER] ?? NaN)
  return Number.isSafeInteger(rev) ? rev : undefined
}

/** The tables of a service. Each is opened once, in a constructor, and read from the start of the service on. */
@Injectable()
export class CompactedTables implements OnModuleInit, OnApplicationShutdown {
  private readonly tables = new Map<string, { table: CompactedTable<object>; reader: TableReader }>()
  private started = false

  constructor(
    @Inject(ENV) private readonly env: KafkaEnv,
    @Inject(SERVICE_NAME) private readonly service: ServiceName | 'cli',
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly admin: TopicsAdmin,
  ) {}

  /** The table of a compacted topic; the same one however often it is asked for. Throws a RangeError for other topics. */
  open<T extends object>(spec: TopicSpec<T>): CompactedTable<T> {
    if (spec.cleanup !== 'compact') throw new RangeError(`${spec.name} is not compacted`)
    const known = this.tables.get(spec.name)
    if (known) return known.table as unknown as CompactedTable<T>
    const table = new CompactedTable(spec, this.logger)
    const reader = new TableReader(table, this.env, this.service, this.logger, this.admin)
    this.tables.set(spec.name, { table: table as unknown as CompactedTable<object>, reader })
    if (this.started) reader.start()
    return table
  }

  /** Topics of the tables that are open. */
  opened(): string[] {
    return [...this.tables.keys()]
  }

  /** Topics of tables that are not read to the end yet. */
  unread(): string[] {
    return [...this.tables].filter(([, { table }]) => !table.isReady).map(([topic]) => topic)
  }

  onModuleInit(): void {
    this.started = true
    for (const { reader } of this.tables.values()) reader.start()
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.tables.values()].map(({ reader }) => reader.stop()))
  }
}

type Followed = Pick<CompactedTable<object>, 'expect' | 'apply' | 'passed' | 'nothingLeft'> & {
  readonly spec: Pick<TopicSpec, 'name'>
  /** Where to begin, for who does not need the whole topic. */
  readonly startOf?: (offsets: readonly PartitionOffsets[]) => { partition: number; offset: bigint }[]
}

/** First and next offset of a partition. */
export interface PartitionOffsets {
  readonly partition: number
  readonly low: string
  readonly high: string
}

/** Alone in its group, it needs no quick failure detection: after an outage it goes on where it was. */
const SESSION_MS = 60_000
const FETCH_WAIT_MS = 250
const LEAVE_WITHIN_MS = 5_000
const RESTART_MS = { first: 200, cap: 2_000 }
/** After so many empty fetches in a row, each of them waited for by the broker, nothing more is there to read. */
const EMPTY_FETCHES = 4

/** Reads one table, in a group of its own, and never commits: every process needs every record. */
export class TableReader {
  private consumer: Consumer | undefined
  private loop: Promise<void> | undefined
  private crash: PromiseWithResolvers<void> = Promise.withResolvers()
  private readonly stopping = new AbortController()

  constructor(
    private readonly table: Followed,
    private readonly env: KafkaEnv,
    private readonly service: string,
    private readonly logger: Logger,
    private readonly admin: TopicsAdmin,
  ) {}

  start(): void {
    this.loop ??= this.run()
  }

  /** Reads once more from where it is to begin. */
  beginAgain(): void {
    this.crash.resolve()
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    this.crash.resolve()
    await this.loop
  }

  private async run(): Promise<void> {
    const topic = this.table.spec.name
    let pause = RESTART_MS.first
    while (!this.stopping.signal.aborted) {
      this.crash = Promise.withResolvers()
      try {
        await Promise.race([this.followFromStart(topic), this.crash.promise])
        pause = RESTART_MS.first
        if (!this.stopping.signal.aborted) await this.crash.promise
      } catch (error) {
        this.logger.warn({ topic, err: error }, 'could not read a compacted topic, trying again')
      }
      await this.leave()
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined)
      pause = Math.min(pause * 2, RESTART_MS.cap)
    }
  }

  /** With the broker away kafkajs would go on trying for minutes; the group ends by itself. */
  private async leave(): Promise<void> {
    const left = this.consumer?.disconnect().catch(() => undefined)
    this.consumer = undefined
    await Promise.race([left, sleep(LEAVE_WITHIN_MS, undefined, { ref: false })])
  }

  private async followFromStart(topic: string): Promise<void> {
    if (!(await this.admin.existing()).has(topic)) {
      throw new RetryableError('no-topic', `${topic} does not exist yet.`)
    }
    const offsets = await this.admin.offsets(topic)
    await this.follow(topic, this.table.startOf?.(offsets) ?? [])
    const open = offsets.filter(({ low, high }) => low !== high)
    this.table.expect(new Map(open.map(({ partition, high }) => [partition, BigInt(high)])))
  }

  private async follow(
    topic: string,
    starts: readonly { partition: number; offset: bigint }[],
  ): Promise<void> {
    const kafka = createKafka(this.env, `weir-${this.service}-table`, this.logger, { retry: LONG_RETRY })
    const consumer = kafka.consumer({
      groupId: `${this.env.KAFKA_GROUP_PREFIX}.${this.service}.tables.${randomUUID()}`,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      retry: LONG_RETRY,
    })
    this.consumer = consumer
    consumer.on(consumer.events.CRASH, () => this.crash.resolve())
    this.watchGaps(consumer)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.take(payload),
    })
    for (const { partition, offset } of starts) consumer.seek({ topic, partition, offset: String(offset) })
  }

  // eslint-disable-next-line @typescript-eslint/unbound-method -- kafkajs calls it bound
  private async take({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
    this.table.apply(batch.partition, batch.messages)
    resolveOffset(batch.messages.at(-1)!.offset)
  }

  /**
   * Compaction can take away the last records before an end: kafkajs then tells of a batch without records, or of none at
   * all, and only a row of fetches that came back empty shows that the end is reached.
   */
  private watchGaps(consumer: Consumer): void {
    const { END_BATCH_PROCESS, FETCH, GROUP_JOIN } = consumer.events
    let assigned: number[] = []
    let empty = 0
    consumer.on(GROUP_JOIN, ({ payload }) => {
      assigned = payload.memberAssignment[this.table.spec.name] ?? []
      empty = 0
    })
    consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      empty = 0
      this.table.passed(payload.partition, BigInt(payload.lastOffset) + 1n)
    })
    consumer.on(FETCH, ({ payload }) => {
      empty = payload.duration >= FETCH_WAIT_MS - 10 && assigned.length > 0 ? empty + 1 : 0
      if (empty === EMPTY_FETCHES) this.table.nothingLeft()
    })
  }
}
