import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Policy, Severity } from '#libs/policy/policy-document'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type AccountChange, type AccountFacts, ArchivedStrikesNeeded } from './account-draft.rules.js'
import { AccountWorld, SPEC_POLICY } from './account-world.fixture.js'
import { applyReversal, applyTime } from './apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.parse('2026-11-01T00:00:00Z')
/** Each is two accounts that live for weeks. */
const RUNS = propertyRuns(500)
const MESSAGES = 24

const withLadder = (minPoints: readonly number[], life: number): Policy => ({
  ...SPEC_POLICY,
  strikes: { ...SPEC_POLICY.strikes, expiresAfter: life * DAY },
  ladder: SPEC_POLICY.ladder
    .slice(0, minPoints.length)
    .map((rung, i) => ({ ...rung, minPoints: minPoints[i]! })),
})
/** Ladders that differ in height and in number of rungs; strikes that last differently. */
const POLICIES = new Map<string, Policy>([
  ['1', SPEC_POLICY],
  ['2', withLadder([1], 90)],
  ['3', withLadder([1, 4, 8, 16], 20)],
  ['4', withLadder([2, 3, 12, 20], 60)],
])

interface Plan {
  /** Which policy is in force from which hour on. */
  eras: { from: number; version: string }[]
  /** In the order in which they become known. */
  verdicts: { at: number; severity: Severity }[]
  /** Verdicts after which a removal is reversed. */
  reversals: { after: number; pick: number }[]
  days: number
}

const plans: fc.Arbitrary<Plan> = fc.record({
  eras: fc.array(fc.record({ from: fc.nat(15 * 24), version: fc.constantFrom('1', '1', '2', '3', '4') }), {
    minLength: 1,
    maxLength: 4,
  }),
  verdicts: fc.array(
    fc.record({ at: fc.nat(15 * 24), severity: fc.constantFrom<Severity[]>(1, 3, 4, 4, 4) }),
    { minLength: 6, maxLength: MESSAGES, size: 'max' },
  ),
  reversals: fc.array(fc.record({ after: fc.nat(MESSAGES), pick: fc.nat() }), { maxLength: 4 }),
  days: fc.nat(100),
})

/** An account whose strikes are archived as early as they may be, or never are. */
class Account {
  readonly world: AccountWorld
  hadArchived = false

  constructor(over: number) {
    this.world = new AccountWorld('enforce', POLICIES, { over, times: 1 })
  }

  take(fact: VerdictFact, now: Date): void {
    this.change(now, [fact.messageId], (facts) => applyVerdicts(facts, [fact], this.world.context(now)))
  }

  /** Reverses one of the decisions that added a strike. */
  reverse(pick: number, now: Date): void {
    const all = [...this.world.decisions.values()].filter(
      ({ state, strikeIds }) => state === 'in_force' && strikeIds.length > 0,
    )
    const decision = all[pick % all.length]
    if (!decision) return
    const step = { by: 'senior', at: now, reasons: { zh: '', en: '' } }
    const messageIds = decision.messages.map(({ messageId }) => messageId)
    this.change(now, messageIds, (facts) =>
      applyReversal(facts, decision.decisionId, step, this.world.context(now, 'senior')),
    )
  }

  /** Lets time pass: the clock rings when it was asked to. */
  wait(until: Date): void {
    for (let due = this.world.state?.nextDueAt; due && due <= until; due = this.world.state?.nextDueAt) {
      const now = due
      this.change(now, [], (facts) => applyTime(facts, this.world.context(now)))
    }
  }

  /** What everybody is told of the account. A step that is earned again may bear another strike's name: orders are told by place. */
  told() {
    const { state, directives } = this.world
    const { level, points, status } = state!
    const places = new Map(directives.map(({ directiveId }, i) => [directiveId, i]))
    const orders = directives.map(
      ({ kind, until, reverses }) => `${kind} ${until} ${reverses && places.get(reverses)}`,
    )
    return { level, points, status, orders }
  }

  /** As in production: from what is read with the account, and from all where that is needed. */
  private change(
    now: Date,
    messageIds: readonly string[],
    make: (facts: AccountFacts) => AccountChange,
  ): void {
    const { facts } = this.world
    const archived = facts.strikes
      .filter((strike) => strike.archived === 'counting')
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
    const lapsed = archived.filter(({ expiresAt }) => expiresAt <= now)
    const read = facts.strikes.filter(
      (strike) => !strike.archived || messageIds.includes(strike.messageId) || lapsed.includes(strike),
    )
    const nextArchivedExpiry = archived[lapsed.length]?.expiresAt ?? null
    try {
      this.world.apply(make({ ...facts, strikes: read, nextArchivedExpiry }))
    } catch (error) {
      if (!(error instanceof ArchivedStrikesNeeded)) throw error
      this.world.apply(make({ ...facts, areAll: true }))
    }
    this.hadArchived ||= archived.length > 0
  }
}

describe('archived strikes', () => {
  it('change nothing, whatever ladders follow each other and in whatever order strikes become known', () => {
    let seen = 0
    fc.assert(
      fc.property(plans, ({ eras, verdicts, reversals, days }) => {
        const inTurn = [...eras].sort((a, b) => a.from - b.from)
        const versionAt = (hour: number) => inTurn.findLast(({ from }) => from <= hour)?.version ?? '1'
        const [archiving, active] = [new Account(0), new Account(Infinity)]
        for (const account of [archiving, active]) {
          verdicts.forEach(({ at, severity }, i) => {
            const now = new Date(START + 15 * DAY + i * MINUTE)
            account.wait(now)
            account.take(factOf(i, at, severity, versionAt(at)), now)
            for (const { after, pick } of reversals) if (after === i) account.reverse(pick, now)
          })
        }
        expect(archiving.told()).toEqual(active.told())
        for (const account of [archiving, active]) account.wait(new Date(START + (16 + days) * DAY))
        expect(archiving.told()).toEqual(active.told())
        if (archiving.hadArchived) seen++
      }),
      { numRuns: RUNS },
    )
    expect(seen).toBeGreaterThan(RUNS / 10)
  }, 600_000)
})

function factOf(i: number, hour: number, severity: Severity, policyVersion: string): VerdictFact {
  const receivedAt = new Date(START + hour * HOUR + i)
  const category = { category: 'fraud', clause: `c.${severity}`, severity, score: 1 }
  return {
    verdictId: `v${i}`,
    messageId: `m${i}`,
    outcome: 'act',
    mode: 'live',
    categories: [{ ...category, outcome: 'act', signals: [] }],
    policyVersion,
    receivedAt,
    sentAt: receivedAt,
    language: null,
    account: { followers: 10 },
  }
}
