import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type Happening, isNeeded } from './evidence-time-oracle.fixture.js'
import {
  appealTextUntil,
  type EvidenceFacts,
  evidenceUntil,
  firstLook,
  nextLook,
  type RestingMeasure,
} from './evidence-time.rules.js'

const RUNS = propertyRuns(1_500, 20_000)
const DAY = 86_400_000
const date = (day: number): Date => new Date(day * DAY)

const day = fc.integer({ min: 0, max: 500 })
const terms = fc.record({ window: fc.integer({ min: 1, max: 250 }), keep: fc.integer({ min: 1, max: 31 }) })

/** Histories in any order: what follows on something comes after it in time, not in the list. */
const histories = fc
  .record({
    filed: fc.integer({ min: 0, max: 50 }),
    moves: fc.array(fc.tuple(day, fc.boolean()), { maxLength: 4 }),
    measures: fc.array(
      fc.record({
        at: day,
        days: fc.integer({ min: 1, max: 250 }),
        told: fc.option(day),
        appeals: fc.array(fc.record({ at: day, closedAfter: fc.option(fc.integer({ min: 0, max: 400 })) }), {
          maxLength: 2,
        }),
      }),
      { maxLength: 3 },
    ),
    tipsters: fc.array(fc.record({ at: day, closedAfter: fc.option(fc.integer({ min: 0, max: 400 })) }), {
      maxLength: 1,
    }),
  })
  .map(({ filed, moves, measures, tipsters }) => {
    const history: Happening[] = [{ what: 'filed', at: filed }]
    const taken = new Set<number>()
    for (const [at, opens] of moves) {
      // One case does one thing at an instant.
      if (taken.has(at)) continue
      taken.add(at)
      history.push({ what: opens ? 'case-opened' : 'case-decided', at })
    }
    let appeal = 0
    const objection = (one: { at: number; closedAfter: number | null }, id: number | null): void => {
      appeal++
      history.push(
        id === null
          ? { what: 'tipster-appealed', appeal, at: one.at }
          : { what: 'appealed', id, appeal, at: one.at },
      )
      if (one.closedAfter !== null)
        history.push({ what: 'appeal-closed', appeal, at: one.at + one.closedAfter })
    }
    measures.forEach((measure, id) => {
      history.push({ what: 'measure', id, at: measure.at, days: measure.days })
      if (measure.told !== null) history.push({ what: 'owner-notified', id, at: measure.told })
      for (const one of measure.appeals) objection(one, id)
    })
    for (const one of tipsters) objection(one, null)
    return history
  })
  .chain((history) => fc.shuffledSubarray(history, { minLength: history.length, maxLength: history.length }))

/** As the stores give them. */
function factsOf(history: readonly Happening[]): EvidenceFacts {
  const filed = history.find(({ what }) => what === 'filed')!.at
  const closedAt = (appeal: number): { closedAt: Date | null } => {
    const closed = history.find((one) => one.what === 'appeal-closed' && one.appeal === appeal)
    return { closedAt: closed ? date(closed.at) : null }
  }
  const moves = history
    .filter(({ what }) => what === 'case-opened' || what === 'case-decided')
    .sort((a, b) => a.at - b.at)
  return {
    addedAt: date(filed),
    undecided: moves.at(-1)?.what === 'case-opened',
    decidedAt: moves.flatMap(({ what, at }) => (what === 'case-decided' && at >= filed ? [date(at)] : [])),
    measures: history.flatMap((one): RestingMeasure[] => {
      if (one.what !== 'measure') return []
      const told = history.find((other) => other.what === 'owner-notified' && other.id === one.id)
      const appeals = history.flatMap((other) =>
        other.what === 'appealed' && other.id === one.id ? [closedAt(other.appeal)] : [],
      )
      return [
        {
          issuedAt: date(one.at),
          appealUntil: date(one.at + one.days),
          ownerNotifiedAt: told ? date(told.at) : null,
          appeals,
        },
      ]
    }),
    otherAppeals: history.flatMap((one) => (one.what === 'tipster-appealed' ? [closedAt(one.appeal)] : [])),
  }
}

