import type { IHeaders } from 'kafkajs'

/** What kafkajs knows of the batch that a record stands in. */
export interface BatchContext {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly magicByte: number
  readonly isControlBatch: boolean
  /** 1: the broker's time of the whole batch counts (LogAppendTime). */
  readonly timestampType: number
}

const LOG_APPEND_TIME = 1

/**
 * A record (format version 2) as kafkajs 2.2.4 decodes it, with the same members; its headers are read when they are asked
 * for, which most handlers never do. `bytes`: the record without its length.
 */
export class DecodedRecord {
  readonly magicByte: number
  readonly attributes: number
  /** Milliseconds since 1970, in digits. */
  readonly timestamp: string
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly isControlRecord: boolean
  private readonly headersAt: number
  private read: IHeaders | undefined

  constructor(
    private readonly bytes: Buffer,
    readonly batchContext: BatchContext,
  ) {
    const reader = new VarIntReader(bytes, 1)
    const timestampDelta = reader.next()
    const offsetDelta = reader.next()
    this.magicByte = batchContext.magicByte
    this.attributes = (bytes[0]! << 24) >> 24
    this.timestamp =
      batchContext.timestampType === LOG_APPEND_TIME && batchContext.maxTimestamp
        ? batchContext.maxTimestamp
        : plus(batchContext.firstTimestamp, timestampDelta)
    this.offset = plus(batchContext.firstOffset, offsetDelta)
    this.key = reader.bytes()
    this.value = reader.bytes()
    this.isControlRecord = batchContext.isControlBatch
    this.headersAt = reader.at
  }

  get headers(): IHeaders {
    this.read ??= readHeaders(new VarIntReader(this.bytes, this.headersAt))
    return this.read
  }
}

function plus(start: string, delta: number): string {
  if (delta === 0) return start
  const sum = Number(start) + delta
  return Number.isSafeInteger(sum) ? String(sum) : String(BigInt(start) + BigInt(delta))
}

/** A header that is repeated becomes a list. A key can be anything, `__proto__` too: hence no prototype. */
function readHeaders(reader: VarIntReader): IHeaders {
  const headers = Object.create(null) as IHeaders
  const count = reader.next()
  for (let i = 0; i < count; i++) {
    const name = reader.bytes()?.toString('utf8') ?? ''
    const value = reader.bytes() as Buffer
    const known = headers[name]
    if (known === undefined) headers[name] = value
    else if (Array.isArray(known)) known.push(value)
    else headers[name] = [known, value]
  }
  return headers
}

/** Reads numbers as Kafka writes them (protocol guide, `VARINT` and `VARLONG`): zigzag, seven bits a byte, the lowest first. */
class VarIntReader {
  constructor(
    private readonly buffer: Buffer,
    public at: number,
  ) {}

  next(): number {
    let value = 0
    let weight = 1
    let byte: number
    do {
      byte = this.buffer[this.at++] ?? 0
      value += (byte & 0x7f) * weight
      weight *= 128
    } while (byte > 0x7f)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(): Buffer | null {
    const length = this.next()
    if (length < 0) return null
    const start = this.at
    this.at += length
    return this.buffer.subarray(start, this.at)
  }
}
