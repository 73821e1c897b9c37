import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { revisionOf } from '#libs/contracts/message'
import { MAX_MESSAGE_BYTES as MAX_BYTES } from '#libs/runtime/json/bound-message'
import { checkMessage, checkValue, type CheckedMessage } from './check-message.rules.js'

const good = {
  messageId: 'm-7',
  accountId: 'acc-9',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
}

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const check = (value: unknown): CheckedMessage => checkMessage(bytesOf(value))
const withText = (bytes: number): Buffer => {
  const frame = bytesOf({ ...good, padding: '' }).length
  return bytesOf({ ...good, padding: 'x'.repeat(bytes - frame) })
}
/** An object whose outermost level counts as 1. */
const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) })
/** As text: an object literal cannot hold an own `__proto__`. */
const withKey = (key: string): Buffer => Buffer.from(JSON.stringify(good).replace('{', `{"${key}":{},`))

function slugOf(checked: CheckedMessage): string {
  return checked.outcome === 'rejected' ? checked.rejection.slug : checked.outcome
}

describe('the checks of a message, in their order', () => {
  it.each<[string, Buffer | null, string]>([
    ['a good message', bytesOf(good), 'accepted'],
    ['one with a byte order mark', Buffer.concat([Buffer.from('\ufeff'), bytesOf(good)]), 'accepted'],
    ['no value (a tombstone)', null, 'not-json'],
    ['an empty value', Buffer.alloc(0), 'not-json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xc3, 0x28, 0x7d]), 'not-utf8'],
    [
      'private, but not UTF-8',
      Buffer.concat([bytesOf({ ...good, visibility: 'private' }), Buffer.from([0xff])]),
      'not-utf8',
    ],
    ['cut JSON', bytesOf(good).subarray(0, 30), 'not-json'],
    ['an array', bytesOf([good]), 'schema'],
    ['a number', bytesOf(7), 'schema'],
    ['a string', bytesOf('public'), 'schema'],
    ['null', bytesOf(null), 'schema'],
    ['exactly 256 KiB', withText(MAX_BYTES), 'accepted'],
    ['one byte more', withText(MAX_BYTES + 1), 'too-large'],
    ['8 levels', bytesOf({ ...good, more: nested(7) }), 'accepted'],
    ['9 levels', bytesOf({ ...good, more: nested(8) }), 'too-deep'],
    ['9 levels of lists', bytesOf({ ...good, links: [[[[[[[[]]]]]]]] }), 'too-deep'],
    ['9 levels and wrong types', bytesOf({ ...good, text: 7, more: nested(8) }), 'too-deep'],
    [
      '9 levels after a forbidden key',
      Buffer.from(JSON.stringify({ ...good, more: nested(8) }).replace('{', '{"__proto__":1,')),
      'too-deep',
    ],
    ['a million brackets', Buffer.from('['.repeat(1_000_000) + ']'.repeat(1_000_000)), 'too-large'],
    ['a hundred thousand brackets', Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)), 'too-deep'],
    ['as many links as it has room for', bytesOf({ ...good, links: Array(60_000).fill('a') }), 'accepted'],
    ['many values of fields that nobody knows', bytesOf({ ...good, x: Array(120_000).fill(1) }), 'accepted'],
    ['many values, and too deep', bytesOf({ x: Array(20_000).fill(1), y: nested(8) }), 'too-deep'],
    ['too large and no JSON', withText(MAX_BYTES + 1).subarray(0, -1), 'not-json'],
    ['too deep and no JSON', Buffer.from(`${'['.repeat(9_000)}${']'.repeat(8_999)}`), 'not-json'],
    ['__proto__', withKey('__proto__'), 'schema'],
    ['constructor', withKey('constructor'), 'schema'],
    ['prototype', withKey('prototype'), 'schema'],
    [
      '__proto__ within an unknown field',
      bytesOf({ ...good, more: JSON.parse('{"__proto__":1}') as unknown }),
      'schema',
    ],
  ])('%s', (_name, bytes, slug) => {
    expect(slugOf(checkMessage(bytes))).toBe(slug)
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['no messageId', { messageId: undefined }, '/messageId'],
    ['a messageId of 129 characters', { messageId: 'm'.repeat(129) }, '/messageId'],
    ['an accountId with a slash', { accountId: 'a/b' }, '/accountId'],
    ['a null accountId', { accountId: null }, '/accountId'],
    ['another visibility', { visibility: 'friends' }, '/visibility'],
    ['a day that does not exist', { sentAt: '2026-02-30T00:00:00Z' }, '/sentAt'],
    ['a text that is a number', { text: 7 }, '/text'],
    ['a change that does not exist', { change: 'moved' }, '/change'],
    ['no content but a link that is none', { text: undefined, links: [{}] }, '/text'],
    [
      'no content but media that are none',
      { text: undefined, media: [{ mediaId: 'i', kind: 'smell' }] },
      '/text',
    ],
    ['no content', { text: undefined }, '/text'],
    ['content that is null', { text: null, links: null }, '/text'],
  ])('names the field: %s', (_name, change, path) => {
    expect(check({ ...good, ...change })).toMatchObject({
      outcome: 'rejected',
      rejection: { slug: 'schema', path },
    })
  })

  it('never repeats what a field holds', () => {
    const checked = check({
      ...good,
      messageId: 'secret words',
      visibility: 'public',
      text: ['secret words'],
    })
    expect(JSON.stringify(checked)).not.toContain('secret')
  })

  it('counts code points', () => {
    expect(check({ ...good, text: '😀'.repeat(20_000) }).outcome).toBe('accepted')
    expect(check({ ...good, text: '😀'.repeat(20_000) })).not.toHaveProperty('repairs')
    expect(check({ ...good, text: '😀'.repeat(20_001) })).toHaveProperty('repairs', [
      { path: '/text', what: 'cut' },
    ])
  })

  it('takes null as absent and drops what it does not know', () => {
    const checked = check({
      ...good,
      language: null,
      account: { followers: 3, kind: null, x: 1 },
      y: { z: 1 },
    })
    expect(checked).toEqual({ outcome: 'accepted', message: { ...good, account: { followers: 3 } } })
  })

  it('needs no content of a deleted message', () => {
    expect(check({ ...good, text: undefined, change: 'deleted' }).outcome).toBe('accepted')
  })
})

