import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RefusedError } from '#libs/runtime/errors'
import type { Policy } from '#libs/policy/policy-document'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { applyReopening } from '../casework/apply-reopening.rules.js'
import { receivedUnder } from './cases/received-under.rules.js'
import { takesDecision } from './cases/takes-decision.rules.js'
import type { AccountChange } from './account-draft.rules.js'
import { AccountWorld, SPEC_POLICY } from './account-world.fixture.js'
import { applyApproval, applyDecision, applyRefusal, applyTime } from './apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.parse('2026-11-01T00:00:00Z')
const RUNS = propertyRuns(1_000)
const reasons = { zh: '理由', en: 'reasons' }

/** Without the steps that wait for people: the ladder is what another oracle is about. */
const TODAY: Policy = {
  ...SPEC_POLICY,
  ladder: SPEC_POLICY.ladder.filter(({ measure }) => measure === 'warn' || measure === 'limit'),
}
/** Before today's: it has no `c.3`, and its points are other ones. */
const { 'c.3': _none, ...FEWER } = TODAY.clauses
const OLD: Policy = {
  ...TODAY,
  clauses: FEWER,
  strikes: { ...TODAY.strikes, points: { 1: 0, 2: 1, 3: 2, 4: 3 } },
}
const POLICIES = new Map([
  ['1', TODAY],
  ['0', OLD],
])
const POINTS: Record<string, Record<string, number>> = {
  '1': { 'c.1': 1, 'c.2': 2, 'c.3': 4 },
  '0': { 'c.1': 0, 'c.2': 1 },
}

type Deed =
  | {
      do: 'verdict'
      message: number
      outcome: 'review' | 'act'
      sweep: boolean
      policy: '0' | '1'
      age: number
    }
  | { do: 'decide'; pick: number; message: number; measure: 'none' | 'remove' | 'suspend'; clause: string }
  | { do: 'approve' | 'refuse' | 'reopen'; pick: number }
  | { do: 'wait'; hours: number }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('verdict' as const),
      message: fc.nat(5),
      outcome: fc.constantFrom('review', 'review', 'review', 'act'),
      sweep: fc.constantFrom(false, false, true),
      policy: fc.constantFrom('0', '1'),
      age: fc.constantFrom(0, 0, 0, 40),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      pick: fc.nat(),
      message: fc.nat(),
      measure: fc.constantFrom('none', 'remove', 'suspend', 'suspend'),
      clause: fc.constantFrom('c.1', 'c.2', 'c.3', 'c.3'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('approve', 'refuse', 'reopen'), pick: fc.nat() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 80 }) }),
  },
)

interface Told {
  id: string
  message: string
  live: boolean
  policy: '0' | '1'
  at: number
  sent: number
}
interface OracleCase {
  state: 'open' | 'held' | 'decided'
  byPerson: boolean
  entries: string[]
  held: string | null
}
interface OracleDecision {
  caseId: string
  message: string
  clause: string
  measure: string
  lapses: number
  state: 'held' | 'in_force' | 'ended'
  /** What was known of the message when it was decided. */
  known: Told[]
}

/** Where cases and strikes of people must stand: one fact after the other, with no code of the rules. */
class CasesOracle {
  readonly cases = new Map<string, OracleCase>()
  readonly decisions = new Map<string, OracleDecision>()
  readonly strikes = new Map<string, { policy: string; points: number }>()
  readonly told: Told[] = []

  entered(one: Told, outcome: 'review' | 'act', caseId: string): void {
    this.told.push(one)
    const found = this.cases.get(caseId) ?? { state: 'open', byPerson: false, entries: [], held: null }
    if (!this.cases.has(caseId) && outcome === 'act' && one.live) found.state = 'decided'
    // Nothing comes into what is held, nor into what a person decided.
    expect(found.state === 'open' || (found.state === 'decided' && !found.byPerson)).toBe(true)
    if (outcome === 'review') found.state = 'open'
    found.entries.push(one.id)
    this.cases.set(caseId, found)
  }

  may(caseId: string): 'yes' | 'held' | 'decided' {
    const { state, byPerson } = this.cases.get(caseId)!
    if (state === 'held') return 'held'
    return state === 'decided' && byPerson ? 'decided' : 'yes'
  }

  decide(id: string, decision: Omit<OracleDecision, 'state' | 'known'>, at: number, held: boolean): void {
    const found = this.cases.get(decision.caseId)!
    const known = this.told.filter(({ message }) => message === decision.message)
    this.decisions.set(id, { ...decision, known, state: held ? 'held' : 'in_force' })
    Object.assign(found, { byPerson: true, state: held ? 'held' : 'decided', held: held ? id : null })
    if (!held) this.strike(id, at)
  }

