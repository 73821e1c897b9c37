import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { compareMeasures } from '#libs/policy/measures-in-force'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { AccountWorld, SPEC_POLICY } from '../ledger/account-world.fixture.js'
import { applyDecision, applyTime, durationOf } from '../ledger/apply-decision.rules.js'
import { applyVerdicts } from '../ledger/apply-verdicts.rules.js'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import {
  applyGrant,
  applyPause,
  applyReplacement,
  applyResumption,
  replacementIdOf,
} from './apply-appeal.rules.js'
import { replacementProblem } from './replacement.rules.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2026, 10, 1)
const at = (ms: number): Date => new Date(START + ms)
const RUNS = propertyRuns(1_000)

/** One thing that happens to the account, `after` the one before it. Each is about a message of its own. */
interface Happening {
  after: number
  severity: 1 | 2 | 3 | 4
  /** Null: a detector acts. Else a person decides it. */
  measure: Measure | null
}

const happening: fc.Arbitrary<Happening> = fc.record({
  after: fc.oneof(fc.integer({ min: 1, max: 4 * HOUR }), fc.integer({ min: 1, max: 40 * DAY })),
  severity: fc.constantFrom(1, 2, 3, 4),
  measure: fc.option(fc.constantFrom<Measure>('label', 'warn', 'remove', 'limit', 'suspend'), {
    nil: null,
    freq: 2,
  }),
})

function verdict(world: AccountWorld, i: number, severity: number, now: Date, outcome: 'act' | 'review') {
  const category = {
    category: 'fraud',
    clause: `c.${severity}`,
    score: 0.9,
    outcome,
    severity,
    signals: [],
  }
  const fact = {
    verdictId: `v${i}`,
    messageId: `m${i}`,
    outcome,
    mode: 'live',
    categories: [category],
    policyVersion: '1',
    receivedAt: now,
    sentAt: now,
    language: null,
    account: { followers: 10 },
  }
  world.apply(applyVerdicts(world.facts, [fact], world.context(now)))
}

function decide(world: AccountWorld, i: number, { severity, measure }: Happening, now: Date): void {
  const decision = {
    decisionId: `d${i}`,
    caseId: world.state!.openCase!.caseId,
    measure: measure!,
    clause: `c.${severity}`,
    reasons: { zh: '理由', en: 'reasons' },
    messages: [{ messageId: `m${i}`, sentAt: now, receivedUnder: '1' }],
    verdictIds: [`v${i}`],
    detectors: [],
    until: null,
    notBefore: null,
  }
  world.apply(applyDecision(world.facts, decision, world.context(now, 'mod')))
}

/** The clock alone, at each instant at which something is due. */
function pass(world: AccountWorld, until: Date): void {
  for (let due = world.state?.nextDueAt; due && due <= until; due = world.state?.nextDueAt) {
    world.apply(applyTime(world.facts, world.context(due)))
  }
}

/** Lets all of it happen but what is left out. */
function live(happenings: readonly Happening[], leftOut?: number): { world: AccountWorld; now: Date } {
  const world = new AccountWorld()
  let now = at(0)
  happenings.forEach((one, i) => {
    now = new Date(now.getTime() + one.after)
    pass(world, now)
    if (i === leftOut) return
    verdict(world, i, one.severity, now, one.measure ? 'review' : 'act')
    if (one.measure) decide(world, i, one, now)
  })
  return { world, now }
}

/** As the stores find them: other decisions in force that stand on the same directives. */
function shared(world: AccountWorld, ids: readonly string[]): Set<string> {
  const own = new Set(ids.flatMap((id) => world.decisions.get(id)!.directiveIds))
  const others = [...world.decisions.values()].filter(
    ({ decisionId, state }) => state === 'in_force' && !ids.includes(decisionId),
  )
  return new Set(others.flatMap((other) => other.directiveIds.filter((id) => own.has(id))))
}

const hearing = (now: Date) => ({ by: 'senior', at: now, reasons: { zh: '申诉', en: 'appeal' } })

/** What undoes everything about a message: its own decision, and the step of the ladder if that is appealed. */
function undoneBy(world: AccountWorld, decision: DecisionRecord): string[] {
  if (!decision.stepId) return [decision.decisionId]
  const strikeId = [...world.strikes.values()].find(
    ({ messageId }) => messageId === decision.messages[0]!.messageId,
  )!.strikeId
  const causes = [...world.decisions.values()].filter(({ strikeIds }) => strikeIds.includes(strikeId))
  return [decision.decisionId, ...causes.map(({ decisionId }) => decisionId)]
}