describe('private', () => {
  const hidden = { ...good, visibility: 'private' }

  it.each<[string, Buffer]>([
    ['plainly', bytesOf(hidden)],
    ['too large', bytesOf({ ...hidden, text: 'x'.repeat(MAX_BYTES) })],
    ['too deep', bytesOf({ ...hidden, more: nested(500) })],
    ['with many values', bytesOf({ x: Array(20_000).fill(1), ...hidden })],
    [
      'deep below what is too deep',
      Buffer.from(`${'['.repeat(5_000)}${JSON.stringify(hidden)}${']'.repeat(5_000)}`),
    ],
    [
      'in JSON in a string beside many values',
      bytesOf([...Array<number>(20_000).fill(1), JSON.stringify(hidden)]),
    ],
    [
      'given before, beside many values',
      Buffer.from(
        JSON.stringify({ ...good, x: Array(20_000).fill(1) }).replace('{', '{"visibility":"private",'),
      ),
    ],
    ['without ids', bytesOf({ visibility: 'private', text: 'x' })],
    ['of wrong types', bytesOf({ ...hidden, messageId: 1, text: { a: 1 } })],
    ['with a forbidden key', Buffer.from(JSON.stringify(hidden).replace('{', '{"__proto__":{},'))],
    ['spelt otherwise', bytesOf({ ...good, visibility: ' Private' })],
    ['in a list', bytesOf([good, hidden])],
    ['in an envelope', bytesOf({ message: hidden })],
    ['below __proto__', Buffer.from(`{"__proto__":${JSON.stringify(hidden)}}`)],
  ])('is refused %s', (_name, bytes) => {
    expect(checkMessage(bytes)).toEqual({ outcome: 'private' })
  })

  it('is not said by a part of a message that says public', () => {
    expect(check({ ...good, account: { visibility: 'private' } }).outcome).toBe('accepted')
  })

  it('is said by a part of a message that is refused anyway', () => {
    expect(slugOf(check({ ...good, messageId: 1, account: { visibility: 'private' } }))).toBe('private')
  })

  it('is refused whatever the rest of the record is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 12 })), (rest) => {
        expect(check({ ...rest, visibility: 'private' })).toEqual({ outcome: 'private' })
      }),
    )
  })
})

describe('any bytes', () => {
  it('end as one of three, and what is accepted is accepted again as the same revision', () => {
    const json = fc.jsonValue({ maxDepth: 10 }).map(bytesOf)
    const deep = fc.integer({ min: 1, max: 12 }).map((levels) => bytesOf({ ...good, more: nested(levels) }))
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    const mutated = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
      const bytes = bytesOf({ ...good, account: { followers: 10 }, links: ['https://a'] })
      bytes[at % bytes.length] = byte
      return bytes
    })
    // JSON.parse gives -0, of which JSON.stringify makes 0: the only whole number that JSON does not give back.
    const negativeZero = Buffer.from(
      JSON.stringify({ ...good, account: { followers: 1 } }).replace(':1}', ':-0}'),
    )
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(fc.oneof(noise, json, deep, mutated), (bytes) => {
        const checked = checkMessage(bytes)
        outcomes.add(slugOf(checked))
        if (checked.outcome !== 'accepted') return
        const again = check(checked.message)
        expect(bytesOf(again)).toEqual(bytesOf(checked))
        expect(revisionOf(checked.message)).toBe(revisionOf((again as typeof checked).message))
      }),
      { numRuns: 5_000, examples: [[negativeZero]] },
    )
    expect([...outcomes].sort()).toEqual(['accepted', 'not-json', 'not-utf8', 'schema', 'too-deep'].sort())
  })

  it('are judged alike as bytes and as a value that is parsed already', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), fc.boolean(), fc.nat(12), (rest, message, thousands) => {
        const many = thousands < 9 ? [] : Array<unknown[]>(thousands * 1_000 - 4_500).fill([])
        const value = message ? { ...good, rest, many } : rest
        const parsed = JSON.parse(JSON.stringify(value)) as unknown
        expect(checkValue(parsed)).toEqual(check(value))
      }),
    )
  })

  it('are judged without running out of stack, also as a value', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))
    expect(slugOf(checkValue(deep))).toBe('too-deep')
    expect(slugOf(checkValue({ ...good, x: 'x'.repeat(MAX_BYTES) }))).toBe('too-large')
    expect(slugOf(checkValue(undefined))).toBe('schema')
  })
})