  approve(id: string, at: number): void {
    const decision = this.decisions.get(id)!
    decision.state = 'in_force'
    Object.assign(this.cases.get(decision.caseId)!, { state: 'decided', held: null })
    this.strike(id, at)
  }

  end(id: string): void {
    const decision = this.decisions.get(id)!
    decision.state = 'ended'
    Object.assign(this.cases.get(decision.caseId)!, { state: 'open', held: null })
  }

  pass(to: number): void {
    for (const [id, { state, lapses }] of this.decisions) if (state === 'held' && lapses <= to) this.end(id)
  }

  private strike(id: string, at: number): void {
    const { message, clause, measure, known } = this.decisions.get(id)!
    if (measure === 'none' || this.strikes.has(message)) return
    const under = known
      .filter(({ live }) => live)
      .sort((a, b) => a.at - b.at)
      .find(({ policy }) => clause in POINTS[policy]!)
    const sent = Math.min(...known.map((one) => one.sent))
    if (!under || at - sent > 30 * DAY) return
    this.strikes.set(message, { policy: under.policy, points: POINTS[under.policy]![clause]! })
  }
}

describe('cases and strikes of an account that people decide on, some of it held', () => {
  it('are where they must be, whatever is held, refused, lapsed, reopened, swept or of an older policy', () => {
    const seen = { beside: 0, returned: 0, unstruck: 0, refused: 0, old: 0 }
    fc.assert(
      fc.property(fc.array(deed, { minLength: 4, maxLength: 24 }), fc.boolean(), (deeds, ofReach) => {
        const world = new AccountWorld('enforce', POLICIES)
        const oracle = new CasesOracle()
        const apply = (change: AccountChange | null): void => void (change && world.apply(change))
        const automated = new Set<string>()
        let now = START
        deeds.forEach((one, i) => {
          now += HOUR + i
          const at = new Date(now)
          const pass = (): void => {
            oracle.pass(now)
            if (world.state) apply(applyTime(world.facts, world.context(new Date(now))))
          }
          pass()
          switch (one.do) {
            case 'wait':
              now += one.hours * HOUR
              return pass()
            case 'verdict': {
              const told = toldOf(one, `v${i}`, now)
              // Removals by automation alone earn strikes of their own, which the other oracle is about.
              const outcome = one.sweep ? 'review' : one.outcome
              const message = outcome === 'act' ? `auto${i}` : told.message
              const fact = factOf({ ...told, message }, outcome, one.sweep, ofReach)
              apply(applyVerdicts(world.facts, [fact], world.context(at)))
              const caseId = world.entries.get(told.id)!
              if (outcome === 'act') automated.add(message)
              if ([...oracle.cases.values()].some(({ state }) => state === 'held')) seen.beside++
              return oracle.entered({ ...told, message }, outcome, caseId)
            }
            case 'decide': {
              const cases = [...oracle.cases].filter(([, { entries }]) => entries.length > 0)
              if (cases.length === 0) return
              const [caseId, { entries }] = cases[one.pick % cases.length]!
              const about = oracle.told.find(({ id }) => id === entries[one.message % entries.length])!
              const { message } = about
              const clause = automated.has(message) ? 'c.1' : one.clause
              const known = oracle.told.filter((told) => told.message === message)
              const made = [...world.decisions.values()]
              const may = takesDecision(world.state, made, caseId, 'x')
              const wanted = oracle.may(caseId)
              if (wanted !== 'yes') {
                seen.refused++
                expect(may).toEqual({ refused: wanted })
                return
              }
              expect(may).toEqual({ takes: true })
              const judged = known.map((told) => ({
                _id: told.id,
                mode: told.live ? 'live' : 'sweep:c',
                policyVersion: told.policy,
                receivedAt: new Date(told.at),
              }))
              const evidence = { entries: judged, possibleVersions: [] }
              const decision = {
                decisionId: `d${i}`,
                caseId,
                measure: one.measure,
                clause: one.measure === 'none' ? null : clause,
                reasons,
                messages: [
                  {
                    messageId: message,
                    sentAt: new Date(Math.min(...known.map(({ sent }) => sent))),
                    ...receivedUnder(evidence, clause, POLICIES),
                  },
                ],
                verdictIds: [],
                detectors: [],
                until: null,
                notBefore: null,
                asked: { same: `${i}`, request: `${i}` },
              }
              apply(applyDecision(world.facts, decision, world.context(at, 'mod')))
              const held = world.decisions.get(`d${i}`)!.state === 'held'
              expect(held).toBe(one.measure === 'suspend' && ofReach)
              const lapses = now + 72 * HOUR
              if (automated.has(message)) oracle.strikes.set(message, { policy: 'auto', points: 0 })
              oracle.decide(`d${i}`, { caseId, message, clause, measure: one.measure, lapses }, now, held)
              // The same again is that decision.
              expect(takesDecision(world.state, [...world.decisions.values()], caseId, `${i}`)).toEqual({
                again: `d${i}`,
              })
              return
            }
            case 'approve':
            case 'refuse': {
              const held = [...oracle.decisions].filter(([, { state }]) => state === 'held')
              if (held.length === 0) return
              const [id] = held[one.pick % held.length]!
              const step = { by: 'senior', at, reasons }
              const change = one.do === 'approve' ? applyApproval : applyRefusal
              apply(change(world.facts, id, step, world.context(at, 'senior')))
              return one.do === 'approve' ? oracle.approve(id, now) : oracle.end(id)
            }
            case 'reopen': {
              const cases = [...oracle.cases]
              if (cases.length === 0) return
              const [caseId, found] = cases[one.pick % cases.length]!
              const isOpen = cases.some(([, { state }]) => state === 'open')
              const reopen = (): AccountChange | null =>
                applyReopening(world.facts, { caseId, requestId: `r${i}` }, world.context(at, 'mod'))
              if (found.state === 'open') expect(reopen()).toBeNull()
              else if (found.state === 'held' || isOpen) expect(reopen).toThrow(RefusedError)
              else {
                apply(reopen())
                found.state = 'open'
              }
            }
          }
        })
        oracle.pass(now)
        check(world, oracle, automated)
        const open = [...oracle.cases.values()].filter(({ state }) => state === 'open').length
        if (open > 1) seen.returned++
        for (const decision of oracle.decisions.values()) {
          if (
            decision.state === 'in_force' &&
            decision.measure !== 'none' &&
            !oracle.strikes.has(decision.message)
          )
            seen.unstruck++
        }
        for (const { policy } of oracle.strikes.values()) if (policy === '0') seen.old++
      }),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5)
  }, 600_000)
})

