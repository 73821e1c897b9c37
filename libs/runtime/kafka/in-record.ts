import type { IHeaders } from 'kafkajs'
import { isUtf8 } from 'node:buffer'
import type { InRecord, RawRecord } from './batch.js'
import { parseTraceparent, type TraceContext } from './trace.js'

/** A decoded record. Headers, key and trace are read when they are asked for: most handlers never do. */
export class KafkaRecord<T> implements InRecord<T> {
  private readHeaders: Readonly<Record<string, string>> | undefined
  private readKey: string | null | undefined

  constructor(
    readonly raw: RawRecord,
    readonly value: T,
  ) {}

  get topic(): string {
    return this.raw.topic
  }

  get partition(): number {
    return this.raw.partition
  }

  get offset(): string {
    return this.raw.offset
  }

  get receivedAt(): Date {
    return new Date(Number(this.raw.timestamp))
  }

  get key(): string | null {
    this.readKey ??= textOf(this.raw.key)
    return this.readKey
  }

  get headers(): Readonly<Record<string, string>> {
    this.readHeaders ??= textHeaders(this.raw.headers)
    return this.readHeaders
  }

  get trace(): TraceContext | null {
    return parseTraceparent(textOf(first(this.raw.headers?.['traceparent'])) ?? undefined)
  }
}

function first(header: IHeaders[string]): Buffer | string | undefined {
  return Array.isArray(header) ? header[0] : header
}

/** Null where there is none, or where the bytes are no UTF-8. */
function textOf(bytes: Buffer | string | null | undefined): string | null {
  if (bytes === null || bytes === undefined) return null
  if (typeof bytes === 'string') return bytes
  return isUtf8(bytes) ? bytes.toString('utf8') : null
}

/** Of headers that are repeated the first counts; those that are no text are left out. Never parsed as anything else. */
function textHeaders(headers: IHeaders | undefined): Readonly<Record<string, string>> {
  const texts = Object.create(null) as Record<string, string>
  for (const name in headers) {
    const text = textOf(first(headers[name]))
    if (text !== null) texts[name] = text
  }
  return texts
}
