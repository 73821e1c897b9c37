import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import {
  activePoints,
  dueSteps,
  ladderSteps,
  latest,
  levelAt,
  levelOf,
  orphanedSteps,
  stepIdOf,
  stepsInForce,
  type IssuedStep,
  type Strike,
} from './ladder.js'
import { compareMeasures } from './measures-in-force.js'
import type { Rung } from './policy-document.js'

const DAY = 86_400_000
const RUNS = propertyRuns(1_000)
const day = (n: number): Date => new Date(n * DAY)
const rung = (level: number, minPoints: number, measure: Rung['measure'], days: number | null): Rung => ({
  level,
  minPoints,
  measure,
  duration: days === null ? null : days * DAY,
  limits: {},
  proposes: level === 4 ? 'ban' : null,
})
const rungs = [
  rung(1, 1, 'warn', null),
  rung(2, 4, 'limit', 7),
  rung(3, 8, 'suspend', 7),
  rung(4, 16, 'suspend', 9),
]
const ladder = (): readonly Rung[] => rungs

function strike(
  strikeId: string,
  at: number,
  points: number,
  life = 90,
  reversedAt: number | null = null,
): Strike {
  return {
    strikeId,
    messageId: `m-${strikeId}`,
    clause: 'fraud.general',
    category: 'fraud',
    severity: 1,
    points,
    at: day(at),
    expiresAt: day(at + life),
    reversedAt: reversedAt === null ? null : day(reversedAt),
  }
}

const told = (steps: readonly IssuedStep[]): string[] => steps.map((step) => `${step.strikeId}→${step.level}`)

describe('ladderSteps', () => {
  it('takes one step for each threshold reached, and the highest one in a jump', () => {
    const set = [strike('a', 0, 1), strike('b', 1, 1), strike('c', 2, 2), strike('d', 3, 8)]
    expect(told(ladderSteps(set, ladder))).toEqual(['a→1', 'c→2', 'd→3'])
    expect(told(ladderSteps([strike('a', 0, 16)], ladder))).toEqual(['a→4'])
  })

  it('takes the same step again in a new run, after strikes expired', () => {
    expect(
      told(ladderSteps([strike('a', 0, 1, 5), strike('b', 4, 1, 5), strike('c', 9, 1, 5)], ladder)),
    ).toEqual(['a→1', 'c→1'])
  })

  it('lifts what only reversed strikes had earned and leaves what the others reach by themselves', () => {
    const set = [strike('a', 0, 1, 90, 10), strike('b', 5, 3)]
    expect(ladderSteps(set, ladder).map((s) => [s.strikeId, s.level, s.liftedAt])).toEqual([
      ['a', 1, null],
      ['b', 2, day(10)],
    ])
  })

  it('measures each strike by the ladder in force at its instant', () => {
    const strict = [rung(1, 1, 'warn', null), rung(2, 2, 'limit', 7)]
    const changing = (at: Date): readonly Rung[] => (at < day(5) ? rungs : strict)
    const set = [strike('a', 0, 1), strike('b', 1, 1)]
    expect(told(ladderSteps(set, changing))).toEqual(['a→1'])
    expect(levelAt(set, changing, day(8))).toBe(1)
    expect(told(ladderSteps([...set, strike('c', 6, 1)], changing))).toEqual(['a→1', 'c→2'])
  })
})

