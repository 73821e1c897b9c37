import { describe, expect, it } from 'vitest'
import { PermanentError } from '#libs/runtime/errors'
import { parseKeepingRepeated } from '#libs/runtime/json/parse-keeping-repeated'
import { askedFor } from './classify-request.rules.js'

const now = new Date('2026-11-24T08:00:00Z')
const message = (changes: object = {}): object => ({
  messageId: 'm-1',
  accountId: 'a-1',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
  ...changes,
})
const refusal = (body: unknown): PermanentError => {
  try {
    askedFor(body, 'p1', now)
  } catch (error) {
    if (error instanceof PermanentError) return error
    throw error
  }
  throw new Error('was not refused')
}

describe('a request to classify', () => {
  it('asks for one message, or for a list in its order', () => {
    expect(askedFor(message(), 'p1', now)).toMatchObject({
      list: false,
      messages: [{ messageId: 'm-1', platformId: 'p1', receivedAt: '2026-11-24T08:00:00.000Z' }],
    })
    const list = [message({ messageId: 'm-2' }), message()]
    expect(askedFor({ messages: list }, 'p1', now).messages.map((one) => one.messageId)).toEqual([
      'm-2',
      'm-1',
    ])
  })

  it('is refused for private messages, whatever else is wrong with them', () => {
    expect(refusal(message({ visibility: 'private', messageId: 7 })).slug).toBe('private')
    const list = { messages: [message(), message({ visibility: 'private' })] }
    expect(refusal(list)).toMatchObject({ slug: 'private', path: '/messages/1/visibility' })
  })

  it.each<[() => unknown]>([
    [() => message({ visibility: ['private'] })],
    [() => message({ VISIBILITY: 'Pri\u200bvate' })],
    [() => message({ messageId: 7, unknown: { visibility: 'private' } })],
    [() => JSON.stringify(message({ visibility: 'private' }))],
    [() => parseKeepingRepeated(JSON.stringify(message()).replace('{', '{"visibility":"private",'))],
  ])('is refused for private ones in another form', (body) => {
    expect(refusal(body())).toMatchObject({ slug: 'private', path: '/visibility' })
    expect(refusal({ messages: [message(), body()] }).slug).toBe('private')
  })

  it('is refused where a name is given twice', () => {
    const body = JSON.stringify(message()).replace('{', '{"text":"other",')
    expect(refusal(parseKeepingRepeated(body))).toMatchObject({ slug: 'schema', path: '/text' })
    const list = parseKeepingRepeated(`{"messages":[${body}]}`)
    expect(refusal(list)).toMatchObject({ slug: 'schema', path: '/messages/0/text' })
    const twice = parseKeepingRepeated('{"messages":[],"messages":[{}]}')
    expect(refusal(twice)).toMatchObject({ slug: 'schema', path: '/messages' })
  })

  it('is refused with the place of the field that is wrong', () => {
    expect(refusal({ messages: [message(), message({ accountId: 'no spaces' })] })).toMatchObject({
      slug: 'schema',
      path: '/messages/1/accountId',
    })
    expect(refusal({ messages: [] })).toMatchObject({ slug: 'schema', path: '/messages' })
    expect(refusal({ messages: Array.from({ length: 101 }, () => message()) }).path).toBe('/messages')
    for (const nothing of [null, 7, 'text', []]) expect(refusal(nothing).slug).toBe('schema')
  })

  it('is refused for what is no message on the input topic either', () => {
    const more = { text: 'x'.repeat(256 * 1024) }
    expect(refusal(message(more)).slug).toBe('too-large')
    expect(refusal(message({ ...more, visibility: 'private' })).slug).toBe('private')
    expect(refusal({ messages: [message(), message({ x: [[[[[[[[]]]]]]]] })] })).toMatchObject({
      slug: 'too-deep',
      path: '/messages/1',
    })
  })

  it('keeps no field that the contract does not know', () => {
    expect(
      askedFor(message({ status: 'banned', platformId: 'p2' }), 'p1', now).messages[0],
    ).not.toHaveProperty('status')
  })
})
