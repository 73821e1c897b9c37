import { Injectable } from '@nestjs/common'
import type { TopicSpec } from '#libs/contracts/catalogue'
import type { TraceContext } from './trace.js'

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

/** Publishes records of the catalogue's topics. */
@Injectable()
export class Publisher {
  /** Resolves when every record is acknowledged by all replicas. */
  publish(...records: AnyOutRecord[]): Promise<void> {
    return Promise.reject(new Error(`not yet: ${records.length}`))
  }
}
