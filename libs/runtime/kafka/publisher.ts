import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common'
import kafkajs, { type Message, type Producer } from 'kafkajs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { ServiceName, TopicSpec } from '#libs/contracts/catalogue'
import { isoInstant } from '#libs/contracts/iso-instant'
import { PermanentError, RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ENV, LOGGER, SERVICE_NAME } from '../tokens.js'
import { createKafka, QUICK_RETRY, type KafkaEnv } from './kafka-client.js'
import { kafkaMetrics } from './kafka-metrics.js'
import { murmur2Partitioner } from './murmur2-partitioner.js'
import { topicLabel, topicName } from './topic-names.js'
import { traceparentFor, type TraceContext } from './trace.js'

/** A record to be published. What is derived from the same cause is the same to the byte, also when it is sent again. */
export interface OutRecord<T extends object = object> {
  topic: TopicSpec<T>
  /** Whose topic it is, for a topic of PlatformTopics. */
  platformId?: string
  key: string
  /** `ce_id`: derived from what caused the record, never random. */
  id: string
  /** Null is a tombstone, for compacted topics. */
  value: T | null
  /** `ce_time`: when it happened. Give the instant of the cause; without one it is now, and a repeat differs. */
  time?: Date
  /** The trace of the record that caused this one; null or absent starts one. */
  trace?: TraceContext | null
}

/** Any record. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a TopicSpec is invariant in its event class
export type AnyOutRecord = OutRecord<any>

/** A record whose topic and bytes are settled already: dead letters, messages taken over HTTP. */
export interface PlainRecord {
  topic: string
  key: Buffer | string | null
  value: Buffer | null
  headers: Message['headers']
  /** Where it has to go; absent: by its key. */
  partition?: number
}

/** Records of one request at most; kafkajs groups them by partition in quadratic time. */
const MAX_RECORDS = 1_000
/** Bytes of one request at most: the broker refuses a partition's share above 1 MB (`message.max.bytes`). */
const MAX_BYTES = 900_000
/** What a record costs beside key, value and headers (record framing). */
const RECORD_OVERHEAD = 32
const RETRY_PAUSE_MS = { first: 100, cap: 2_000 }

/** One call of `publish`: settled when its last record is. */
interface Call {
  open: number
  failure: Error | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Waiting {
  readonly topic: string
  readonly message: Message
  readonly bytes: number
  readonly deadline: number
  readonly call: Call
}

/**
 * Publishes records: those of one turn of the event loop go out together, and so do those that come while a request is under
 * way, as in a group commit. One request at a time, so that the order of a key is the order of the calls. No idempotent
 * producer: kafkajs loses batches with it (issue 1005); a record may be stored twice, and receivers tell by its id.
 */
@Injectable()
export class Publisher implements OnApplicationShutdown {
  private producer: Promise<Producer> | undefined
  private queue: Waiting[] = []
  private running: Promise<void> | undefined
  private closed = false