describe('dueSteps', () => {
  it('does not warn twice for one run when an earlier strike becomes known late', () => {
    const issued = dueSteps([strike('b', 2, 1)], [], ladder, day(2))
    expect(told(issued)).toEqual(['b→1'])
    expect(dueSteps([strike('b', 2, 1), strike('a', 1, 1)], issued, ladder, day(3))).toEqual([])
  })

  it('warns again where the late strike had expired before', () => {
    const issued = dueSteps([strike('b', 9, 1)], [], ladder, day(9))
    expect(told(dueSteps([strike('b', 9, 1), strike('a', 1, 4, 8)], issued, ladder, day(7)))).toEqual(['a→2'])
  })

  it('issues nothing that is already over', () => {
    expect(told(dueSteps([strike('a', 0, 4)], [], ladder, day(6)))).toEqual(['a→2'])
    expect(dueSteps([strike('a', 0, 4)], [], ladder, day(7))).toEqual([])
  })

  it('issues a lifted step in the name of a strike that became known only later', () => {
    const a = strike('a', 0, 4)
    const [limit] = dueSteps([a], [], ladder, day(0))
    const lifted = { ...limit!, liftedAt: day(5) }
    const set = [{ ...a, reversedAt: day(5) }, strike('b', 4, 4)]
    const due = dueSteps(set, [lifted], ladder, day(5))
    expect(due.map((s) => [s.stepId, s.level, s.until])).toEqual([[stepIdOf('b', 2), 2, day(7)]])
  })

  it('issues a lifted step again under a new id when a late strike earns it after all', () => {
    const [a, b] = [strike('a', 0, 8), strike('b', 1, 8)]
    const issued = dueSteps([b, a], dueSteps([a], [], ladder, day(1)), ladder, day(1))
    expect(told(issued)).toEqual(['b→4'])
    const lifted = { ...issued[0]!, liftedAt: day(2) }
    const set = [{ ...a, reversedAt: day(2) }, b, strike('c', 1.5, 8)]
    expect(dueSteps(set, [lifted], ladder, day(2)).map((s) => s.stepId)).toContain(stepIdOf('b', 4, 1))
  })

  it('leaves waived what people undid while its strike stands, also when a late strike moves the run', () => {
    const [limit] = dueSteps([strike('a', 3, 4)], [], ladder, day(3))
    const issued = [{ ...limit!, liftedAt: day(4), waived: true }]
    expect(dueSteps([strike('a', 3, 4)], issued, ladder, day(5))).toEqual([])
    expect(told(dueSteps([strike('a', 3, 4), strike('z', 2, 1)], issued, ladder, day(5)))).toEqual([])
    expect(orphanedSteps([strike('a', 3, 4, 90, 5)], issued, ladder)).toEqual([])
  })
})

describe('dueSteps among steps that no longer stand', () => {
  it('does not take an issued step for an answer that is to be lifted', () => {
    const b = strike('b', 2, 4)
    const issued = dueSteps([b], [], ladder, day(2))
    const set = [{ ...b, reversedAt: day(3) }, strike('a', 1, 1)]
    expect(told(orphanedSteps(set, issued, ladder))).toEqual(['b→2'])
    expect(told(dueSteps(set, issued, ladder, day(3)))).toEqual(['a→1'])
  })
})

describe('latest', () => {
  it('is now, or the last of however many strikes', () => {
    const set = Array.from({ length: 300_000 }, (_, i) => strike(`s${i}`, (i * 7_919) % 300_000, 1))
    expect(latest(set, day(10))).toEqual(day(299_999))
    expect(latest(set, day(300_000))).toEqual(day(300_000))
    expect(latest([], day(1))).toEqual(day(1))
  })
})

describe('stepsInForce', () => {
  it('ends a measure no later than if the run had been answered at its beginning', () => {
    const issued = dueSteps([strike('b', 2, 4)], [], ladder, day(2))
    const set = [strike('b', 2, 4), strike('a', 0, 4, 1.5), strike('c', 1, 4)]
    expect(stepsInForce([strike('b', 2, 4)], issued, ladder, day(3))[0]!.until).toEqual(day(9))
    expect(stepsInForce(set, issued, ladder, day(3))[0]!.until).toEqual(day(7))
  })
})

/*
 * Properties, against an oracle that shares no code and no method with the ladder: it goes through time day by day and
 * counts. Few days and short lives, so that instants coincide often.
 */

