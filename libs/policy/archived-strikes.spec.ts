import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { areCovered, strikesToArchive, withSpan, type ArchivedSpan } from './archived-strikes.js'
import { dueSteps, ladderSteps, levelAt, orphanedSteps, stepsInForce, type Strike } from './ladder.js'
import type { Rung } from './policy-document.js'

const RUNGS = [1, 3, 5].map((minPoints, i): Rung => ({
  level: i + 1,
  minPoints,
  measure: i === 0 ? 'warn' : 'limit',
  duration: i === 0 ? null : 10,
  limits: {},
  proposes: null,
}))
const TOP = 5
const ladderAt = () => RUNGS
const never = () => true

const strikeOf = (id: number, at: number, life: number, points: number): Strike => ({
  strikeId: `s${String(id).padStart(3, '0')}`,
  messageId: `m${id}`,
  clause: 'c',
  category: 'c',
  severity: 1,
  points,
  at: new Date(at),
  expiresAt: new Date(at + life),
  reversedAt: null,
})
const strikeLists = fc
  .array(fc.tuple(fc.nat(50), fc.constantFrom(30, 30, 30, 45), fc.integer({ min: 1, max: 3 })), {
    minLength: 10,
    maxLength: 40,
    size: 'max',
  })
  .map((all) => all.map(([at, life, points], i) => strikeOf(i, at, life, points)))
const instants = Array.from({ length: 34 }, (_, i) => new Date(3 * i))

/** All that the ladder says of a set of strikes, for one who acts on it late. */
function saidOf(strikes: readonly Strike[], now: Date) {
  const issued = ladderSteps(
    strikes.filter(({ at }) => at <= now),
    ladderAt,
  ).map((step) => ({ ...step, liftedAt: null }))
  return {
    levels: instants.filter((at) => at >= now).map((at) => levelAt(strikes, ladderAt, at)),
    steps: ladderSteps(strikes, ladderAt),
    due: dueSteps(strikes, [], ladderAt, now),
    orphans: orphanedSteps(strikes, issued, ladderAt).map(({ stepId }) => stepId),
    inForce: stepsInForce(strikes, issued, ladderAt, now).map(({ stepId, until }) => [stepId, until]),
  }
}

describe('archived strikes', () => {
  it('change nothing that the ladder says, also when others are reversed, as long as they are covered', () => {
    let archivedSeen = 0
    let reversedSeen = 0
    fc.assert(
      fc.property(
        strikeLists,
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.nat(100),
        fc.nat(3),
        (all, picks, now, slack) => {
          const archived = new Set(strikesToArchive(all, TOP + slack, never))
          const spans = [...archived].reduce<ArchivedSpan[]>(withSpan, [])
          const active = all.filter((strike) => !archived.has(strike))
          expect(areCovered(spans, active, TOP + slack)).toBe(true)
          archivedSeen += archived.size
          const reversed = new Set(picks.map((pick) => active[pick % active.length]!))
          const after = (strikes: readonly Strike[]) =>
            strikes.map((one) =>
              reversed.has(one) ? { ...one, reversedAt: new Date(Math.max(now, one.at.getTime())) } : one,
            )
          if (!areCovered(spans, after(active), TOP)) return
          if (archived.size > 0) reversedSeen += reversed.size
          expect(saidOf(after(active), new Date(now))).toEqual(saidOf(after(all), new Date(now)))
        },
      ),
      { numRuns: propertyRuns() },
    )
    expect(archivedSeen).toBeGreaterThan(2_000)
    expect(reversedSeen).toBeGreaterThan(200)
  })

  it('are missed where what stands beside them is reversed', () => {
    const all = Array.from({ length: 20 }, (_, i) => strikeOf(i, i, 20, 1))
    const archived = new Set(strikesToArchive(all, TOP, never))
    expect([...archived].map(({ messageId }) => messageId)).toEqual([
      'm5',
      'm6',
      'm7',
      'm8',
      'm9',
      'm10',
      'm11',
      'm12',
      'm13',
      'm14',
    ])
    const spans = [...archived].reduce<ArchivedSpan[]>(withSpan, [])
    expect(spans).toEqual([{ at: new Date(5), strikeId: 's005', until: new Date(34) }])
    const active = all.filter((strike) => !archived.has(strike))
    const one = active.map((strike, i) => (i === 0 ? { ...strike, reversedAt: new Date(50) } : strike))
    expect(areCovered(spans, one, TOP)).toBe(false)
  })

  it('leave few of many active, in whatever order they begin and end', () => {
    const all = Array.from({ length: 20_000 }, (_, i) =>
      strikeOf(i, (i * 7_919) % 20_000, 90_000, 1 + (i % 3)),
    )
    expect(all.length - strikesToArchive(all, 2 * TOP, never).length).toBeLessThan(2 * 2 * TOP + 2)
  })

  it('are none that may not be archived', () => {
    const all = Array.from({ length: 20 }, (_, i) => strikeOf(i, i, 20, 1))
    const odd = strikesToArchive(all, TOP, ({ messageId }) => Number(messageId.slice(1)) % 2 === 1)
    expect(odd.every(({ messageId }) => Number(messageId.slice(1)) % 2 === 1)).toBe(true)
    expect(odd.length).toBeGreaterThan(0)
  })
})
