import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AccountWorld } from './account-world.fixture.js'
import { applyApproval, applyReversal, applyTime } from './apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = new Date('2026-11-01T00:00:00Z')
const after = (ms: number): Date => new Date(START.getTime() + ms)
const reasons = { zh: '误判', en: 'mistaken' }

function verdict(
  messageId: string,
  severity: 1 | 2 | 3 | 4,
  at: Date,
  more: Partial<VerdictFact> = {},
): VerdictFact {
  return {
    verdictId: `v-${messageId}-${at.getTime()}`,
    messageId,
    outcome: 'act',
    mode: 'live',
    categories: [
      {
        category: 'fraud',
        clause: `c.${severity}`,
        score: 0.9,
        outcome: more.outcome ?? 'act',
        severity,
        signals: [],
      },
    ],
    policyVersion: '1',
    receivedAt: at,
    sentAt: at,
    language: null,
    account: { followers: 10 },
    ...more,
  }
}

function judged(batches: VerdictFact[][], now: Date, world = new AccountWorld()): AccountWorld {
  for (const batch of batches) {
    const fresh = batch.filter(({ verdictId }, i) => {
      return !world.entries.has(verdictId) && batch.findIndex((v) => v.verdictId === verdictId) === i
    })
    if (fresh.length > 0) world.apply(applyVerdicts(world.facts, fresh, world.context(now)))
  }
  return world
}

/** What must not depend on the order in which facts came. */
function end(world: AccountWorld): unknown {
  return {
    level: world.state!.level,
    points: world.state!.points,
    status: world.state!.status,
    strikes: [...world.strikes.values()]
      .map(({ strikeId, at, points, severity, clause, expiresAt, reversedAt }) => ({
        strikeId,
        at,
        points,
        severity,
        clause,
        expiresAt,
        reversedAt,
      }))
      .sort((a, b) => (a.strikeId < b.strikeId ? -1 : 1)),
    entries: [...world.entries.keys()].sort(),
    removed: [...world.messages.values()]
      .filter((message) => message.removedBy)
      .map((message) => message.messageId)
      .sort(),
  }
}

const severities = fc.constantFrom<1 | 2 | 3 | 4>(1, 2, 3, 4)
const someVerdicts = fc
  .uniqueArray(
    fc.record({
      message: fc.integer({ min: 0, max: 9 }),
      minutes: fc.integer({ min: 0, max: 200 * 24 * 60 }),
      severity: severities,
      outcome: fc.constantFrom<'act' | 'review'>('act', 'act', 'review'),
    }),
    { minLength: 1, maxLength: 12, selector: (v) => v.message },
  )
  .map((list) =>
    list.map((v) => verdict(`m${v.message}`, v.severity, after(v.minutes * 60_000), { outcome: v.outcome })),
  )
const END = after(200 * DAY)

function splits<T>(list: readonly T[], cuts: readonly boolean[]): T[][] {
  const parts: T[][] = [[]]
  list.forEach((item, i) => {
    if (i > 0 && cuts[i % cuts.length]) parts.push([])
    parts.at(-1)!.push(item)
  })
  return parts
}

