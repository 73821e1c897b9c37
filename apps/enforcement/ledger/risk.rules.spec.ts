import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Severity } from '#libs/policy/policy-document'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { AccountWorld } from './account-world.fixture.js'
import { applyReversal } from './apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'
import {
  joinRisks,
  NO_RISK,
  type Risk,
  RISK_HALF_LIFE,
  riskScore,
  riskView,
  signOf,
  withoutRisk,
} from './risk.rules.js'

const DAY = 86_400_000
const START = Date.UTC(2026, 9, 1)
const RUNS = { numRuns: propertyRuns() }

const instant = fc.nat(60 * 24).map((hours) => new Date(START + hours * 3_600_000))
const severity = fc.constantFrom<Severity[]>(1, 2, 3, 4)
const score = fc.double({ min: 0, max: 1, noNaN: true })
const sign = fc
  .tuple(instant, fc.constantFrom('review' as const, 'act' as const), severity, score)
  .map(([at, outcome, grave, sure]) => signOf(at, outcome, [{ outcome, severity: grave, score: sure }]))
const signs = fc.array(sign, { minLength: 1, maxLength: 12 })

/** Written down anew: probabilities, not their logarithms; each sign faded by itself. */
function oracle(all: readonly Risk[], now: Date): number {
  const wrong = all.map(({ sum, at }) => {
    const probability = 1 - Math.exp(-sum)
    return (1 - probability) ** (0.5 ** ((now.getTime() - at.getTime()) / RISK_HALF_LIFE))
  })
  return 1 - wrong.reduce((product, each) => product * each, 1)
}
const join = (all: readonly Risk[]): Risk => all.reduce<Risk>(joinRisks, NO_RISK)
const late = new Date(START + 61 * DAY)

describe('the risk of an account', () => {
  it('is that at least one of its signs is right, each fading by itself, in whatever order they come', () => {
    const shuffled = signs.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.nat(all.length)),
    )
    fc.assert(
      fc.property(shuffled, ([all, other, cut]) => {
        const wanted = oracle(all, late)
        expect(riskScore(join(all), late)).toBeCloseTo(wanted, 9)
        expect(riskScore(join(other), late)).toBeCloseTo(wanted, 9)
        const parted = joinRisks(join(other.slice(0, cut)), join(other.slice(cut)))
        expect(riskScore(parted, late)).toBeCloseTo(wanted, 9)
        expect([join(other).at, join(other).signals]).toEqual([join(all).at, all.length])
      }),
      RUNS,
    )
  })

  it('is what it would be without the signs that are taken back', () => {
    fc.assert(
      fc.property(signs, fc.array(sign, { maxLength: 6 }), (some, others) => {
        const left = withoutRisk(join([...some, ...others]), join(some))
        expect(left.signals).toBe(others.length)
        expect(riskScore(left, late)).toBeCloseTo(oracle(others, late), 9)
        if (others.length === 0) expect(left.sum).toBe(0)
      }),
      RUNS,
    )
  })

  it('lies between 0 and 1, grows with every sign and fades by half of its evidence in a half-life', () => {
    fc.assert(
      fc.property(signs, sign, (all, one) => {
        const [before, after] = [riskScore(join(all), late), riskScore(join([...all, one]), late)]
        expect(before).toBeGreaterThanOrEqual(0)
        expect(after).toBeLessThanOrEqual(1)
        expect(after).toBeGreaterThanOrEqual(before - 1e-12)
        const risk = join(all)
        const halved = riskScore(risk, new Date(risk.at.getTime() + RISK_HALF_LIFE))
        expect((1 - halved) ** 2).toBeCloseTo(1 - riskScore(risk, risk.at), 9)
        expect(riskScore(risk, new Date(0))).toBe(riskScore(risk, risk.at))
      }),
      RUNS,
    )
  })

  it('is shown the same while nothing happens, by the hour, and never as of before its latest sign', () => {
    const risk = signOf(new Date(START + 30 * 60_000), 'act', [{ outcome: 'act', severity: 2, score: 1 }])
    const shown = (minutes: number) => riskView(risk, new Date(START + minutes * 60_000))
    expect(shown(31)).toEqual({ score: riskScore(risk, risk.at), at: risk.at, signals: 1 })
    expect(shown(59)).toEqual(shown(31))
    expect(shown(60).at).toEqual(new Date(START + 3_600_000))
    expect(shown(119)).toEqual(shown(60))
    expect(shown(120).score).toBeLessThan(shown(119).score)
  })

  it('is raised by rare hits over many messages, though each is weak', () => {
    const weak = (day: number) =>
      signOf(new Date(START + day * DAY), 'review', [{ outcome: 'review', severity: 1, score: 0.6 }])
    const many = join(Array.from({ length: 60 }, (_, i) => weak(i % 14)))
    const one = signOf(new Date(START), 'act', [{ outcome: 'act', severity: 2, score: 0.95 }])
    expect(riskScore(weak(0), new Date(START))).toBeLessThan(0.05)
    expect(riskScore(many, new Date(START + 14 * DAY))).toBeGreaterThan(riskScore(one, new Date(START)))
  })
})