  constructor(
    @Inject(ENV) private readonly env: KafkaEnv,
    @Inject(SERVICE_NAME) private readonly service: ServiceName | 'cli',
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves when every record is acknowledged by all replicas in sync.
   * @throws PermanentError `too-large` for a record that no request can hold; nothing of the call is sent then
   * @throws RetryableError `publish-failed` when the broker does not acknowledge in time; some may be stored all the same
   */
  publish(...records: AnyOutRecord[]): Promise<void> {
    return this.publishPlain(records.map((record) => this.toPlain(record)))
  }

  /** The same for records whose bytes are settled. `maxBytes` is more where the topic takes larger ones. */
  publishPlain(records: readonly PlainRecord[], maxBytes = MAX_BYTES): Promise<void> {
    if (records.length === 0) return Promise.resolve()
    if (this.closed) return Promise.reject(new RetryableError('stopping', 'The service is stopping.'))
    const sizes = records.map(sizeOf)
    const tooLarge = sizes.findIndex((bytes) => bytes > maxBytes)
    if (tooLarge >= 0) {
      const { topic } = records[tooLarge]!
      const message = `A record for ${topic} has ${sizes[tooLarge]} bytes; at most ${maxBytes} can be sent.`
      return Promise.reject(new PermanentError('too-large', message))
    }
    const deadline = Date.now() + this.env.KAFKA_PUBLISH_TIMEOUT_MS
    return new Promise((resolve, reject) => {
      const call: Call = { open: records.length, failure: undefined, resolve, reject }
      for (const [i, { topic, key, value, headers, partition }] of records.entries()) {
        const message = {
          key,
          value,
          ...(headers ? { headers } : {}),
          ...(partition === undefined ? {} : { partition }),
        }
        this.queue.push({ topic, message, bytes: sizes[i]!, deadline, call })
      }
      this.running ??= this.run()
    })
  }

  /** Everything that waits goes out, then the connection is closed. */
  async onApplicationShutdown(): Promise<void> {
    this.closed = true
    await this.running
    const producer = this.producer
    this.producer = undefined
    await producer?.then(
      (connected) => connected.disconnect(),
      () => undefined,
    )
  }

  private toPlain(record: AnyOutRecord): PlainRecord {
    return {
      topic: topicName(record.topic as TopicSpec, record.platformId),
      key: record.key,
      value: record.value === null ? null : Buffer.from(JSON.stringify(record.value)),
      headers: {
        ce_specversion: '1.0',
        ce_id: record.id,
        ce_type: record.topic.type,
        ce_source: `/weir/${this.service}`,
        ce_time: isoInstant(record.time ?? new Date()),
        'content-type': 'application/json',
        traceparent: traceparentFor(record.id, record.trace),
      },
    }
  }

  private async run(): Promise<void> {
    await nextTurn()
    let pause = RETRY_PAUSE_MS.first
    while (this.queue.length > 0) {
      const batch = this.take()
      const left = await this.sendAll(batch)
      if (left.length === 0) {
        pause = RETRY_PAUSE_MS.first
        continue
      }
      this.queue = [...left, ...this.queue]
      this.giveUpOverdue()
      if (this.queue.length > 0) await sleep(pause)
      pause = Math.min(pause * 2, RETRY_PAUSE_MS.cap)
    }
    this.running = undefined
  }

  private take(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.queue.length && count < MAX_RECORDS) {
      bytes += this.queue[count]!.bytes
      if (bytes > MAX_BYTES && count > 0) break
      count++
    }
    return this.queue.splice(0, count)
  }

  /** Sends a batch; what the broker refuses for itself is settled, what waits for the broker is returned. */
  private async sendAll(batch: Waiting[], isSecondTry = false): Promise<Waiting[]> {
    try {
      await this.send(batch)
      for (const waiting of batch) settle(waiting, undefined)
      return []
    } catch (error) {
      const verdict = judge(error)
      if (verdict === 'away') {
        this.logger.warn(
          { err: error, records: batch.length },
          'the broker did not acknowledge, sending again',
        )
        await this.startAnew()
        return batch
      }
      // Its leader may be new: kafkajs has asked who it is.
      if (verdict === 'topic' && !isSecondTry) return this.sendAll(batch, true)
      const parts = split(batch, verdict)
      if (parts.length === 1) {
        for (const waiting of batch) settle(waiting, refusal(waiting.topic, verdict, error))
        return []
      }
      const left: Waiting[] = []
      for (const part of parts) left.push(...(left.length > 0 ? part : await this.sendAll(part)))
      return left
    }
  }

  private async send(batch: Waiting[]): Promise<void> {
    const byTopic = new Map<string, Message[]>()
    for (const { topic, message } of batch) {
      const messages = byTopic.get(topic)
      if (messages) messages.push(message)
      else byTopic.set(topic, [message])
    }
    const stop = kafkaMetrics.publishSeconds.startTimer()
    const producer = await this.connected()
    await producer.sendBatch({
      acks: -1,
      timeout: 10_000,
      compression: COMPRESSION[this.env.KAFKA_COMPRESSION] ?? kafkajs.CompressionTypes.None,
      topicMessages: [...byTopic].map(([topic, messages]) => ({ topic, messages })),
    })
    stop()
    for (const [topic, messages] of byTopic)
      kafkaMetrics.published.inc({ topic: topicLabel(topic) }, messages.length)
  }