function grant(world: AccountWorld, decision: DecisionRecord, now: Date): void {
  const ids = undoneBy(world, decision)
  const context = world.context(now, 'senior')
  const change = applyGrant({ ...world.facts, shared: shared(world, ids) }, ids, hearing(now), context)
  if (change) world.apply(change)
}

/** Directives that no other undoes and whose time is not over. */
function inForce(world: AccountWorld, now: Date) {
  const undone = new Set(world.directives.map(({ reverses }) => reverses))
  return world.directives.filter(
    ({ directiveId, reverses, until }) =>
      !reverses && !undone.has(directiveId) && (!until || Date.parse(until) > now.getTime()),
  )
}

const STATUSES = ['active', 'warned', 'limited', 'suspended', 'banned']
const gravity = (world: AccountWorld): number => STATUSES.indexOf(world.state?.status ?? 'active')

function standing(world: AccountWorld, now: Date) {
  const strikes = [...world.strikes.values()].filter(({ reversedAt }) => !reversedAt)
  return {
    level: world.state?.level ?? 0,
    points: world.state?.points ?? 0,
    strikes: strikes.map(({ strikeId }) => strikeId).sort(),
    onMessages: inForce(world, now)
      .filter(({ kind }) => kind === 'remove_message' || kind === 'label_message')
      .map(({ kind, messageIds }) => `${kind} ${messageIds.join()}`)
      .sort(),
  }
}

/** A warning is done when it is given; whether it stands is a matter of the level, which is compared by itself. */
const ON_ACCOUNT = ['limit_account', 'suspend_account']
const rank = (kind: string): number => ON_ACCOUNT.indexOf(kind)

describe('an appeal that is granted', () => {
  it('leaves the account as if the decision had never been, but for the trace', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 20 * DAY }),
        (happenings, which, whichOfIts, wait) => {
          const leftOut = which % happenings.length
          const { world, now: end } = live(happenings)
          const now = new Date(end.getTime() + wait)
          pass(world, now)
          const about = [...world.decisions.values()].filter(
            ({ messages, state }) =>
              messages[0]!.messageId === `m${leftOut}` && (state === 'in_force' || state === 'expired'),
          )
          // A person's own measure and the ladder's step on its strike are two decisions: the former undoes both.
          const own = about.filter(({ stepId }) => stepId === null || happenings[leftOut]!.measure === null)
          const appealed = own[whichOfIts % own.length]!
          const before = world.decisions.size
          const ordered = world.directives.length
          grant(world, appealed, now)
          expect(world.directives.slice(ordered).every(({ reverses }) => reverses)).toBe(true)

          const oracle = live(happenings, leftOut).world
          pass(oracle, now)
          expect(standing(world, now)).toEqual(standing(oracle, now))
          expect(gravity(world)).toBeLessThanOrEqual(gravity(oracle))
          const bearable = inForce(oracle, now).filter(({ kind }) => ON_ACCOUNT.includes(kind))
          for (const one of inForce(world, now).filter(({ kind }) => ON_ACCOUNT.includes(kind))) {
            const asGrave = bearable.filter(({ kind }) => rank(kind) >= rank(one.kind))
            expect(asGrave.some(({ until }) => !until || (one.until && until >= one.until))).toBe(true)
          }
          expect(world.decisions.size).toBe(before)
          expect(world.decisions.get(appealed.decisionId)).toMatchObject({
            state: 'reversed',
            reversal: { by: 'senior' },
          })
        },
      ),
      { numRuns: RUNS },
    )
  }, 300_000)

  it('is granted once: again changes nothing', () => {
    const { world, now } = live([{ after: HOUR, severity: 4, measure: null }])
    const step = [...world.decisions.values()].find(({ stepId }) => stepId)!
    const ids = undoneBy(world, step)
    grant(world, step, now)
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0 })
    expect(inForce(world, now)).toEqual([])
    expect(applyGrant(world.facts, ids, hearing(now), world.context(now))).toBeNull()
  })
})

