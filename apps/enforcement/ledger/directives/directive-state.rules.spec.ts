import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isOverdue,
  nextDeadline,
  standingOf,
  STOPPING,
  type ClockAnswer,
  type KeptReceipt,
} from './directive-state.rules.js'

const HOUR = 3_600_000
const t = (hours: number): Date => new Date(Date.UTC(2026, 10, 1) + hours * HOUR)
const terms = { acknowledgeBy: t(1), dueAt: t(24), reversedAt: null }
const statuses = ['acknowledged', 'done', ...STOPPING] as const

function receipt(status: KeptReceipt['status'], hours: number): KeptReceipt {
  const at = t(hours)
  return { receiptId: `${status}${hours}`, status, at, receivedAt: at, note: null, ownerNotifiedAt: null }
}
const receipts = fc.array(
  fc.tuple(fc.constantFrom(...statuses), fc.integer({ min: 0, max: 100 })).map(([s, h]) => receipt(s, h)),
  { maxLength: 6 },
)
const answers = fc.array(
  fc
    .tuple(fc.constantFrom(...STOPPING), fc.integer({ min: 0, max: 100 }))
    .map(([to, h]): ClockAnswer => ({ to, at: t(h), by: 'op', text: '' })),
  { maxLength: 4 },
)

describe('a directive', () => {
  it('stands where the set of receipts and answers says, in any order and with repeats', () => {
    fc.assert(
      fc.property(
        receipts.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length, maxLength: 2 * all.length }),
          ),
        ),
        answers,
        ([all, shuffled], given) => {
          expect(standingOf(terms, shuffled, [...given].reverse())).toEqual(standingOf(terms, all, given))
        },
      ),
    )
  })

  it('is done as soon as one receipt says so, and then never overdue', () => {
    fc.assert(
      fc.property(receipts, answers, fc.integer({ min: 0, max: 1_000 }), (all, given, hours) => {
        const standing = standingOf(terms, [...all, receipt('done', 99)], given)
        expect(standing.state).toBe('done')
        expect(isOverdue(standing, t(hours))).toBe(false)
      }),
    )
  })

  it('has its deadline moved by exactly the hours in which at least one stop was open', () => {
    fc.assert(
      fc.property(receipts, answers, (all, given) => {
        const standing = standingOf(terms, all, given)
        let hours = 0
        for (let hour = 0; hour < 101; hour++) {
          const still = STOPPING.some((by) => {
            const from = Math.min(...all.filter((r) => r.status === by).map((r) => r.receivedAt.getTime()))
            const until = Math.min(...given.filter((a) => a.to === by).map((a) => a.at.getTime()))
            return Number.isFinite(until) && from <= t(hour).getTime() && t(hour).getTime() < until
          })
          if (still) hours++
        }
        expect(standing.dueAt).toEqual(t(24 + hours))
      }),
    )
  })

  it('pauses for each stopping answer once, and runs on after the operator’s answer', () => {
    const disputed = receipt('disputed', 2)
    const answer: ClockAnswer = { to: 'disputed', at: t(5), by: 'op', text: 'carry it out' }
    expect(standingOf(terms, [disputed], []).state).toBe('paused')
    const after = standingOf(terms, [disputed, receipt('disputed', 7)], [answer])
    expect(after).toMatchObject({ state: 'acknowledged', dueAt: t(27), stoppedBy: null })
    expect(standingOf(terms, [disputed, receipt('impossible', 8)], [answer])).toMatchObject({
      state: 'paused',
      stoppedBy: 'impossible',
    })
  })

  it('is overdue when not acknowledged, then when not done; the mark follows the clock', () => {
    const fresh = standingOf(terms, [], [])
    expect(isOverdue(fresh, t(1))).toBe(false)
    expect(isOverdue(fresh, t(1.1))).toBe(true)
    const acknowledged = standingOf(terms, [receipt('acknowledged', 3)], [])
    expect(isOverdue(acknowledged, t(23))).toBe(false)
    expect(isOverdue(acknowledged, t(25))).toBe(true)
    expect(nextDeadline(fresh, t(0))).toEqual(t(1))
    expect(nextDeadline(acknowledged, t(3))).toEqual(t(24))
    expect(nextDeadline(acknowledged, t(25))).toBeNull()
    expect(standingOf({ ...terms, reversedAt: t(2) }, [], []).state).toBe('withdrawn')
  })
})