describe('verdicts on an account', () => {
  it('end the same in any order, in any batches, with any repeats', () => {
    fc.assert(
      fc.property(
        someVerdicts.chain((list) =>
          fc.record({
            list: fc.constant(list),
            shuffled: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
            repeats: fc.subarray(list),
            cuts: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
          }),
        ),
        fc.integer({ min: 0, max: 120 }),
        ({ list, shuffled, repeats, cuts }, days) => {
          const now = new Date(END.getTime() + days * DAY)
          const inOrder = judged(
            [[...list].sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())],
            now,
          )
          const other = judged(splits([...shuffled, ...repeats], cuts), now)
          expect(end(other)).toEqual(end(inOrder))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('end the same when they come as they happen or all at the end', () => {
    fc.assert(
      fc.property(someVerdicts, fc.integer({ min: 0, max: 120 }), (list, days) => {
        const now = new Date(END.getTime() + days * DAY)
        const ordered = [...list].sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())
        const live = new AccountWorld()
        for (const one of ordered) {
          live.apply(applyVerdicts(live.facts, [one], live.context(one.receivedAt)))
        }
        live.apply(applyTime(live.facts, live.context(now)))
        const late = judged([ordered], now)
        expect(end(live)).toEqual(end(late))
      }),
      { numRuns: 300 },
    )
  })

  it('never ban, and hold a suspension of an account of reach or of unknown reach', () => {
    fc.assert(
      fc.property(
        fc.array(severities, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(undefined, 100_000, 5_000_000),
        (list, followers) => {
          const world = judged(
            list.map((severity, i) => [
              verdict(`m${i}`, severity, after(i * 1_000), {
                account: followers === undefined ? null : { followers },
              }),
            ]),
            after(HOUR),
          )
          const kinds = new Set(world.directives.map((directive) => directive.kind))
          expect(kinds).not.toContain('ban_account')
          expect(kinds).not.toContain('suspend_account')
          expect(world.directives.filter((d) => d.kind === 'remove_message')).toHaveLength(list.length)
          if (world.state!.points >= 8) {
            expect([...world.decisions.values()].some((decision) => decision.state === 'held')).toBe(true)
            expect(world.state!.openCase?.why).toContain('held')
          }
        },
      ),
    )
  })

  it('give one message one strike, whatever its revisions, and remove it once', () => {
    const world = judged(
      [
        [verdict('m1', 1, after(0))],
        [verdict('m1', 3, after(HOUR))],
        [verdict('m1', 4, after(2 * HOUR), { outcome: 'review' })],
      ],
      after(3 * HOUR),
    )
    expect(world.strikes.size).toBe(1)
    expect(world.state).toMatchObject({ points: 1, level: 1, status: 'warned' })
    expect(world.directives.map((d) => d.kind)).toEqual(['remove_message', 'warn_account'])
    expect(world.entries.size).toBe(3)
  })

  it('take the facts of a strike from the earliest revision, in whatever order they come', () => {
    const early = verdict('m1', 1, after(0))
    const late = verdict('m1', 4, after(HOUR))
    const forward = judged([[early], [late]], after(2 * HOUR))
    const backward = judged([[late], [early]], after(2 * HOUR))
    expect(end(backward)).toEqual(end(forward))
    expect(backward.directives.map((d) => d.kind)).toContain('lift_restriction')
  })

  it('give no strike for a sweep or for an old message, but remove it', () => {
    const world = judged(
      [
        [verdict('m1', 4, after(0), { mode: 'sweep:c1' })],
        [verdict('m2', 4, after(0), { sentAt: after(-31 * DAY) })],
      ],
      after(HOUR),
    )
    expect(world.strikes.size).toBe(0)
    expect(world.state).toMatchObject({ level: 0, status: 'active' })
    expect(world.directives.map((d) => d.kind)).toEqual(['remove_message', 'remove_message'])
  })

  it('give no strike without a decision that names it, also where the message was gone already', () => {
    for (const together of [true, false]) {
      const sweep = verdict('m1', 1, after(0), { mode: 'sweep:c1' })
      const live = verdict('m1', 2, after(HOUR))
      const world = judged(together ? [[sweep, live]] : [[sweep], [live]], after(2 * HOUR))
      const [strike] = world.strikes.keys()
      const removals = [...world.decisions.values()].filter(({ measure }) => measure === 'remove')
      expect(removals.map(({ strikeIds }) => strikeIds)).toEqual([[], [strike]])
      expect(world.directives.filter(({ kind }) => kind === 'remove_message')).toHaveLength(1)
      const [removal] = world.directives
      for (const [i, { decisionId }] of removals.entries()) {
        const context = world.context(after((3 + i) * HOUR), 'senior')
        const shared = new Set(i === 0 ? [removal!.directiveId] : [])
        const step = { by: 'senior', at: context.now, reasons }
        world.apply(applyReversal({ ...world.facts, shared }, decisionId, step, context))
        expect([world.state!.points, world.messages.get('m1')!.removedBy === null]).toEqual(
          i === 0 ? [2, false] : [0, true],
        )
      }
      expect(world.state!.status).toBe('active')
    }
  })

  it('keep the decided out of the queue, and put what needs a person into one open case', () => {
    const acts = judged([[verdict('m1', 1, after(0))], [verdict('m2', 1, after(1))]], after(HOUR))
    expect(acts.state!.openCase).toBeNull()
    expect(new Set(acts.entries.values()).size).toBe(1)
    const reviews = judged(
      [
        [verdict('m1', 1, after(0), { outcome: 'review' })],
        [verdict('m2', 1, after(1), { outcome: 'review' })],
      ],
      after(HOUR),
    )
    expect(reviews.state!.openCase).toMatchObject({ why: ['review'] })
    expect(new Set(reviews.entries.values()).size).toBe(1)
    expect(reviews.directives).toEqual([])
  })

  it('propose a ban at level 4, in an open case', () => {
    const world = judged([[verdict('m1', 4, after(0)), verdict('m2', 4, after(1))]], after(HOUR))
    expect(world.state).toMatchObject({ level: 4, status: 'suspended', openCase: { why: ['ban'] } })
    expect(world.cases.at(-1)).toMatchObject({ opens: true, state: 'open', proposal: 'ban' })
    expect(new Set(world.entries.values())).toEqual(new Set([world.state!.openCase!.caseId]))
  })

  it('order nothing on a platform that is only observed', () => {
    const world = judged(
      [[verdict('m1', 4, after(0))], [verdict('m2', 4, after(1))]],
      after(HOUR),
      new AccountWorld('observe'),
    )
    expect(world.directives).toEqual([])
    expect(world.notices).toEqual([])
    expect(world.strikes.size).toBe(0)
    expect([...world.decisions.values()].every((decision) => !decision.ordered)).toBe(true)
    expect(world.decisions.size).toBe(2)
  })
})

describe('a reversal', () => {
  it('undoes everything that the decision did, and imposes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(severities, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        fc.array(fc.nat(), { maxLength: 3 }),
        (list, which, others) => {
          const world = judged(
            list.map((severity, i) => [verdict(`m${i}`, severity, after(i * 1_000))]),
            after(HOUR),
          )
          const removals = [...world.decisions.values()].filter((decision) => decision.measure === 'remove')
          const chosen = new Set([which, ...others].map((n) => n % removals.length))
          const before = world.directives.length
          let hours = 2
          for (const n of chosen) {
            const context = world.context(after(hours++ * HOUR), 'senior')
            const reversal = { by: 'senior', at: context.now, reasons }
            world.apply(applyReversal(world.facts, removals[n]!.decisionId, reversal, context))
          }
          const rest = list.filter((_, i) => !chosen.has(i)).reduce((sum, s) => sum + [0, 1, 2, 4, 8][s]!, 0)
          expect(world.state!.points).toBe(rest)
          const after1 = world.directives.slice(before)
          expect(after1.every((d) => ['restore_message', 'lift_restriction'].includes(d.kind))).toBe(true)
          expect(after1.filter((d) => d.kind === 'restore_message')).toHaveLength(chosen.size)
          if (rest === 0) {
            expect(world.state).toMatchObject({ level: 0, status: 'active' })
            const undone = new Set(world.directives.map((d) => d.reverses))
            const standing = world.directives.filter((d) => !d.reverses && !undone.has(d.directiveId))
            expect(standing).toEqual([])
          }
          const settled = world.directives.length
          world.apply(applyTime(world.facts, world.context(after(hours * HOUR))))
          expect(world.directives.length).toBe(settled)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('stands in the way of another strike for the message, though not of its removal', () => {
    const world = judged([[verdict('m1', 3, after(0))]], after(HOUR))
    const [decision] = [...world.decisions.values()]
    const context = world.context(after(2 * HOUR), 'senior')
    world.apply(
      applyReversal(world.facts, decision!.decisionId, { by: 'senior', at: context.now, reasons }, context),
    )
    judged([[verdict('m1', 4, after(3 * HOUR))]], after(4 * HOUR), world)
    expect(world.state).toMatchObject({ points: 0, level: 0, status: 'active' })
    expect(world.strikes.size).toBe(1)
    expect(world.directives.map((d) => d.kind)).toEqual([
      'remove_message',
      'limit_account',
      'restore_message',
      'lift_restriction',
      'remove_message',
    ])
    expect(new Set(world.directives.map((d) => d.directiveId)).size).toBe(5)
  })
})

describe('time', () => {
  it('lifts what is over once, and lets strikes expire', () => {
    const world = judged([[verdict('m1', 3, after(0))]], after(HOUR))
    expect(world.state!.nextDueAt).toEqual(after(7 * DAY))
    world.apply(applyTime(world.facts, world.context(after(7 * DAY))))
    world.apply(applyTime(world.facts, world.context(after(7 * DAY + HOUR))))
    expect(world.directives.map((d) => d.kind)).toEqual([
      'remove_message',
      'limit_account',
      'lift_restriction',
    ])
    expect(world.state).toMatchObject({ status: 'warned', level: 2, nextDueAt: after(90 * DAY) })
    world.apply(applyTime(world.facts, world.context(after(90 * DAY))))
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0, nextDueAt: null })
    expect(world.events.filter((event) => event.kind === 'strike.expired')).toHaveLength(1)
    expect(world.directives).toHaveLength(3)
  })

  it('lets a held suspension lapse after 72 hours, and an approved one run its full time', () => {
    const big = { account: { followers: 1_000_000 } }
    const lapsing = judged([[verdict('m1', 4, after(0), big)]], after(0))
    lapsing.apply(applyTime(lapsing.facts, lapsing.context(after(3 * DAY))))
    expect(lapsing.state).toMatchObject({ status: 'warned', level: 3 })
    expect([...lapsing.decisions.values()].map((d) => d.state).sort()).toEqual(['in_force', 'lapsed'])

    const approved = judged([[verdict('m1', 4, after(0), big)]], after(0))
    const held = [...approved.decisions.values()].find((d) => d.state === 'held')!
    const context = approved.context(after(2 * DAY), 'senior')
    approved.apply(
      applyApproval(approved.facts, held.decisionId, { by: 'senior', at: context.now, reasons }, context),
    )
    expect(approved.state).toMatchObject({ status: 'suspended', openCase: null })
    expect(approved.directives.at(-1)).toMatchObject({
      kind: 'suspend_account',
      until: after(9 * DAY).toISOString(),
    })
    expect(approved.state!.nextDueAt).toEqual(after(9 * DAY))
  })
})