describe('an appeal that is granted in part', () => {
  it('never makes matters worse, and counts the time served', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.constantFrom(...MEASURES),
        fc.option(fc.integer({ min: -DAY, max: 12 * DAY }), { nil: null }),
        fc.integer({ min: 0, max: 9 * DAY }),
        (happenings, which, measure, endsIn, wait) => {
          const { world, now: end } = live(happenings)
          const now = new Date(end.getTime() + wait)
          pass(world, now)
          const appealed = [...world.decisions.values()].filter(({ state }) => state === 'in_force')
          fc.pre(appealed.length > 0)
          const decision = appealed[which % appealed.length]!
          const order = { measure, until: endsIn === null ? null : new Date(now.getTime() + endsIn) }
          const problem = replacementProblem(decision, order, world.state!.status, now)
          if (compareMeasures(measure, decision.measure) >= 0) expect(problem).not.toBeNull()
          if (order.until && decision.until && order.until > decision.until) expect(problem).not.toBeNull()
          if (problem) return

          const before = { gravity: gravity(world), standing: standing(world, now) }
          const so = world.directives.length
          const since = decision.inForceSince!
          const given = { ...order, appealId: 'apl_1' }
          const sharing = shared(world, [decision.decisionId])
          const context = world.context(now, 'senior')
          const change = applyReplacement(
            { ...world.facts, shared: sharing },
            [decision.decisionId],
            given,
            hearing(now),
            context,
          )
          world.apply(change!)
          expect(world.decisions.get(decision.decisionId)!.state).toBe('reversed')
          const lesser = world.decisions.get(replacementIdOf('apl_1'))!
          expect(gravity(world)).toBeLessThanOrEqual(before.gravity)
          const after = standing(world, now)
          expect({ ...after, onMessages: [] }).toEqual({ ...before.standing, onMessages: [] })
          const length = durationOf(measure, SPEC_POLICY)
          if (length === null) expect(lesser.until).toBeNull()
          else {
            const own = order.until?.getTime() ?? since.getTime() + length
            expect(lesser.until!.getTime()).toBe(Math.min(own, decision.until?.getTime() ?? Infinity))
          }
          const ordered = world.directives.slice(so).filter(({ reverses }) => !reverses)
          expect(ordered.every(({ decisionId }) => decisionId === lesser.decisionId)).toBe(true)
          if (lesser.state === 'expired') expect(ordered).toEqual([])
          expect(
            applyReplacement(
              { ...world.facts, shared: sharing },
              [decision.decisionId],
              given,
              hearing(now),
              context,
            ),
          ).toBeNull()
          if (lesser.until) {
            pass(world, lesser.until)
            expect(inForce(world, lesser.until).map(({ decisionId }) => decisionId)).not.toContain(
              lesser.decisionId,
            )
          }
        },
      ),
      { numRuns: RUNS },
    )
  }, 300_000)

  it('puts a step’s lesser measure where it falls with the strikes that it rests on', () => {
    const { world, now } = live([{ after: HOUR, severity: 4, measure: null }])
    const step = [...world.decisions.values()].find(({ stepId }) => stepId)!
    const order = { measure: 'limit' as const, until: null, appealId: 'apl_1' }
    const later = new Date(now.getTime() + DAY)
    world.apply(
      applyReplacement(world.facts, [step.decisionId], order, hearing(later), world.context(later))!,
    )
    expect(world.state).toMatchObject({ status: 'limited', level: 3, points: 8 })
    expect(world.directives.slice(-2).map(({ kind }) => kind)).toEqual(['lift_restriction', 'limit_account'])
    expect(world.directives.at(-1)!.until).toBe(new Date(now.getTime() + 7 * DAY).toISOString())
    const removal = [...world.decisions.values()].find(({ measure }) => measure === 'remove')!
    grant(world, removal, new Date(later.getTime() + DAY))
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0 })
    expect(inForce(world, later)).toEqual([])
  })
})