// ---- kept on the account ----

interface Seen {
  message: number
  outcome: 'review' | 'act'
  grave: Severity
  sure: number
  hours: number
  sweep: boolean
  old: boolean
}
const seen: fc.Arbitrary<Seen> = fc.record({
  message: fc.nat(4),
  outcome: fc.constantFrom('review', 'act', 'act'),
  grave: severity,
  sure: score,
  hours: fc.nat(24 * 20),
  sweep: fc.constantFrom(false, false, false, true),
  old: fc.constantFrom(false, false, false, true),
})

function factOf(one: Seen, i: number): VerdictFact {
  const receivedAt = new Date(START + one.hours * 3_600_000)
  const found = { category: 'fraud', clause: `c.${one.grave}`, severity: one.grave, score: one.sure }
  return {
    verdictId: `v${i}`,
    messageId: `m${one.message}`,
    outcome: one.outcome,
    mode: one.sweep ? 'sweep:c1' : 'live',
    categories: [{ ...found, outcome: one.outcome, signals: [] }],
    policyVersion: '1',
    receivedAt,
    sentAt: new Date(receivedAt.getTime() - (one.old ? 40 : 0) * DAY),
    language: null,
    account: { followers: 10 },
  }
}

describe('the risk that an account carries', () => {
  const NOW = new Date(START + 30 * DAY)
  const taken = fc
    .array(seen, { minLength: 1, maxLength: 8 })
    .chain((all) =>
      fc.tuple(
        fc.constant(all.map(factOf)),
        fc.shuffledSubarray(all.map(factOf), { minLength: all.length }),
        fc.array(fc.nat(all.length), { maxLength: 3 }),
        fc.nat(4),
      ),
    )

  /** Takes the verdicts in parts, and reverses what removed a message, before or after the last part. */
  function world(
    facts: readonly VerdictFact[],
    cuts: readonly number[],
    undo: string,
    before: boolean,
  ): AccountWorld {
    const account = new AccountWorld()
    const bounds = [0, ...[...cuts].sort((a, b) => a - b), facts.length]
    const parts = bounds.slice(1).map((to, i) => facts.slice(bounds[i], to))
    const reverse = (): void => {
      const removal = [...account.decisions.values()].find(
        ({ strikeIds, state }) =>
          state === 'in_force' && strikeIds.some((id) => account.strikes.get(id)?.messageId === undo),
      )
      if (!removal) return
      const step = { by: 'sen', at: NOW, reasons: { zh: '', en: '' } }
      account.apply(applyReversal(account.facts, removal.decisionId, step, account.context(NOW, 'sen')))
    }
    parts.forEach((part, i) => {
      if (before && i === parts.length - 1) reverse()
      if (part.length > 0) account.apply(applyVerdicts(account.facts, part, account.context(NOW)))
    })
    reverse()
    return account
  }

  it('is that of its verdicts, but for those whose strike was reversed; order and parts do not matter', () => {
    fc.assert(
      fc.property(taken, fc.boolean(), ([facts, other, cuts, undone], before) => {
        const undo = `m${undone}`
        const earns = (one: VerdictFact): boolean =>
          one.outcome === 'act' &&
          one.mode === 'live' &&
          one.receivedAt.getTime() - one.sentAt.getTime() < DAY
        const left = facts.filter((one) => one.messageId !== undo || !earns(one))
        const signOfFact = ({ receivedAt, outcome, categories }: VerdictFact): Risk =>
          signOf(receivedAt, outcome, [
            { outcome, score: categories[0]!.score, severity: categories[0]!.severity as Severity },
          ])
        const wanted = oracle(left.map(signOfFact), NOW)
        for (const order of [facts, other]) {
          const { risk } = world(order, cuts, undo, before).state!
          expect(riskScore(risk, NOW)).toBeCloseTo(wanted, 9)
          expect(risk.signals).toBe(left.length)
        }
      }),
      RUNS,
    )
  })

  it('leads to no measure, however high it is', () => {
    const account = new AccountWorld()
    const facts = Array.from({ length: 100 }, (_, i) =>
      factOf({ message: i, outcome: 'review', grave: 4, sure: 1, hours: i, sweep: false, old: false }, i),
    )
    account.apply(applyVerdicts(account.facts, facts, account.context(NOW)))
    expect(riskScore(account.state!.risk, NOW)).toBeGreaterThan(0.999)
    expect([account.directives, account.strikes.size, account.state!.level]).toEqual([[], 0, 0])
  })
})
