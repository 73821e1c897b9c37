import 'reflect-metadata'
import { validateSync } from 'class-validator'
import { plainToInstance } from 'class-transformer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  answerMessage,
  type AnsweredMessages,
  answersOf,
  withoutPrivateIds,
  withPrivateIds,
} from './answer-messages.rules.js'
import { checkMessage } from './check-message.rules.js'
import { MessagesAnswer } from './messages-api.js'

const good = {
  messageId: 'm-1',
  accountId: 'acc',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
}

const answerMessages = (values: readonly unknown[]): AnsweredMessages => answersOf(values.map(answerMessage))

describe('messages sent by REST', () => {
  it('are answered one by one, in order, and only the good ones are stored', () => {
    const answered = answerMessages([
      { ...good, x: 1 },
      { ...good, messageId: 'm-2', visibility: 'private', text: 7 },
      { ...good, messageId: 'm-3', change: 'moved' },
      { ...good, messageId: 'm-4', media: [{ mediaId: 'i', kind: 'smell' }] },
      { ...good, messageId: 'not an id' },
      'words',
    ])
    expect(answered.results.map(({ messageId, status }) => [messageId, status])).toEqual([
      ['m-1', 'accepted'],
      ['m-2', 'refused_private'],
      ['m-3', 'invalid'],
      ['m-4', 'accepted'],
      [null, 'invalid'],
      [null, 'invalid'],
    ])
    expect(answered.results[2]!.problem).toMatchObject({
      type: 'schema',
      errors: [{ path: '/change', reason: expect.stringContaining('/change') as string }],
    })
    expect(answered.results[3]!.repairs).toEqual([{ path: '/media/0', what: 'dropped' }])
    expect(answered.accepted.map(({ message }) => message)).toEqual([good, { ...good, messageId: 'm-4' }])
    expect(answered.refusedPrivate).toBe(1)
  })

  it('are kept for a repeated request without the ids of private ones, which come again with the request', () => {
    const values = [good, { ...good, messageId: 'm-2', visibility: 'Private' }, 'x']
    const { results } = answerMessages(structuredClone(values))
    const kept = withoutPrivateIds({ results })
    expect(JSON.stringify(kept)).not.toContain('m-2')
    expect(withPrivateIds(kept, values)).toEqual({ results })
  })

  it('are judged as the consumer will judge them, and what is stored is accepted there', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 10 }),
      fc
        .record(
          {
            text: fc.jsonValue(),
            visibility: fc.constantFrom('public', 'private'),
            language: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((change) => ({ ...good, ...change })),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const texts = values.map((each) => JSON.stringify(each))
        const { results, accepted } = answerMessages(texts.map((text) => JSON.parse(text) as unknown))
        const judged = texts.map((text) => checkMessage(Buffer.from(text)).outcome)
        const words = { accepted: 'accepted', private: 'refused_private', rejected: 'invalid' }
        expect(results.map(({ status }) => status)).toEqual(judged.map((outcome) => words[outcome]))
        for (const { message, sent = message, repairs } of accepted) {
          const again = checkMessage(Buffer.from(JSON.stringify(sent)))
          expect(again).toMatchObject({ outcome: 'accepted', message, ...(repairs ? { repairs } : {}) })
        }
        expect(validateSync(plainToInstance(MessagesAnswer, { results }))).toEqual([])
      }),
    )
  })
})