function check(world: AccountWorld, oracle: CasesOracle, automated: ReadonlySet<string>): void {
  const states = new Map<string, string>()
  for (const { caseId, state } of world.cases) if (state) states.set(caseId, state)
  const wanted = [...oracle.cases].map(([caseId, { state }]) => [caseId, state])
  expect([...oracle.cases.keys()].map((caseId) => [caseId, states.get(caseId)])).toEqual(wanted)
  const { openCase = null, alsoOpen = [], heldCases = [] } = world.state ?? {}
  const known = (openCase ? [openCase, ...alsoOpen] : alsoOpen).map(({ caseId }) => caseId)
  const of = (state: string): string[] => wanted.flatMap(([id, is]) => (is === state ? [id!] : [])).sort()
  expect([...known].sort()).toEqual(of('open'))
  expect(heldCases.map(({ caseId }) => caseId).sort()).toEqual(of('held'))
  // Every verdict is in exactly one case.
  const filed = [...oracle.cases].flatMap(([caseId, { entries }]) => entries.map((id) => [id, caseId]))
  expect(Object.fromEntries(world.entries)).toEqual(Object.fromEntries(filed))
  const byPeople = [...world.strikes.values()].filter(({ messageId }) => !automated.has(messageId))
  expect(
    Object.fromEntries(
      byPeople.map(({ messageId, policyVersion, points }) => [messageId, { policy: policyVersion, points }]),
    ),
  ).toEqual(Object.fromEntries([...oracle.strikes].filter(([message]) => !automated.has(message))))
}

function toldOf(one: Extract<Deed, { do: 'verdict' }>, id: string, at: number): Told {
  const message = `m${one.message}`
  return { id, message, live: !one.sweep, policy: one.policy, at, sent: at - one.age * DAY }
}

/** Of an account that is of reach or not, of a message that automation would remove. Those cost no points. */
function factOf(
  { id, message, policy, at, sent }: Told,
  outcome: 'review' | 'act',
  sweep: boolean,
  ofReach: boolean,
): VerdictFact {
  const category = { category: 'fraud', clause: 'c.1', score: 0.9, severity: 1, signals: [] }
  return {
    verdictId: id,
    messageId: message,
    outcome,
    mode: sweep ? 'sweep:c' : 'live',
    categories: [{ ...category, outcome }],
    policyVersion: outcome === 'act' ? '0' : policy,
    receivedAt: new Date(at),
    sentAt: new Date(sent),
    language: null,
    account: { followers: ofReach ? 1_000_000 : 10 },
  }
}