describe('a late appeal', () => {
  const paused = (world: AccountWorld, decisionId: string, appealId: string, now: Date) => {
    const change = applyPause(
      { ...world.facts, shared: shared(world, [decisionId]) },
      [decisionId],
      appealId,
      world.context(now),
    )
    if (change) world.apply(change)
    return change
  }
  const resumed = (world: AccountWorld, decisionId: string, appealId: string, now: Date) => {
    const change = applyResumption(world.facts, [decisionId], appealId, world.context(now, 'senior'))
    if (change) world.apply(change)
    return change
  }

  it('suspends the measure, and gives it back until its own end, never longer', () => {
    fc.assert(
      fc.property(
        fc.array(happening, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.integer({ min: 0, max: 5 * DAY }),
        fc.integer({ min: 1, max: 10 * DAY }),
        (happenings, which, wait, suspendedFor) => {
          const { world, now: end } = live(happenings)
          const now = new Date(end.getTime() + wait)
          pass(world, now)
          const candidates = [...world.decisions.values()].filter(({ state }) => state === 'in_force')
          fc.pre(candidates.length > 0)
          const { decisionId, until, messages } = candidates[which % candidates.length]!
          const others = shared(world, [decisionId])
          const mine = (when: Date) =>
            inForce(world, when)
              .filter(
                (one) =>
                  one.decisionId === decisionId ||
                  (world.decisions.get(decisionId)!.directiveIds.includes(one.directiveId) &&
                    !others.has(one.directiveId)),
              )
              .map(({ kind, until: ends }) => `${kind} ${ends ?? ''}`)
          const before = { standing: standing(world, now), mine: mine(now), gravity: gravity(world) }
          paused(world, decisionId, 'apl_1', now)
          expect(mine(now)).toEqual([])
          expect(gravity(world)).toBeLessThanOrEqual(before.gravity)
          expect(standing(world, now).strikes).toEqual(before.standing.strikes)
          expect(paused(world, decisionId, 'apl_1', now)).toBeNull()

          const later = new Date(now.getTime() + suspendedFor)
          pass(world, later)
          resumed(world, decisionId, 'apl_1', later)
          const isOver = world.decisions.get(decisionId)!.state !== 'in_force'
          expect(mine(later)).toEqual(isOver ? [] : before.mine)
          if (until && until <= later) expect(isOver).toBe(true)
          expect(resumed(world, decisionId, 'apl_1', later)).toBeNull()
          expect(paused(world, decisionId, 'apl_1', later)).toBeNull()
          expect(messages.length).toBe(1)
        },
      ),
      { numRuns: RUNS },
    )
  }, 300_000)

  it('gives back what its step of the ladder had limited, where several limit', () => {
    const [warn, limit, ...graver] = SPEC_POLICY.ladder
    const light = { ...limit!, minPoints: 2, limits: { recommendations: false } }
    const hard = { ...limit!, level: 3, minPoints: 4, limits: { forwarding: false, postsPerDay: 3 } }
    const ladder = [warn!, light, hard, ...graver.slice(1)]
    const world = new AccountWorld('enforce', new Map([['1', { ...SPEC_POLICY, ladder }]]))
    verdict(world, 1, 3, at(0), 'act')
    const ordered = world.directives.find(({ kind }) => kind === 'limit_account')!
    expect(ordered.limits).toEqual(hard.limits)
    paused(world, ordered.decisionId!, 'apl_1', at(HOUR))
    resumed(world, ordered.decisionId!, 'apl_1', at(DAY))
    expect(world.directives.at(-1)).toMatchObject({ kind: 'limit_account', limits: hard.limits })
  })

  it('that has been decided cannot suspend the measure any more, though the news of it comes after', () => {
    const { world, now } = live([{ after: HOUR, severity: 2, measure: 'suspend' }])
    resumed(world, 'd0', 'apl_1', now)
    expect(paused(world, 'd0', 'apl_1', now)).toBeNull()
    expect(world.state!.status).toBe('suspended')
  })

  it('keeps the measure suspended while another waits too', () => {
    const { world, now } = live([{ after: HOUR, severity: 2, measure: 'suspend' }])
    paused(world, 'd0', 'apl_1', now)
    paused(world, 'd0', 'apl_2', now)
    resumed(world, 'd0', 'apl_1', now)
    expect(world.state!.status).not.toBe('suspended')
    resumed(world, 'd0', 'apl_2', now)
    expect(world.state!.status).toBe('suspended')
  })

  it('that is granted leaves nothing to give back', () => {
    const { world, now } = live([{ after: HOUR, severity: 4, measure: null }])
    const step = [...world.decisions.values()].find(({ stepId }) => stepId)!
    paused(world, step.decisionId, 'apl_1', now)
    grant(world, step, now)
    expect(resumed(world, step.decisionId, 'apl_1', now)).not.toBeNull()
    expect(inForce(world, now)).toEqual([])
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0 })
  })
})