  private connected(): Promise<Producer> {
    this.producer ??= this.connect()
    return this.producer
  }

  private async connect(): Promise<Producer> {
    const kafka = createKafka(this.env, `weir-${this.service}-publisher`, this.logger, { retry: QUICK_RETRY })
    const producer = kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: murmur2Partitioner,
      metadataMaxAge: 60_000,
      // kafkajs asks no broker again that has answered, also not for what it leads since the attempt before: such records are
      // lost, and acknowledged (its producer/sendMessages.js). A batch is sent again whole, by us.
      retry: { ...QUICK_RETRY, retries: 0 },
    })
    await producer.connect()
    return producer
  }

  /** After an outage a producer made anew connects for certain; an old one depends on what kafkajs remembers. */
  private async startAnew(): Promise<void> {
    const producer = this.producer
    this.producer = undefined
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined)
  }

  private giveUpOverdue(): void {
    const now = Date.now()
    const overdue = this.queue.filter((waiting) => waiting.deadline <= now)
    this.queue = this.queue.filter((waiting) => waiting.deadline > now)
    for (const waiting of overdue) settle(waiting, refusal(waiting.topic, 'away', undefined))
  }
}

const COMPRESSION: Readonly<Record<string, number>> = {
  gzip: kafkajs.CompressionTypes.GZIP,
  snappy: kafkajs.CompressionTypes.Snappy,
  lz4: kafkajs.CompressionTypes.LZ4,
  zstd: kafkajs.CompressionTypes.ZSTD,
}

function sizeOf({ key, value, headers }: PlainRecord): number {
  let bytes = RECORD_OVERHEAD + lengthOf(key) + (value?.length ?? 0)
  for (const name in headers) {
    const header = headers[name]
    const values = Array.isArray(header) ? header : [header]
    for (const one of values) bytes += name.length + 4 + lengthOf(one)
  }
  return bytes
}

function lengthOf(part: Buffer | string | null | undefined): number {
  if (part === null || part === undefined) return 0
  return typeof part === 'string' ? Buffer.byteLength(part) : part.length
}

function settle({ call }: Waiting, failure: Error | undefined): void {
  call.failure ??= failure
  call.open--
  if (call.open > 0) return
  if (call.failure) call.reject(call.failure)
  else call.resolve()
}

/** Whose fault a failed send is: the broker is away, a topic does not exist or may not be written, or a record is refused. */
type Fault = 'away' | 'topic' | 'record'

const RECORD_FAULTS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
])
const TOPIC_FAULTS = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
])

function judge(error: unknown): Fault {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const type = (cause as { type?: unknown }).type
    if (typeof type !== 'string') continue
    if (RECORD_FAULTS.has(type)) return 'record'
    if (TOPIC_FAULTS.has(type)) return 'topic'
  }
  return 'away'
}

function refusal(topic: string, fault: Fault, cause: unknown): Error {
  switch (fault) {
    case 'away':
      return new RetryableError(
        'publish-failed',
        `The broker did not acknowledge a record for ${topic} in time.`,
        { cause },
      )
    case 'topic':
      return new RetryableError('publish-failed', `${topic} does not exist or may not be written to.`, {
        cause,
      })
    case 'record':
      return new PermanentError('refused-by-broker', `The broker refuses a record for ${topic}.`, null, {
        cause,
      })
  }
}

/** By topic; where a record is to be found, by halves. Within a key the order stays. */
function split(batch: Waiting[], fault: 'topic' | 'record'): Waiting[][] {
  const byTopic = Map.groupBy(batch, ({ topic }) => topic)
  if (byTopic.size > 1) return [...byTopic.values()]
  if (fault === 'topic' || batch.length === 1) return [batch]
  const middle = batch.length >> 1
  return [batch.slice(0, middle), batch.slice(middle)]
}
