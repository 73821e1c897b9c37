import { describe, expect, it } from 'vitest'
import { isForSeniors, latestEnd, tooLongReason } from './limits-of-decisions.js'

const DAY = 86_400_000
const from = new Date('2026-11-24T08:00:00Z')
const after = (ms: number): Date => new Date(from.getTime() + ms)

describe('how long a person may decide', () => {
  it('is five years of the calendar, for anybody', () => {
    expect(latestEnd(from)).toEqual(new Date('2031-11-24T08:00:00Z'))
    expect(tooLongReason({ from, until: new Date('2031-11-24T08:00:00Z') })).toBeNull()
    expect(tooLongReason({ from, until: new Date('2031-11-24T08:00:00.001Z') })).toMatch(/ban/)
    expect(latestEnd(new Date('2028-02-29T00:00:00Z'))).toEqual(new Date('2033-03-01T00:00:00Z'))
  })

  it('is for a moderator what the policy says, of suspensions only', () => {
    const policy = { decisions: { maxSuspension: 90 * DAY } }
    expect(isForSeniors('suspend', { from, until: after(90 * DAY) }, policy)).toBe(false)
    expect(isForSeniors('suspend', { from, until: after(90 * DAY + 1) }, policy)).toBe(true)
    expect(isForSeniors('limit', { from, until: after(900 * DAY) }, policy)).toBe(false)
  })
})
