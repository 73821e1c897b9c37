import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { MessageIn } from '#libs/contracts/message-in'
import { contractCheck } from './validator.js'

const message = (): Record<string, unknown> => ({
  messageId: 'm-1',
  accountId: 'a-1',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
})

describe('the compiled check of a contract', () => {
  const check = contractCheck(MessageIn)

  it('drops fields that nobody knows, at every depth', () => {
    const value = { ...message(), extra: 1, account: { verified: true, extra: { deep: 1 } } }
    check(value)
    expect(value).toEqual({ ...message(), account: { verified: true } })
  })

  it.each([
    [{ messageId: undefined }, '/messageId'],
    [{ sentAt: '2026-02-30T07:00:00Z' }, '/sentAt'],
    [
      {
        media: [
          { mediaId: 'i', kind: 'image' },
          { mediaId: 'i', kind: 'song' },
        ],
      },
      '/media/1/kind',
    ],
    [{ text: 5 }, '/text'],
  ])('refuses %j and names the field', (change, path) => {
    const value = JSON.parse(JSON.stringify({ ...message(), ...change })) as unknown
    expect(() => check(value)).toThrow(
      expect.objectContaining({ name: 'PermanentError', slug: 'schema', path }),
    )
  })

  it('quotes nothing of the value in its sentence', () => {
    const value = { ...message(), visibility: 'secret words' }
    expect(() => check(value)).toThrow(
      // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- an asymmetric matcher
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    )
  })

  it('is compiled once for a class', () => {
    expect(contractCheck(MessageIn)).toBe(check)
  })
})
