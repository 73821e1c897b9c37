import { describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../errors.js'
import { ALONE } from '../limits/alone.fixture.js'
import type { RawRecord } from './batch.js'
import { type DeadLetter, readDeadLetter, redrivenRecord } from './dead-letter.js'
import { DeadLetterRedriver } from './dead-letter-redriver.js'
import { DEAD_LETTER_MAX_BYTES, DeadLetters } from './dead-letters.js'
import { type BatchContext, DecodedRecord } from './decoded-record.js'
import { encodeProduce } from './encode-produce.js'
import { KafkaRecord } from './in-record.js'
import type { PlainRecord } from './publisher.js'

type Headers = Record<string, Buffer | string | null | (Buffer | string | null)[]>

const CONTEXT: BatchContext = {
  firstOffset: '7',
  firstTimestamp: '1790000000000',
  maxTimestamp: '1790000000000',
  magicByte: 2,
  isControlBatch: false,
  timestampType: 0,
}

/** Of a request for one partition of the topic `t`: behind what stands before a batch, and its header. */
const FIRST_RECORD = 2 + 2 + 4 + 4 + 3 + 4 + 4 + 4 + 61

/** Headers that an object literal cannot spell. */
const headersOf = (pairs: [string, Headers[string]][]): Headers => Object.fromEntries(pairs)

/** A record as our encoder writes and our decoder reads it. */
async function roundTrip(record: {
  key?: Buffer | null
  value: Buffer | null
  headers: Headers
}): Promise<RawRecord> {
  const messages = [record as never]
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages }] }]
  const body = await encodeProduce({ acks: -1, timeout: 1, topicData }, 1_790_000_000_000)
  let at = FIRST_RECORD
  while (body[at]! > 0x7f) at++
  const decoded = new DecodedRecord(body.subarray(at + 1), CONTEXT)
  const { offset, key, value, headers, timestamp } = decoded
  return { topic: 'weir.in.p1.messages.v1', partition: 0, offset, timestamp, key, value, headers }
}

async function written(raw: RawRecord, path: string | null = null): Promise<PlainRecord> {
  const records: PlainRecord[] = []
  const publisher = { publishPlain: async (some: PlainRecord[]) => void records.push(...some) }
  const letters = new DeadLetters(
    publisher as never,
    'ingestion',
    { DEAD_LETTER_KIB_PER_MINUTE: 1_000 },
    ALONE,
  )
  await letters.keep([{ raw, error: new PermanentError('schema', 'No.', path), attempts: 1 }])
  return records[0]!
}

function letterIn(raw: RawRecord): DeadLetter {
  const record = readDeadLetter({ ...raw, topic: 'weir.dead-letters.v1' })
  if (record?.is !== 'letter') throw new Error('no letter')
  return record.letter
}

const ODD: [string, Headers][] = [
  ['none', {}],
  ['one without a value', { a: null }],
  ['one without a name', { '': Buffer.from('x') }],
  ['one named __proto__', headersOf([['__proto__', Buffer.from('x')]])],
  ['several named __proto__', headersOf([['__proto__', [Buffer.from('x'), Buffer.from('y')]]])],
  ['constructor and toString', { constructor: Buffer.from('x'), toString: Buffer.from('y') }],
  ['a repeated one', { a: [Buffer.from('1'), Buffer.from('2'), null] }],
  ['bytes that are no UTF-8', { a: Buffer.from([0xff, 0xfe]) }],
  ['an odd traceparent', { traceparent: [null, Buffer.from('00-x')], ce_id: null }],
  ['one of our own without a value', { 'weir-redriven': null, 'weir-redrives': null, 'weir-path': null }],
]

