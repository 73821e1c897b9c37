import { crc32c } from '@node-rs/crc32'
import type { IHeaders } from 'kafkajs'

/** A record as kafkajs hands it to its encoder. */
export interface EncodableRecord {
  readonly key?: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers?: IHeaders
}

/** Records of one request, by topic and partition. */
export type TopicData = readonly {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly messages: readonly EncodableRecord[]
  }[]
}[]

/** Compresses the records of a batch; its bits stand in the batch's attributes. */
export interface BatchCodec {
  readonly attributes: number
  readonly compress: (records: Buffer) => Promise<Buffer>
}

/** FirstOffset, Length, PartitionLeaderEpoch, Magic, CRC, and from Attributes to the number of records. */
const BEFORE_CRC = 8 + 4 + 4 + 1
const AFTER_CRC = 2 + 4 + 8 + 8 + 8 + 2 + 4 + 4
const BATCH_HEADER = BEFORE_CRC + 4 + AFTER_CRC
const MAGIC = 2
const NO_PRODUCER = -1n

/**
 * The body of a Produce request, versions 3 to 7, of a producer that is neither idempotent nor transactional: what the
 * encoder of kafkajs 2.2.4 writes, byte for byte, in one buffer that is measured first. Layout: the `ProduceRequest` and
 * `RecordBatch` schemas of the Kafka protocol guide. `now`: milliseconds since 1970, the time of all records.
 */
export async function encodeProduce(
  request: { readonly acks: number; readonly timeout: number; readonly topicData: TopicData },
  now: number,
  codec?: BatchCodec,
): Promise<Buffer> {
  const topics: { topic: string; partitions: { partition: number; batch: Buffer }[] }[] = []
  let size = 2 + 2 + 4 + 4
  for (const { topic, partitions } of request.topicData) {
    size += 2 + Buffer.byteLength(topic) + 4
    const batches: { partition: number; batch: Buffer }[] = []
    for (const { partition, messages } of partitions) {
      const batch = await encodeBatch(messages, now, codec)
      size += 4 + 4 + batch.length
      batches.push({ partition, batch })
    }
    topics.push({ topic, partitions: batches })
  }
  const out = Buffer.allocUnsafe(size)
  let at = out.writeInt16BE(-1, 0)
  at = out.writeInt16BE(request.acks, at)
  at = out.writeInt32BE(request.timeout, at)
  at = out.writeInt32BE(topics.length, at)
  for (const { topic, partitions } of topics) {
    at = out.writeInt16BE(Buffer.byteLength(topic), at)
    at += out.write(topic, at)
    at = out.writeInt32BE(partitions.length, at)
    for (const { partition, batch } of partitions) {
      at = out.writeInt32BE(partition, at)
      at = out.writeInt32BE(batch.length, at)
      at += batch.copy(out, at)
    }
  }
  return out
}

async function encodeBatch(
  records: readonly EncodableRecord[],
  now: number,
  codec: BatchCodec | undefined,
): Promise<Buffer> {
  const sizes = records.map(bodySize)
  const total = sizes.reduce((sum, size) => sum + varIntSize(size) + size, 0)
  const plain = Buffer.allocUnsafe(BATCH_HEADER + total)
  let at = BATCH_HEADER
  for (let i = 0; i < records.length; i++) at = writeRecord(plain, at, records[i]!, i, sizes[i]!)
  const batch = codec
    ? Buffer.concat([plain.subarray(0, BATCH_HEADER), await codec.compress(plain.subarray(BATCH_HEADER))])
    : plain
  writeHeader(batch, records.length, now, codec?.attributes ?? 0)
  return batch
}

function writeHeader(batch: Buffer, count: number, now: number, attributes: number): void {
  let at = batch.writeBigInt64BE(0n, 0)
  at = batch.writeInt32BE(batch.length - 12, at)
  at = batch.writeInt32BE(0, at)
  at = batch.writeInt8(MAGIC, at)
  const crcAt = at
  at = batch.writeInt16BE(attributes, at + 4)
  at = batch.writeInt32BE(count - 1, at)
  at = batch.writeBigInt64BE(BigInt(now), at)
  at = batch.writeBigInt64BE(BigInt(now), at)
  at = batch.writeBigInt64BE(NO_PRODUCER, at)
  at = batch.writeInt16BE(0, at)
  at = batch.writeInt32BE(0, at)
  batch.writeInt32BE(count, at)
  batch.writeUInt32BE(crc32c(batch.subarray(crcAt + 4)), crcAt)
}

/** Bytes of a record without the length that stands before it. */
function bodySize({ key, value, headers }: EncodableRecord, offsetDelta: number): number {
  // Attributes and a timestamp delta of 0 take one byte each.
  let size = 2 + varIntSize(offsetDelta) + bytesSize(key) + bytesSize(value)
  let count = 0
  for (const name in headers) {
    const header = headers[name]
    for (const one of Array.isArray(header) ? header : [header]) {
      count++
      size += textSize(name) + bytesSize(one)
    }
  }
  return size + varIntSize(count)
}

function writeRecord(
  out: Buffer,
  start: number,
  { key, value, headers }: EncodableRecord,
  offsetDelta: number,
  size: number,
): number {
  let at = writeVarInt(out, start, size)
  out[at++] = 0
  out[at++] = 0
  at = writeVarInt(out, at, offsetDelta)
  at = writeBytes(out, at, key)
  at = writeBytes(out, at, value)
  let count = 0
  for (const name in headers) {
    const header = headers[name]
    count += Array.isArray(header) ? header.length : 1
  }
  at = writeVarInt(out, at, count)
  for (const name in headers) {
    const header = headers[name]
    for (const one of Array.isArray(header) ? header : [header]) {
      at = writeBytes(out, at, name)
      at = writeBytes(out, at, one)
    }
  }
  return at
}

function lengthOf(bytes: Buffer | string): number {
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

function textSize(text: string): number {
  const length = Buffer.byteLength(text)
  return varIntSize(length) + length
}

function bytesSize(bytes: Buffer | string | null | undefined): number {
  if (bytes === null || bytes === undefined) return 1
  const length = lengthOf(bytes)
  return varIntSize(length) + length
}

function writeBytes(out: Buffer, start: number, bytes: Buffer | string | null | undefined): number {
  if (bytes === null || bytes === undefined) return writeVarInt(out, start, -1)
  const at = writeVarInt(out, start, lengthOf(bytes))
  return at + (typeof bytes === 'string' ? out.write(bytes, at) : bytes.copy(out, at))
}

/** Zigzag, then seven bits a byte, the lowest first (protocol guide, `VARINT`). */
function writeVarInt(out: Buffer, start: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let at = start
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[at++] = rest
  return at
}

function varIntSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}