interface Spec {
  at: number
  life: number
  points: number
  reversedAfter: number | null
}
const specs = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 20 }),
    life: fc.integer({ min: 10, max: 25 }),
    points: fc.constantFrom(1, 1, 2, 4, 8),
    reversedAfter: fc.option(fc.integer({ min: 0, max: 15 }), { freq: 2 }),
  }),
  { minLength: 1, maxLength: 8 },
)
const strikesOf = (list: readonly Spec[]): Strike[] =>
  list.map((s, i) =>
    strike(`s${i}`, s.at, s.points, s.life, s.reversedAfter === null ? null : s.at + s.reversedAfter),
  )
const LAST_DAY = 60
const dayOf = (date: Date | null): number => (date ? date.getTime() / DAY : Infinity)
const oracleLevel = (points: number): number =>
  points >= 16 ? 4 : points >= 8 ? 3 : points >= 4 ? 2 : points >= 1 ? 1 : 0
const oracleDays = (level: number): number => [0, Infinity, 7, 7, 9][level]!

interface OracleStep {
  strikeId: string
  level: number
  from: number
  to: number
  lifted: number
  /** The level just before it. */
  before: number
}

function oracle(strikes: readonly Strike[]): { steps: OracleStep[]; levels: number[] } {
  const steps: OracleStep[] = []
  const levels: number[] = []
  const sorted = [...strikes].sort((a, b) => (a.strikeId < b.strikeId ? -1 : 1))
  for (let t = 0; t <= LAST_DAY; t++) {
    let points = 0
    for (const s of sorted) {
      if (dayOf(s.at) < t && t < dayOf(s.expiresAt) && t <= dayOf(s.reversedAt)) points += s.points
    }
    for (const s of sorted) {
      if (dayOf(s.at) !== t || dayOf(s.reversedAt) < t) continue
      const before = oracleLevel(points)
      points += s.points
      const level = oracleLevel(points)
      if (level > before)
        steps.push({
          strikeId: s.strikeId,
          level,
          from: t,
          to: t + oracleDays(level),
          lifted: Infinity,
          before,
        })
    }
    for (const s of sorted)
      if (dayOf(s.reversedAt) === t && dayOf(s.at) <= t && t < dayOf(s.expiresAt)) points -= s.points
    levels.push(oracleLevel(points))
  }
  for (const step of steps) {
    const end =
      step.level === 1 ? dayOf(strikes.find((s) => s.strikeId === step.strikeId)!.expiresAt) : step.to
    for (let r = step.from; r < end && step.lifted === Infinity; r++) {
      if (!strikes.some((s) => dayOf(s.reversedAt) === r)) continue
      let reached = false
      for (let t = step.from; t <= r; t++) {
        let points = 0
        for (const s of strikes) {
          if (dayOf(s.at) <= t && t < dayOf(s.expiresAt) && dayOf(s.reversedAt) > r) points += s.points
        }
        reached ||= oracleLevel(points) >= step.level
      }
      if (!reached) step.lifted = r
    }
  }
  return { steps, levels }
}

/** What the ladder holds on a day, by the oracle: measure and day of its end; a warning goes by the level alone. */
function oracleInForce(strikes: readonly Strike[], now: number): string {
  const timed = oracle(strikes)
    .steps.filter((s) => s.level > 1 && s.lifted === Infinity && now < s.to)
    .map((s) => `${s.level > 2 ? 'suspend' : 'limit'} until ${s.to}`)
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return timed[0] ?? 'nothing'
}

function ladderInForce(strikes: readonly Strike[], issued: readonly IssuedStep[], now: number): string {
  const steps = stepsInForce(strikes, issued, ladder, day(now)).filter((s) => s.measure !== 'warn')
  steps.sort((a, b) => compareMeasures(b.measure, a.measure) || dayOf(b.until) - dayOf(a.until))
  return steps[0] ? `${steps[0].measure} until ${dayOf(steps[0].until)}` : 'nothing'
}

/** Plays strikes and reversals to the ladder in the given order, as enforcement would. */
class Ledger {
  readonly strikes = new Map<string, Strike>()
  readonly issued: IssuedStep[] = []
  now = 0