describe('headers that only a foreign producer sends', () => {
  it.each(ODD)('%s: read, dead-lettered and redriven as they were', async (_name, headers) => {
    const raw = await roundTrip({ key: null, value: Buffer.from('{'), headers })
    const record = new KafkaRecord(raw, null)
    expect([typeof record.headers, record.trace, record.key]).toEqual(['object', null, null])
    const kept = await written(raw)
    const stored = await roundTrip(kept as never)
    const again = redrivenRecord(letterIn(stored))
    const own = Object.entries(again.headers!).filter(([name]) => !name.startsWith('weir-'))
    const before = Object.entries(raw.headers!).filter(([name]) => !name.startsWith('weir-'))
    expect(own).toEqual(before)
    expect(again).toMatchObject({ topic: raw.topic, partition: 0, value: raw.value })
  })

  it('are read in time for their number', async () => {
    const raw = await roundTrip({ value: null, headers: { a: Array.from({ length: 200_000 }, () => null) } })
    expect(new KafkaRecord(raw, null).trace).toBeNull()
    expect(raw.headers!['a']).toHaveLength(200_000)
  })

  it.each([
    ['headers', { headers: { a: Buffer.alloc(3_000_000) } }],
    [
      'many headers',
      { headers: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`h${i}`, 'x'.repeat(40)])) },
    ],
    ['a key', { key: Buffer.alloc(3_000_000) }],
    ['a value', { value: Buffer.alloc(3_000_000) }],
    [
      'all of them',
      {
        key: Buffer.alloc(2_000_000),
        value: Buffer.alloc(3_000_000),
        headers: { a: Buffer.alloc(3_000_000) },
      },
    ],
  ])(
    'endless, or with an endless key or value, do not keep the letter from being stored: %s',
    async (_name, more) => {
      const raw: RawRecord = {
        ...{ topic: 'weir.in.p1.messages.v1', partition: 0, offset: '1', timestamp: '1' },
        ...{ key: null, value: Buffer.from('{'), headers: {} },
        ...more,
      }
      const kept = await written(raw, `/${'p'.repeat(1_000_000)}`)
      const bytes =
        (kept.key?.length ?? 0) +
        (kept.value?.length ?? 0) +
        Object.entries(kept.headers!).reduce(
          (sum, [name, value]) => sum + name.length + 10 + String(value).length,
          0,
        )
      expect(bytes).toBeLessThan(DEAD_LETTER_MAX_BYTES)
      expect(letterIn({ ...raw, ...(kept as object) }).truncated).toBe(true)
    },
  )
})

describe('a letter that is none of ours', () => {
  const base = {
    topic: 'weir.dead-letters.v1',
    partition: 0,
    offset: '1',
    timestamp: '1',
    key: null,
    value: null,
  }

  it.each([
    ['a tombstone', {}],
    ['a reason without a value', { 'weir-reason': null, 'weir-topic': Buffer.from('t') }],
    ['a topic without a value', { 'weir-reason': Buffer.from('x'), 'weir-topic': null }],
    ['a mark without a value', { 'weir-redriven-from': null }],
    ['a list of nothing', { 'weir-reason': [], 'weir-topic': [null] }],
  ] as [string, Headers][])('%s is left out', (_name, headers) => {
    expect(readDeadLetter({ ...base, headers: headers as never })).toBeUndefined()
  })

  it('has no partition where it says none, and a time that a calendar holds', () => {
    const headers = { 'weir-reason': 'x', 'weir-topic': 'weir.verdicts.v1' }
    const letter = letterIn({ ...base, timestamp: '9223372036854775807', headers })
    expect([letter.partition, letter.at.toISOString()]).toEqual([undefined, '1970-01-01T00:00:00.000Z'])
  })
})

describe('letters of which one cannot be sent', () => {
  const letterAt = (offset: string): DeadLetter =>
    letterIn({
      ...{ topic: 'weir.dead-letters.v1', partition: 0, offset, timestamp: '1', key: null, value: null },
      headers: { 'weir-reason': 'x', 'weir-topic': 'weir.verdicts.v1', 'weir-partition': '0' },
    })
  const letters = ['1', '2', '3'].map(letterAt)
  const sentBy = async (fail: (records: readonly PlainRecord[]) => Error | undefined) => {
    const marked: string[] = []
    const redriver = new DeadLetterRedriver({
      publishPlain: async (records) => {
        const error = fail(records)
        if (error) throw error
        for (const { headers } of records) {
          const mark = headers?.['weir-redriven-from']
          if (typeof mark === 'string') marked.push(mark)
        }
      },
    })
    const failed = await redriver.redrive(letters)
    return { marked, failed: failed.map(({ letter, why }) => [letter.address, why]) }
  }
  const isSecond = (records: readonly PlainRecord[]): boolean =>
    records.some(({ headers }) => headers?.['weir-redriven'] === '0/2')

  it.each([new PermanentError('too-large', 'Too large.'), new TypeError('odd')])(
    'the others are, and the one is named: %s',
    async (error) => {
      const { marked, failed } = await sentBy((records) => (isSecond(records) ? error : undefined))
      expect([marked, failed]).toEqual([['0/1', '0/3'], [['0/2', error.message]]])
    },
  )

  it('none is where the broker is away', async () => {
    const away = sentBy(() => new RetryableError('publish-failed', 'Away.'))
    await expect(away).rejects.toMatchObject({ slug: 'not-redriven' })
  })
})