describe('the content of evidence', () => {
  it('is erased on the first day on which nobody can need it, whatever happened in whatever order', () => {
    fc.assert(
      fc.property(histories, terms, (history, { window, keep }) => {
        const until = evidenceUntil(factsOf(history), { window: window * DAY, keepAfterAppeal: keep * DAY })
        const oracle = { window, keep }
        if (until === null) {
          expect(isNeeded(history, 5_000, oracle)).toBe(true)
          return
        }
        const over = until.getTime() / DAY
        expect(isNeeded(history, over - 1, oracle)).toBe(true)
        expect(isNeeded(history, over, oracle)).toBe(false)
        expect(isNeeded(history, over + 1, oracle)).toBe(false)
        expect(isNeeded(history, 5_000, oracle)).toBe(false)
      }),
      { numRuns: RUNS },
    )
  })

  it('is never erased while a case or an objection waits, nor before any window is over', () => {
    fc.assert(
      fc.property(histories, terms, (history, { window, keep }) => {
        const facts = factsOf(history)
        const until = evidenceUntil(facts, { window: window * DAY, keepAfterAppeal: keep * DAY })
        const waiting = [...facts.measures.flatMap(({ appeals }) => appeals), ...facts.otherAppeals]
        const mustWait = facts.undecided || waiting.some(({ closedAt }) => closedAt === null)
        expect(until === null).toBe(mustWait)
        for (const { issuedAt, appealUntil, ownerNotifiedAt } of until ? facts.measures : []) {
          const length = appealUntil.getTime() - issuedAt.getTime()
          const from = Math.max(issuedAt.getTime(), ownerNotifiedAt?.getTime() ?? 0)
          expect(until!.getTime()).toBeGreaterThanOrEqual(from + length + keep * DAY)
          expect(until!.getTime()).toBeGreaterThanOrEqual(issuedAt.getTime() + 30 * DAY + keep * DAY)
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('is found when it is over, by looks of which each knows only what has happened', () => {
    fc.assert(
      fc.property(histories, terms, (history, { window, keep }) => {
        const policy = { window: window * DAY, keepAfterAppeal: keep * DAY }
        const { addedAt, ...all } = factsOf(history)
        const known = (now: Date) => history.filter((one) => one.what === 'filed' || date(one.at) <= now)
        const latest = date(Math.max(...history.map(({ at }) => at)))
        let now = firstLook(addedAt)
        for (let looks = 0; looks < 2_000; looks++) {
          const until = evidenceUntil(factsOf(known(now)), policy)
          if (until !== null && until <= now) break
          now = until ?? nextLook(now, policy)
        }
        const until = evidenceUntil({ addedAt, ...all }, policy)
        if (until === null || now < latest) return
        // Unsettled, it was taken to be kept as long as what leads to no measure.
        const latestEnd = Math.max(
          until.getTime(),
          date(window + keep).getTime() + latest.getTime(),
          latest.getTime(),
        )
        expect(now.getTime()).toBeGreaterThanOrEqual(until.getTime())
        expect(now.getTime()).toBeLessThanOrEqual(latestEnd + 31 * DAY)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('the text of an objection', () => {
  it('is kept while it waits, until its window is over and until 31 days after it was answered', () => {
    const policy = { window: 184 * DAY, keepAfterAppeal: 31 * DAY }
    const measure = { issuedAt: date(0), appealUntil: date(184), ownerNotifiedAt: null }
    expect(appealTextUntil(measure, [null], policy)).toBeNull()
    expect(appealTextUntil(measure, [date(10)], policy)).toEqual(date(215))
    expect(appealTextUntil({ ...measure, ownerNotifiedAt: date(20) }, [date(10)], policy)).toEqual(date(235))
    expect(appealTextUntil(measure, [date(300)], policy)).toEqual(date(331))
    expect(appealTextUntil(null, [date(300)], policy)).toEqual(date(331))
  })
})
