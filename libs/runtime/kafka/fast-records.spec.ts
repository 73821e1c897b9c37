import fc from 'fast-check'
import { createRequire } from 'node:module'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { registerCodecs } from './codecs.js'
import { DecodedRecord } from './decoded-record.js'
import type { EncodableRecord, TopicData } from './encode-produce.js'
import { useFastRecords } from './fast-records.js'
import { murmur2, murmur2Partitioner } from './murmur2-partitioner.js'

/** kafkajs itself is the oracle: its modules are taken before they are replaced. */
const require = createRequire(import.meta.url)
type Encode = (options: object) => { encode(): Promise<{ buffer: Buffer }> }
const v3 = 'kafkajs/src/protocol/requests/produce/v3/request'
const theirRequest = require(v3) as Encode
const theirDecoder = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
  decoder: object,
  context: object,
) => Record<string, unknown>
const theirMurmur2 = require('kafkajs/src/producer/partitioners/default/murmur2') as (key: Buffer) => number
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object

useFastRecords()
registerCodecs()
const ourRequest = require(v3) as Encode

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
)
const name = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('__proto__', 'ce_id', 'constructor'))
const headers = fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })), { maxKeys: 8 })
const record: fc.Arbitrary<EncodableRecord> = fc.record(
  { key: fc.option(bytes), value: fc.option(bytes), headers },
  { requiredKeys: ['key', 'value'] },
)
const topicData: fc.Arbitrary<TopicData> = fc.array(
  fc.record({
    topic: fc.stringMatching(/^[a-z.]{1,40}$/),
    partitions: fc.array(
      fc.record({ partition: fc.nat(50), messages: fc.array(record, { minLength: 1, maxLength: 200 }) }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  { maxLength: 3 },
)

afterEach(() => vi.useRealTimers())

describe('a produce request', () => {
  it.each([
    ['without compression', 0],
    ['with gzip', 1],
    ['with snappy', 2],
  ])('has the bytes that kafkajs writes, %s', async (_name, compression) => {
    vi.useFakeTimers({ now: 1_790_000_000_123, toFake: ['Date'] })
    await fc.assert(
      fc.asyncProperty(topicData, fc.constantFrom(0, 1, -1), fc.nat(60_000), async (data, acks, timeout) => {
        const options = { acks, timeout, compression, topicData: data }
        const [ours, theirs] = [await ourRequest(options).encode(), await theirRequest(options).encode()]
        expect(ours.buffer.equals(theirs.buffer)).toBe(true)
      }),
      { numRuns: compression === 0 ? 300 : 60 },
    )
  })

  it('is left to kafkajs where a record has a time of its own', async () => {
    const messages = [{ key: null, value: 'v', timestamp: '12345' }]
    const options = {
      acks: -1,
      timeout: 1,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }],
    }
    const [ours, theirs] = [await ourRequest(options).encode(), await theirRequest(options).encode()]
    expect(ours.buffer).toEqual(theirs.buffer)
  })
})

describe('a decoded record', () => {
  it('says what that of kafkajs says', () => {
    const context = fc.record({
      firstOffset: fc.oneof(fc.nat(), fc.maxSafeNat()).map(String),
      firstTimestamp: fc.oneof(fc.nat(), fc.constant(1_790_000_000_123)).map(String),
      maxTimestamp: fc.constant('1790000000999'),
      magicByte: fc.constant(2),
      isControlBatch: fc.boolean(),
      timestampType: fc.constantFrom(0, 1),
    })
    const number = fc.integer({ min: -(2 ** 30), max: 2 ** 30 })
    fc.assert(
      fc.property(record, context, number, number, (one, batch, timestampDelta, offsetDelta) => {
        fc.pre(Object.keys(one.headers ?? {}).every((key) => !(key in Object.prototype)))
        const body = bodyOf({ ...one, timestampDelta, offsetDelta: Math.abs(offsetDelta) })
        const ours = new DecodedRecord(body, batch)
        const theirs = theirDecoder(new Decoder(body), batch)
        const { headers: found, ...rest } = theirs
        expect(ours).toMatchObject(rest)
        expect({ ...ours.headers }).toEqual(found)
      }),
      { numRuns: 1_000 },
    )
  })

  it('has headers with names that every object knows, which kafkajs gets wrong', () => {
    const batch = { firstOffset: '0', firstTimestamp: '0', maxTimestamp: '0' }
    const context = { ...batch, magicByte: 2, isControlBatch: false, timestampType: 0 }
    const named = Object.fromEntries<unknown>([
      ['__proto__', 'a'],
      ['constructor', ['b', 'c']],
    ])
    const { headers } = new DecodedRecord(bodyOf({ key: null, value: 'v', headers: named }), context)
    expect(Object.entries(headers).map(([key, value]) => [key, String(value)])).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b,c'],
    ])
  })

  it('has an offset beyond what a double holds', () => {
    const batch = { firstOffset: '9007199254740993', firstTimestamp: '0', maxTimestamp: '0' }
    const context = { ...batch, magicByte: 2, isControlBatch: false, timestampType: 0 }
    const body = bodyOf({ key: null, value: 'v', timestampDelta: 0, offsetDelta: 6 })
    expect(new DecodedRecord(body, context).offset).toBe('9007199254740999')
  })
})

describe('the partitioner', () => {
  it('hashes like kafkajs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const key = Buffer.from(array)
        expect(murmur2(key)).toBe(theirMurmur2(key))
      }),
      { numRuns: 2_000 },
    )
  })

  it('chooses like the Java client: a known key, a named partition, turns without either', () => {
    const choose = murmur2Partitioner()
    const partitionMetadata = [0, 1, 2].map((partitionId) => ({
      partitionId,
      leader: partitionId === 1 ? -1 : 0,
      partitionErrorCode: 0,
      replicas: [],
      isr: [],
    }))
    const at = (message: object): number =>
      choose({ topic: 't', partitionMetadata, message: { value: null, ...message } })
    // Kafka's own UtilsTest: murmur2("21") is -973932308.
    expect(at({ key: '21' })).toBe((-973932308 & 0x7fffffff) % 3)
    expect(at({ key: '21', partition: 2 })).toBe(2)
    expect([at({}), at({ key: null }), at({})]).toEqual([0, 2, 0])
  })
})

/** A record as kafkajs encodes it, without the length that stands before it. */
function bodyOf(one: object): Buffer {
  const encode = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => {
    buffer: Buffer
  }
  const { buffer } = encode(one)
  let at = 0
  while (buffer[at]! > 0x7f) at++
  return buffer.subarray(at + 1)
}