  learn(strike: Strike): void {
    this.strikes.set(strike.strikeId, strike)
    this.now = Math.max(this.now, dayOf(strike.at), strike.reversedAt ? dayOf(strike.reversedAt) : 0)
    const set = [...this.strikes.values()]
    for (const orphan of orphanedSteps(set, this.issued, ladder)) {
      this.issued[this.issued.indexOf(orphan)] = { ...orphan, liftedAt: day(this.now) }
    }
    const due = dueSteps(set, this.issued, ladder, day(this.now))
    this.issued.push(...due)
    expect(dueSteps(set, this.issued, ladder, day(this.now))).toEqual([])
  }
}

/** Strikes and, later, their reversals, in a random order that keeps each reversal behind its strike. */
const histories = specs.chain((list) => {
  const strikes = strikesOf(list)
  const events = strikes.flatMap((s) => (s.reversedAt ? [{ ...s, reversedAt: null }, s] : [s]))
  return fc.shuffledSubarray(events, { minLength: events.length }).map((order) => {
    const kept = order.filter(
      (e, i) => !(e.reversedAt === null && order.findIndex((o) => o.strikeId === e.strikeId) < i),
    )
    return { strikes, order: kept }
  })
})

describe('the ladder as a function of the set of strikes', () => {
  const check = <T>(arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void): void =>
    fc.assert(fc.property(arbitrary, predicate), { numRuns: RUNS })

  it('agrees with counting day by day', () => {
    check(specs, (list) => {
      const strikes = strikesOf(list)
      const { steps, levels } = oracle(strikes)
      expect(
        ladderSteps(strikes, ladder).map((s) => [
          s.strikeId,
          s.level,
          dayOf(s.at),
          dayOf(s.until),
          dayOf(s.liftedAt),
        ]),
      ).toEqual(steps.map((s) => [s.strikeId, s.level, s.from, s.to, s.lifted]))
      for (let t = 0; t <= LAST_DAY; t++) {
        expect(levelAt(strikes, ladder, day(t))).toBe(levels[t])
        expect(levelOf(activePoints(strikes, day(t)), rungs)).toBe(levels[t])
      }
    })
  })

  it('cares neither for the order of the strikes nor for copies', () => {
    check(
      specs.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray([...strikesOf(list), ...strikesOf(list)], { minLength: list.length * 2 }),
        ),
      ),
      ([list, copies]) => {
        expect(ladderSteps(copies, ladder)).toEqual(ladderSteps(strikesOf(list), ladder))
        expect(activePoints(copies, day(15))).toBe(activePoints(strikesOf(list), day(15)))
      },
    )
  })

  it('ends in the same measures in whatever order strikes and reversals become known', () => {
    check(histories, ({ strikes, order }) => {
      const ledger = new Ledger()
      for (const event of order) ledger.learn(event)
      for (let now = ledger.now; now <= LAST_DAY; now++) {
        expect(ladderInForce(strikes, ledger.issued, now)).toBe(oracleInForce(strikes, now))
      }
    })
  })

  it('skips no threshold: a level that the walk reaches and that stands was answered at that height or above', () => {
    check(histories, ({ strikes, order }) => {
      const ledger = new Ledger()
      for (const event of order) ledger.learn(event)
      const { steps, levels } = oracle(strikes)
      for (const step of steps) {
        const dipped = steps.some((later) => later.from > step.from && later.before < 1)
        const stillInRun = !dipped && levels.slice(step.from, ledger.now + 1).every((level) => level >= 1)
        if (step.lifted < Infinity || step.to <= ledger.now || !stillInRun) continue
        const answers =
          step.level === 1 ? ledger.issued : stepsInForce(strikes, ledger.issued, ladder, day(ledger.now))
        expect(answers.some((issued) => issued.level >= step.level)).toBe(true)
      }
    })
  })

  it('answers no run twice at one level, in the order of the instants', () => {
    check(specs, (list) => {
      const strikes = strikesOf(list.map((s) => ({ ...s, reversedAfter: null })))
      const { levels } = oracle(strikes)
      const steps = ladderSteps(strikes, ladder)
      for (const [i, step] of steps.entries()) {
        const again = steps.slice(i + 1).find((later) => later.level === step.level)
        if (!again) continue
        const from = dayOf(step.at)
        const to = dayOf(again.at)
        const endedThere = strikes.some((s) => dayOf(s.expiresAt) === to)
        expect(endedThere || levels.slice(from, to).some((level) => level < step.level)).toBe(true)
      }
    })
  })

  it('issues each step once, also when all is learned again', () => {
    check(histories, ({ order }) => {
      const ledger = new Ledger()
      for (const event of order) ledger.learn(event)
      for (const event of order) ledger.learn(ledger.strikes.get(event.strikeId)!)
      const ids = ledger.issued.map((step) => step.stepId)
      expect(new Set(ids).size).toBe(ids.length)
    })
  })

  it('gives two steps that are earned again at once ids of their own', () => {
    const ones = ['s1', 's4', 's6', 's5'].map((id) => strike(id, 0, 1, 10))
    const four = strike('s2', 4, 4, 10)
    const reversed = { ...four, reversedAt: day(10) }
    const rest = [strike('s7', 10, 8, 10), strike('s3', 0, 1, 10)]
    const ledger = new Ledger()
    for (const event of [...ones, four, strike('s0', 0, 1, 10), reversed, ...rest]) ledger.learn(event)
    const ids = ledger.issued.map((step) => step.stepId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('never makes matters worse by a reversal', () => {
    check(fc.tuple(histories, fc.nat()), ([{ order }, pick]) => {
      const ledger = new Ledger()
      for (const event of order) ledger.learn(event)
      const standing = [...ledger.strikes.values()].filter((s) => !s.reversedAt)
      if (standing.length === 0) return
      const gravity = (): number =>
        ['nothing', 'limit', 'suspend'].indexOf(
          ladderInForce([...ledger.strikes.values()], ledger.issued, ledger.now).split(' ')[0]!,
        )
      const until = (): number =>
        Number(ladderInForce([...ledger.strikes.values()], ledger.issued, ledger.now).split(' ')[2] ?? 0)
      const [before, end] = [gravity(), until()]
      ledger.learn({ ...standing[pick % standing.length]!, reversedAt: day(ledger.now) })
      expect(gravity()).toBeLessThanOrEqual(before)
      if (gravity() === before) expect(until()).toBeLessThanOrEqual(end)
    })
  })

  it('is left at level 0 with nothing in force when everything is reversed', () => {
    check(histories, ({ order }) => {
      const ledger = new Ledger()
      for (const event of order) ledger.learn(event)
      for (const s of [...ledger.strikes.values()])
        if (!s.reversedAt) ledger.learn({ ...s, reversedAt: day(ledger.now) })
      const set = [...ledger.strikes.values()]
      expect(levelAt(set, ladder, day(ledger.now))).toBe(0)
      expect(stepsInForce(set, ledger.issued, ladder, day(ledger.now))).toEqual([])
    })
  })

  it('falls with time alone: without a new strike level and measures only get lighter', () => {
    check(specs, (list) => {
      const strikes = strikesOf(list)
      const ledger = new Ledger()
      for (const s of strikes) ledger.learn(s)
      let level = levelAt(strikes, ladder, day(ledger.now))
      let holding = stepsInForce(strikes, ledger.issued, ladder, day(ledger.now)).length
      for (let now = ledger.now + 1; now <= LAST_DAY; now++) {
        const next = levelAt(strikes, ladder, day(now))
        const held = stepsInForce(strikes, ledger.issued, ladder, day(now)).length
        expect(next).toBeLessThanOrEqual(level)
        expect(held).toBeLessThanOrEqual(holding)
        level = next
        holding = held
      }
    })
  })
})
