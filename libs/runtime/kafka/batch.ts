import type { IHeaders } from 'kafkajs'
import type { PermanentError } from '../errors.js'
import type { TraceContext } from './trace.js'

/** A record as the broker gave it. */
export interface RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** Milliseconds since 1970, in digits. */
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders | undefined
}

/** Turns the bytes of a record into what a handler gets. A PermanentError makes the record a dead letter with its slug and path. */
export type Decoder<T> = (raw: RawRecord) => T

/** One decoded record. What the headers hold is read only when it is asked for. */
export interface InRecord<T> {
  readonly value: T
  /** Null where there is none, or where it is no UTF-8 text. */
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** The record's timestamp: on input topics, when the broker took it. */
  readonly receivedAt: Date
  readonly trace: TraceContext | null
  readonly raw: RawRecord
}

/** Records of one partition, or of several where batches are joined, each in order: all are handled before any is committed. */
export interface Batch<T> {
  readonly topic: string
  /** Whose topic it is; null for topics that belong to no platform. */
  readonly platformId: string | null
  readonly records: readonly InRecord<T>[]
  /** Gives one record up: it becomes a dead letter (original bytes) before the batch is committed. */
  deadLetter(record: InRecord<T>, error: PermanentError): void
  /** Tells the broker that this member lives: call it in work that takes seconds. Cheap when called often; never throws. */
  heartbeat(): Promise<void>
}
