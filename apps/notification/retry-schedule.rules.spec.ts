import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter, RETRY_DELAYS_MS, retryDelayMs } from './retry-schedule.rules.js'

const HOUR = 3_600_000
const jitter = fc.double({ min: 0, max: 1, noNaN: true })

describe('the retry schedule', () => {
  it('is the one of Standard Webhooks: ten attempts over about 75 hours', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tries) => retryDelayMs(tries, 0, null))
    expect(delays).toEqual([
      5_000,
      300_000,
      1_800_000,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
    ])
    expect(RETRY_DELAYS_MS[0]).toBe(0)
    expect(retryDelayMs(10, 0, null)).toBeNull()
  })

  it('never comes early, never more than a tenth late, and ends also for a receiver that always asks for more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), jitter, (tries, part) => {
        const delay = retryDelayMs(tries, part, null)
        const base = RETRY_DELAYS_MS[tries]
        if (base === undefined) return delay === null && retryDelayMs(tries, part, HOUR) === null
        return delay !== null && delay >= base && delay <= Math.ceil(base * 1.1)
      }),
    )
  })

  it('waits as long as the receiver asks, up to a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), jitter, fc.nat(90 * 24 * HOUR), (tries, part, asked) => {
        const delay = retryDelayMs(tries, part, asked) ?? -1
        expect(delay).toBeGreaterThanOrEqual(Math.min(asked, 24 * HOUR))
        expect(delay).toBeLessThanOrEqual(Math.max(26.4 * HOUR, 24 * HOUR))
      }),
    )
  })
})

describe('Retry-After', () => {
  const now = new Date('2026-11-24T07:00:00Z')
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Tue, 24 Nov 2026 07:01:00 GMT', 60_000],
    ['Tue, 24 Nov 2026 06:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['1.5', null],
    ['99999999999999999999', null],
    ['', null],
  ])('%s', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected)
  })
})
