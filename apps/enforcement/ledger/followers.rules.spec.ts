import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { highestFollowers, withFollowers } from './followers.rules.js'

const DAY = 86_400_000
const NOW = new Date('2026-11-24T12:00:00Z')
const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY)

describe('the reach of an account', () => {
  it('is the highest count of 30 days, in whatever order and however often counts come', () => {
    const counts = fc.array(fc.record({ followers: fc.nat(), days: fc.integer({ min: 0, max: 60 }) }), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(
        counts.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length, maxLength: 2 * all.length }),
          ),
        ),
        ([all, shuffled]) => {
          let byDay = {}
          for (const { followers, days } of shuffled) byDay = withFollowers(byDay, followers, ago(days), NOW)
          const recent = all.filter(({ days }) => days <= 30).map(({ followers }) => followers)
          expect(highestFollowers([byDay], NOW)).toBe(recent.length > 0 ? Math.max(...recent) : null)
          expect(Object.keys(byDay).length).toBeLessThanOrEqual(31)
        },
      ),
    )
  })

  it('is that of any of the tables', () => {
    expect(
      highestFollowers([{ '2026-11-01': 7 }, { '2026-11-02': 9, '2026-01-01': 50 }], new Date('2026-11-20')),
    ).toBe(9)
  })

  it('is unknown where no count was ever given, and where all are old', () => {
    expect(highestFollowers([withFollowers({}, null, NOW, NOW), {}], NOW)).toBeNull()
    expect(highestFollowers([withFollowers({}, 5, NOW, NOW)], new Date(NOW.getTime() + 40 * DAY))).toBeNull()
  })
})
