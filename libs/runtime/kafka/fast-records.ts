import { createRequire } from 'node:module'
import { type BatchContext, DecodedRecord } from './decoded-record.js'
import { type BatchCodec, encodeProduce, type TopicData } from './encode-produce.js'

const require = createRequire(import.meta.url)
const RECORD_DECODER = 'kafkajs/src/protocol/recordBatch/record/v0/decoder'
const PRODUCE_REQUEST = 'kafkajs/src/protocol/requests/produce/v3/request'
/** What holds on to these modules once it is loaded; kafkajs loads it at the first request. */
const HOLDERS = [
  ['kafkajs/src/protocol/recordBatch/v0/decoder', RECORD_DECODER],
  ['kafkajs/src/protocol/requests/produce/v4/request', PRODUCE_REQUEST],
  ['kafkajs/src/protocol/requests/produce/v5/request', PRODUCE_REQUEST],
] as const

/** What a Produce request of kafkajs is made from; see its `produce/v3/request.js`. */
interface ProduceOptions {
  readonly acks: number
  readonly timeout: number
  readonly compression?: number
  readonly transactionalId?: string | null
  readonly producerId?: { toString(): string }
  readonly topicData: TopicData
}
interface ProduceRequest {
  encode: () => Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
}
type MakeRequest = (options: ProduceOptions) => ProduceRequest

/**
 * Puts a faster encoder of records and a lazier decoder in the place of those of kafkajs 2.2.4, which take more of a hop's
 * time than all else (docs/adr/0074). They write and read the same bytes. Call it before the first request of the process.
 * @throws Error when kafkajs has loaded its own already, or is another version: then nothing would be faster, unnoticed
 */
export function useFastRecords(): void {
  const decoder = moduleOf(RECORD_DECODER)
  if (decoder.exports === decodeRecord) return
  for (const [holder, held] of HOLDERS) {
    if (require.cache[require.resolve(holder)])
      throw new Error(`kafkajs has loaded ${held} already: call useFastRecords before the first request.`)
  }
  const request = moduleOf(PRODUCE_REQUEST)
  request.exports = faster(request.exports as MakeRequest)
  decoder.exports = decodeRecord
}

function moduleOf(name: string): NodeJS.Module {
  require(name)
  return require.cache[require.resolve(name)]!
}

function decodeRecord({ buffer }: { buffer: Buffer }, context: BatchContext): DecodedRecord {
  return new DecodedRecord(buffer, context)
}

/** Leaves to kafkajs what Weir does not use: transactions, idempotent producers, records with times of their own. */
function faster(make: MakeRequest): MakeRequest {
  return (options) => {
    const request = make(options)
    if (!isPlain(options)) return request
    return {
      ...request,
      encode: async () => {
        const body = await encodeProduce(options, Date.now(), codecOf(options.compression ?? 0))
        return { buf: body, buffer: body }
      },
    }
  }
}

function isPlain({ transactionalId, producerId, topicData }: ProduceOptions): boolean {
  const plain =
    (transactionalId ?? null) === null && (producerId === undefined || String(producerId) === '-1')
  return (
    plain &&
    topicData.every(({ partitions }) =>
      partitions.every(({ messages }) => messages.every((message) => !('timestamp' in message))),
    )
  )
}

function codecOf(compression: number): BatchCodec | undefined {
  if (compression === 0) return undefined
  const { lookupCodec } = require('kafkajs/src/protocol/message/compression') as {
    lookupCodec: (type: number) => { compress(encoder: { buffer: Buffer }): Promise<Buffer> }
  }
  const codec = lookupCodec(compression)
  return { attributes: compression, compress: (records) => codec.compress({ buffer: records }) }
}
