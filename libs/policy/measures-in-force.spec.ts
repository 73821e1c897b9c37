import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.js'
import { automaticMeasure, needsSecondApproval } from './limits-of-automation.js'
import { accountStatus, measuresInForce, nextInstant, type Holding } from './measures-in-force.js'
import { deadlineFor, type Policy } from './policy-document.js'

const DAY = 86_400_000
const day = (n: number): Date => new Date(n * DAY)
const holding = (id: string, measure: Holding['measure'], until: number | null): Holding => ({
  id,
  source: 'decision',
  measure,
  since: day(0),
  until: until === null ? null : day(until),
})

describe('measuresInForce', () => {
  it('puts the gravest first, then that which holds longest, and leaves out what is over', () => {
    const all = [
      holding('a', 'limit', null),
      holding('b', 'suspend', 5),
      holding('c', 'suspend', 9),
      holding('d', 'ban', 3),
    ]
    expect(measuresInForce(all, day(3)).map((one) => one.id)).toEqual(['c', 'b', 'a'])
    expect(measuresInForce(all, day(2)).map((one) => one.id)[0]).toBe('d')
  })

  it('names the account by the gravest measure, else by its level', () => {
    expect(accountStatus([holding('a', 'limit', 3), holding('b', 'suspend', 3)], 1)).toBe('suspended')
    expect(accountStatus([holding('a', 'ban', null)], 0)).toBe('banned')
    expect(accountStatus([], 2)).toBe('warned')
    expect(accountStatus([holding('a', 'remove', null)], 0)).toBe('active')
  })
})

describe('nextInstant', () => {
  it('is the first expiry or end after now', () => {
    const strike = { at: day(1), expiresAt: day(4), reversedAt: null } as never
    const reversed = { at: day(1), expiresAt: day(3), reversedAt: day(2) } as never
    expect(nextInstant([strike, reversed], [holding('a', 'limit', 6)], day(2))).toEqual(day(4))
    expect(nextInstant([strike], [holding('a', 'limit', 6)], day(4))).toEqual(day(6))
    expect(nextInstant([strike], [holding('a', 'ban', null)], day(4))).toBeNull()
  })
})

describe('automaticMeasure', () => {
  const policy = {
    automation: { maxSuspension: 7 * DAY },
    secondApproval: { minFollowers: 100_000, lapseAfter: 3 * DAY },
  }
  const measures = ['label', 'warn', 'remove', 'limit', 'suspend', 'ban'] as const

  it('never bans, never suspends beyond the limit, and holds suspensions of accounts of reach', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...measures),
        fc.option(fc.integer({ min: 0, max: 90 })),
        fc.option(fc.integer({ min: 0, max: 200_000 })),
        fc.integer({ min: 1, max: 365 }),
        (measure, until, followersHighest, longest) => {
          const limits = { ...policy, automation: { maxSuspension: longest * DAY } }
          const step = { measure, at: day(0), until: until === null ? null : day(until) }
          const made = automaticMeasure(step, { followersHighest }, limits)
          const grave = measure === 'suspend' || measure === 'ban'
          expect(made.measure).toBe(measure === 'ban' ? 'suspend' : measure)
          expect(made.proposes).toBe(measure === 'ban' ? 'ban' : null)
          expect(made.held).toBe(grave && (followersHighest === null || followersHighest >= 100_000))
          if (grave) expect(made.until!.getTime()).toBe(Math.min(until ?? Infinity, longest, 30) * DAY)
          else expect(made.until).toEqual(step.until)
        },
      ),
    )
  })

  it('holds no removal, however many follow', () => {
    expect(needsSecondApproval('remove', { followersHighest: null }, policy)).toBe(false)
    expect(needsSecondApproval('ban', { followersHighest: 99_999 }, policy)).toBe(false)
    expect(needsSecondApproval('ban', { followersHighest: 100_000 }, policy)).toBe(true)
  })
})

describe('deadlineFor', () => {
  it('takes the shortest that applies', () => {
    const deadlines: Policy['deadlines'] = {
      default: { acknowledge: 60, carryOut: 600 },
      kinds: { warn_account: { acknowledge: 100, carryOut: 1_000 } },
      categories: { terrorism: { acknowledge: 30, carryOut: 500 } },
      severities: { 4: { acknowledge: 40, carryOut: 100 } },
    }
    const of = (order: Parameters<typeof deadlineFor>[1]) => deadlineFor({ deadlines } as Policy, order)
    expect(of({ kind: 'ban_account' })).toEqual({ acknowledge: 60, carryOut: 600 })
    expect(of({ kind: 'warn_account', category: 'constructor' })).toEqual({
      acknowledge: 100,
      carryOut: 1_000,
    })
    expect(of({ kind: 'warn_account', category: 'terrorism', severity: 4 })).toEqual({
      acknowledge: 30,
      carryOut: 100,
    })
  })
})

describe('parseDuration', () => {
  it.each([
    ['P7D', 7 * DAY],
    ['P1W', 7 * DAY],
    ['PT72H', 3 * DAY],
    ['P1DT2H3M4S', DAY + 7_384_000],
    ['PT90M', 5_400_000],
    ['P', null],
    ['PT', null],
    ['P1DT', null],
    ['P1M', null],
    ['P1Y', null],
    ['7D', null],
    ['P-1D', null],
    ['P1.5D', null],
    ['', null],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  it('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000_000 }),
        (s) => parseDuration(formatDuration(s * 1_000)) === s * 1_000,
      ),
    )
  })
})
