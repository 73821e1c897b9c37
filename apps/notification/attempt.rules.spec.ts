import { describe, expect, it } from 'vitest'
import {
  afterAttempt,
  delivered,
  fromHttpStatus,
  fromMailFailure,
  hopeless,
  tryAgain,
} from './attempt.rules.js'

const now = new Date('2026-11-24T07:00:00Z')

describe('what follows from an attempt', () => {
  it('is over once delivered or hopeless', () => {
    expect(afterAttempt(delivered(200), 1, now, 0)).toEqual({ state: 'delivered', nextAttemptAt: null })
    expect(afterAttempt(hopeless('gone', 410), 1, now, 0)).toEqual({ state: 'failed', nextAttemptAt: null })
  })

  it('is another one on schedule, until the tenth has failed', () => {
    expect(afterAttempt(tryAgain('timeout'), 1, now, 0)).toEqual({
      state: 'pending',
      nextAttemptAt: new Date('2026-11-24T07:00:05Z'),
    })
    expect(afterAttempt(tryAgain('http-status', 503, 60_000), 1, now, 0).nextAttemptAt).toEqual(
      new Date('2026-11-24T07:01:00Z'),
    )
    expect(afterAttempt(tryAgain('timeout'), 10, now, 0)).toEqual({ state: 'failed', nextAttemptAt: null })
  })
})

describe('an HTTP status', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [301, 'retry'],
    [307, 'retry'],
    [400, 'retry'],
    [404, 'retry'],
    [410, 'permanent'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('%i: %s', (status, kind) => {
    expect(fromHttpStatus(status, null).kind).toBe(kind)
  })
})

describe('a failed submission', () => {
  it.each([
    ['mailbox unknown', { code: 'EENVELOPE', responseCode: 550, command: 'RCPT TO' }, 'permanent'],
    ['mailbox busy', { code: 'EENVELOPE', responseCode: 450, command: 'RCPT TO' }, 'retry'],
    ['message refused', { code: 'EMESSAGE', responseCode: 554, command: 'DATA' }, 'permanent'],
    ['our sender refused', { code: 'EENVELOPE', responseCode: 553, command: 'MAIL FROM' }, 'retry'],
    ['our login refused', { code: 'EAUTH', responseCode: 535, command: 'AUTH PLAIN' }, 'retry'],
    ['relay closed for now', { code: 'EPROTOCOL', responseCode: 421 }, 'retry'],
    ['relay away', { code: 'ESOCKET' }, 'retry'],
  ])('%s', (_name, failure, kind) => {
    expect(fromMailFailure(failure).kind).toBe(kind)
  })
})
