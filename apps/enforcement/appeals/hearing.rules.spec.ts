import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { appealWindowEnd } from '../ledger/statements/appeal-window.rules.js'
import { APPEAL_STATES, APPEAL_TRANSITIONS, appealStatesBefore, isClosed } from './appeal-transitions.js'
import { partIn } from './may-hear.rules.js'

const DAY = 86_400_000
const people = fc.array(fc.constantFrom('ann', 'ben', 'cho', 'dai', 'system'), { maxLength: 4 })

describe('who hears an appeal', () => {
  it('is nobody who had any part in the case', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ann', 'ben', 'cho', 'dai', 'eva'),
        fc.record({
          deciders: people,
          workers: people,
          noteWriters: people,
          hearers: people,
          reviewers: people,
          goldenKeepers: people,
        }),
        (subject, parts) => {
          const tookPart = Object.values(parts).some((some) => some.some((one) => one === subject))
          expect(partIn(subject, parts) !== null).toBe(tookPart)
        },
      ),
      { numRuns: propertyRuns() },
    )
  })
})

describe('the window of an appeal', () => {
  const issuedAt = new Date('2026-11-01T00:00:00Z')
  const window = (days: number, told: Date | null) =>
    appealWindowEnd({ issuedAt, appealUntil: new Date(issuedAt.getTime() + days * DAY) }, told)

  it('runs from when the owner was told, and never from before the issue', () => {
    expect(window(184, null)).toEqual(new Date(issuedAt.getTime() + 184 * DAY))
    const told = new Date(issuedAt.getTime() + 20 * DAY)
    expect(window(184, told)).toEqual(new Date(told.getTime() + 184 * DAY))
    expect(window(184, new Date(0))).toEqual(window(184, null))
  })

  it('is never shorter than 30 days', () => {
    expect(window(1, null)).toEqual(new Date(issuedAt.getTime() + 30 * DAY))
  })
})

describe('the states of an appeal', () => {
  it('lead to an end from everywhere, and none is decided that nobody claimed', () => {
    for (const state of APPEAL_STATES) {
      const ways = Object.values(APPEAL_TRANSITIONS[state])
      expect(ways.every((to) => APPEAL_STATES.includes(to))).toBe(true)
      // Only new facts lead out of what is decided.
      const onwards = Object.keys(APPEAL_TRANSITIONS[state]).filter((action) => action !== 'reopen')
      expect(isClosed(state)).toBe(onwards.length === 0)
    }
    for (const action of ['uphold', 'grant', 'grant_partly'] as const) {
      expect(appealStatesBefore(action)).toEqual(['claimed'])
    }
    expect(appealStatesBefore('withdraw')).toEqual(['open', 'claimed'])
  })
})
