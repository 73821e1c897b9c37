import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PermanentError } from '../errors.js'
import { ALONE } from '../limits/alone.fixture.js'
import type { RawRecord } from './batch.js'
import { type DeadLetter, readDeadLetter, redriveMark, redrivenRecord, WITHHELD } from './dead-letter.js'
import { DeadLetters } from './dead-letters.js'
import type { PlainRecord } from './publisher.js'

/** What `DeadLetters` writes for a record, as the broker would give it back. */
async function letterOf(raw: RawRecord, offset = '7'): Promise<DeadLetter> {
  const written: PlainRecord[] = []
  const publisher = { publishPlain: async (records: PlainRecord[]) => void written.push(...records) }
  const letters = new DeadLetters(
    publisher as never,
    'ingestion',
    { DEAD_LETTER_KIB_PER_MINUTE: 1_000 },
    ALONE,
  )
  await letters.keep([{ raw, error: new PermanentError('schema', 'No.', '/text'), attempts: 3 }])
  return readLetter(asStored(written[0]!, offset))
}

const asStored = ({ topic, key, value, headers }: PlainRecord, offset: string): RawRecord => ({
  topic,
  partition: 2,
  offset,
  timestamp: '1790000000000',
  key: key === null ? null : Buffer.from(key),
  value,
  headers,
})

function readLetter(raw: RawRecord): DeadLetter {
  const record = readDeadLetter(raw)
  if (record?.is !== 'letter') throw new Error('no letter')
  return record.letter
}

const aRecord = (change: Partial<RawRecord> = {}): RawRecord => ({
  topic: 'weir.in.p1.messages.v1',
  partition: 3,
  offset: '77',
  timestamp: '1780000000000',
  key: Buffer.from('acc-1'),
  value: Buffer.from('{'),
  headers: undefined,
  ...change,
})

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array))
const name = fc.string({ maxLength: 12 }).filter((text) => !text.startsWith('weir-') && text !== '__proto__')

describe('a record that died and is redriven', () => {
  it('has the key, value and headers that it had, whatever they are, and says where it comes from', async () => {
    const headers = fc.dictionary(name, fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })))
    const some = fc.record({ key: fc.option(bytes), value: fc.option(bytes), headers })
    await fc.assert(
      fc.asyncProperty(some, async (own) => {
        const raw = aRecord(own)
        const again = redrivenRecord(await letterOf(raw))
        expect(again).toEqual({
          topic: raw.topic,
          partition: raw.partition,
          key: raw.key,
          value: raw.value,
          headers: { ...own.headers, 'weir-redriven': '2/7', 'weir-redrives': '1' },
        })
      }),
    )
  })

  it('is counted each time that it dies again', async () => {
    let raw = aRecord()
    for (const times of [0, 1, 2]) {
      const letter = await letterOf(raw, String(times))
      expect([letter.redrives, letter.redrivenFrom]).toEqual([
        times,
        times === 0 ? undefined : `2/${times - 1}`,
      ])
      const { headers, key, value } = redrivenRecord(letter)
      raw = aRecord({ headers, key: key as Buffer, value })
    }
  })
})

describe('a record of a platform that was given up', () => {
  const keptOf = async (value: string, topic = 'weir.in.p1.messages.v1'): Promise<PlainRecord[]> => {
    const written: PlainRecord[] = []
    const publisher = { publishPlain: async (records: PlainRecord[]) => void written.push(...records) }
    const letters = new DeadLetters(
      publisher as never,
      'ingestion',
      { DEAD_LETTER_KIB_PER_MINUTE: 1_000 },
      ALONE,
    )
    const headers = { title: Buffer.from('secret') }
    const raw = aRecord({ topic, key: Buffer.from('secret'), value: Buffer.from(value), headers })
    await letters.keep([{ raw, error: new PermanentError('schema', 'No.'), attempts: 1 }])
    return written
  }

  it.each(['weir.in.p1.messages.v1', 'weir.in.p1.receipts.v1'])(
    'is not kept if it says private: %s',
    async (topic) => {
      expect(await keptOf('{"VISIBILITY":["private"],"text":"secret"}', topic)).toEqual([])
      expect(await keptOf('{"visibility":"private","visibility":"public","text":"secret"}', topic)).toEqual(
        [],
      )
      expect(await keptOf('{"visibility":"public","text":"open"}', topic)).toHaveLength(1)
    },
  )

  it('is kept without its bytes, key and headers if it cannot be read and looks private', async () => {
    const [written] = await keptOf('{"text":"secret","visibility":"private",}')
    expect(`${JSON.stringify(written)} ${String(written!.key)}`).not.toContain('secret')
    const letter = readLetter(asStored(written!, '7'))
    expect(letter).toMatchObject({
      value: null,
      truncated: true,
      size: 41,
      platformId: 'p1',
      reason: 'schema',
    })
    expect(letter.headers[WITHHELD]).toBe('maybe-private')
  })

  it('keeps its bytes on a topic of ours, where everything was accepted as public', async () => {
    expect(await keptOf('{"message":{"visibility":"private"}}', 'weir.verdicts.v1')).toHaveLength(1)
  })
})

describe('a letter', () => {
  it('tells what is known of its record', async () => {
    expect(await letterOf(aRecord())).toMatchObject({
      address: '2/7',
      at: new Date(1_790_000_000_000),
      reason: 'schema',
      path: '/text',
      topic: 'weir.in.p1.messages.v1',
      partition: 3,
      offset: '77',
      platformId: 'p1',
      service: 'ingestion',
      attempts: 3,
      size: 1,
      truncated: false,
    })
  })

  it.each([
    ['weir.messages.v1', 'p2/acc', 'p2'],
    ['weir.notices.v1', 'p2/acc', undefined],
    ['weir.in.p1.receipts.v1', 'p2/acc', 'p1'],
  ])('of %s under the key %s is a record of platform %s', async (topic, key, platformId) => {
    expect((await letterOf(aRecord({ topic, key: Buffer.from(key) }))).platformId).toBe(platformId)
  })

  it('whose value was cut off says so, and how long it was', async () => {
    const letter = await letterOf(aRecord({ value: Buffer.alloc(1_600_000) }))
    expect([letter.truncated, letter.size, letter.value?.length]).toEqual([true, 1_600_000, 1_500_000])
  })

  it('cannot be mistaken for a mark, nor can a record of strangers for either', async () => {
    const letter = await letterOf(aRecord({ headers: { 'weir-redriven-from': '0/1' } }))
    expect(letter.reason).toBe('schema')
    const mark = redriveMark(letter)
    expect(mark).toMatchObject({ topic: 'weir.dead-letters.v1', partition: 2 })
    expect(readDeadLetter(asStored(mark, '9'))).toEqual({ is: 'mark', address: '2/7' })
    expect(readDeadLetter(asStored({ ...mark, headers: {} }, '9'))).toBeUndefined()
  })
})

it('what instances keep of a platform is told to the others, and paid for by all', async () => {
  const told: [platform: string, bytes: number][] = []
  const shared = {
    share: () => 1,
    spent: async (platform: string, spent: number) => {
      told.push([platform, spent])
      return platform === 'p1' ? 2_000_000 : undefined
    },
  }
  const publisher = { publishPlain: async () => undefined }
  const env = { DEAD_LETTER_KIB_PER_MINUTE: 1_000 }
  const letters = new DeadLetters(publisher as never, 'ingestion', env, shared)
  const raws = ['p1', 'p2', 'p1'].map((id) => aRecord({ topic: `weir.in.${id}.messages.v1`, key: null }))
  await letters.keep(raws.map((raw) => ({ raw, error: new PermanentError('schema', 'No.'), attempts: 1 })))
  expect(told).toEqual([
    ['p1', 602],
    ['p2', 301],
  ])
  await Promise.resolve()
  expect(letters.admit('weir.in.p1.messages.v1')).toBeGreaterThan(0)
  expect(letters.admit('weir.in.p2.messages.v1')).toBe(0)
})
