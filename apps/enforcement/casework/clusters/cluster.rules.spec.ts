import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { aVerdict } from '../../ledger/a-verdict.fixture.js'
import { AccountWorld, SPEC_POLICY } from '../../ledger/account-world.fixture.js'
import { applyDecision } from '../../ledger/apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from '../../ledger/apply-verdicts.rules.js'
import type { CaseEntry } from '../../ledger/cases/case.js'
import { CASE_STATES } from '../../ledger/cases/case-transitions.js'
import { DECISION_STATES } from '../../ledger/decisions/decision.js'
import { aFinding } from './a-finding.fixture.js'
import { applyRiskFindings } from '../../intake/apply-finding.rules.js'
import { clusterState, grownState, memberDecision, undecidedOf } from './cluster.rules.js'
import type { ClusterMember, ClusterOrder } from './cluster.js'
import { findingRecordOf, severityOf } from '../../ledger/findings/finding.rules.js'

const RUNS = { numRuns: propertyRuns() }
const ids = (prefix: string, most: number) =>
  fc.uniqueArray(
    fc.nat(most).map((n) => `${prefix}${n}`),
    { maxLength: most, minLength: 1, size: 'max' },
  )

describe('a finding', () => {
  it('is the same version in whatever order and parts its members stand, and another with other content', () => {
    const members = fc.dictionary(fc.constantFrom('a1', 'a2', 'a3', 'a4'), ids('m', 5), { minKeys: 1 })
    const parted = members.chain((all) => {
      const pieces = Object.entries(all).flatMap(([account, messages]) =>
        messages.map((message) => aFinding('f', { [account]: [message] }).members[0]!),
      )
      return fc.tuple(fc.constant(all), fc.shuffledSubarray(pieces, { minLength: pieces.length }))
    })
    fc.assert(
      fc.property(parted, fc.double({ min: 0, max: 1, noNaN: true }), ([all, pieces], score) => {
        const record = findingRecordOf(aFinding('f', all, { score }))
        expect(findingRecordOf({ ...aFinding('f', all, { score }), members: pieces })).toEqual(record)
        const more = findingRecordOf(aFinding('f', { ...all, a5: ['m1'] }, { score }))
        expect(more._id).not.toBe(record._id)
        expect(findingRecordOf(aFinding('g', all, { score }))._id).not.toBe(record._id)
      }),
      RUNS,
    )
  })

  it('is as grave as the gravest clause of its category', () => {
    expect(severityOf('terrorism', SPEC_POLICY)).toBe(4)
    expect(severityOf('fraud', SPEC_POLICY)).toBe(2)
    expect(severityOf('constructor', SPEC_POLICY)).toBe(1)
  })

  it('on the risk of an account adds a reason to look and nothing else, before or after verdicts', () => {
    const now = new Date('2026-11-24T08:00:00Z')
    const record = findingRecordOf(aFinding('f', { a1: ['m1'] }, { kind: 'account_risk', category: 'fraud' }))
    const { message, ...verdict } = aVerdict('a1', 'm2', { outcome: 'review', at: now })
    const fact: VerdictFact = {
      ...verdict,
      outcome: 'review',
      receivedAt: now,
      sentAt: now,
      language: null,
      account: message.account ?? null,
    }
    const world = new AccountWorld()
    world.apply(applyRiskFindings(world.facts, [record], world.context(now)))
    const { caseId } = world.state!.openCase!
    world.apply(applyVerdicts(world.facts, [fact], world.context(now)))
    expect([...world.findings.values(), ...world.entries.values()]).toEqual([caseId, caseId])
    expect([world.strikes.size, world.directives, world.notices]).toEqual([0, [], []])
    const other = new AccountWorld()
    other.apply(applyVerdicts(other.facts, [fact], other.context(now)))
    other.apply(applyRiskFindings(other.facts, [record], other.context(now)))
    const due = ({ cases }: AccountWorld) =>
      Math.min(...cases.flatMap(({ weight }) => weight?.dueAt.getTime() ?? []))
    expect(due(other)).toBe(due(world))
    expect(other.state!.risk).toEqual(world.state!.risk)
  })
})

describe('a cluster', () => {
  const accounts = ids('a', 6).map((all) => all.map((accountId) => ({ platformId: 'p1', accountId })))
  const decisions = fc.array(
    fc.record({
      platformId: fc.constantFrom('p1', 'p2'),
      accountId: fc.nat(6).map((n) => `a${n}`),
      state: fc.constantFrom(...DECISION_STATES),
    }),
    { maxLength: 10 },
  )

  it('waits for people exactly while an account of it has no decision that came about', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CASE_STATES), accounts, decisions, (now, members, made) => {
        const open = members.filter(
          ({ accountId }) =>
            !made.some(
              (one) =>
                one.platformId === 'p1' &&
                one.accountId === accountId &&
                ['held', 'in_force', 'reversed', 'expired'].includes(one.state),
            ),
        )
        expect(undecidedOf(members, made)).toEqual(open)
        const state = clusterState(now, members, made)
        const held = made.some((one) => one.state === 'held')
        expect(state).toBe(
          open.length > 0 ? (now === 'claimed' ? 'claimed' : 'open') : held ? 'held' : 'decided',
        )
        expect(grownState(now, members, made)).toBe(open.length > 0 && now !== 'claimed' ? 'open' : now)
      }),
      RUNS,
    )
  })

  const order: ClusterOrder = {
    _id: 'ord_1',
    caseId: 'case_1',
    requestId: 'r1',
    findingId: 'f1',
    accounts: ['p1/a1', 'p1/secret'],
    measure: 'remove',
    clause: 'c.coordination',
    reasons: { zh: '理由', en: 'seen' },
    until: null,
    notBefore: null,
    by: 'ann',
    at: new Date('2026-11-24T09:00:00Z'),
    policyVersion: '1',
    asked: 'digest',
    round: 0,
  }
  const then = { policies: new Map([['1', SPEC_POLICY]]), possible: ['1'] }
  const from = new Date('2026-11-24T07:00:00Z')
  const to = new Date('2026-11-24T07:10:00Z')
  const member = (messageIds: string[]): ClusterMember => ({
    _id: 'case_1/p1/a1',
    caseId: 'case_1',
    platformId: 'p1',
    accountId: 'a1',
    messageIds,
    from,
    to,
    addedAt: to,
  })
  const entry = (messageId: string, revision: string, minute: number): CaseEntry => {
    const at = new Date(from.getTime() + minute * 60_000)
    const { verdictId, receivedAt, classifiedAt, ...rest } = aVerdict('a1', messageId, { revision, at })
    const instants = { receivedAt: new Date(receivedAt), classifiedAt: new Date(classifiedAt) }
    return { ...rest, ...instants, _id: verdictId, caseId: 'other', addedAt: at }
  }

  it('decides on each account for its own messages only, the earliest hundred, each as early as it is known to be', () => {
    const judged = fc.array(
      fc.tuple(fc.nat(140), fc.constantFrom('r1', 'r2'), fc.integer({ min: 0, max: 9 })),
      {
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(ids('m', 140), judged, (messageIds, revisions) => {
        const entries = revisions
          .filter(([n]) => messageIds.includes(`m${n}`))
          .map(([n, revision, minute]) => entry(`m${n}`, revision, minute))
        const decision = memberDecision(order, member(messageIds), 3, entries, then)
        const sent = (id: string): number =>
          Math.min(
            ...entries
              .filter(({ messageId }) => messageId === id)
              .map(({ message }) => Date.parse(message.sentAt)),
            ...(entries.some(({ messageId }) => messageId === id) ? [] : [from.getTime()]),
          )
        const wanted = [...messageIds]
          .sort((a, b) => sent(a) - sent(b) || (a < b ? -1 : 1))
          .slice(0, 100)
          .map((messageId) => ({ messageId, sentAt: new Date(sent(messageId)), receivedUnder: '1' }))
        expect(decision.messages).toEqual(wanted)
        const named = new Set(wanted.map(({ messageId }) => messageId))
        expect(decision.verdictIds).toEqual(
          entries.flatMap(({ _id, messageId }) => (named.has(messageId) ? [_id] : [])).sort(),
        )
        expect(decision.reasons.en).toContain(`published ${messageIds.length} of`)
        expect(JSON.stringify(decision)).not.toContain('secret')
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves the account’s own cases alone when one of its decisions is applied, held or not', () => {
    for (const followers of [10, null]) {
      const world = new AccountWorld()
      if (followers !== null) {
        const { message, ...verdict } = aVerdict('a1', 'm0', { outcome: 'review', at: from, followers })
        const fact = {
          ...verdict,
          outcome: 'review' as const,
          receivedAt: from,
          sentAt: from,
          language: null,
        }
        const account = message.account ?? null
        world.apply(applyVerdicts(world.facts, [{ ...fact, account }], world.context(from)))
      }
      const open = world.state?.openCase ?? null
      const decision = memberDecision({ ...order, measure: 'suspend' }, member(['m1']), 3, [], then)
      world.apply(applyDecision(world.facts, decision, world.context(to, 'ann')))
      expect(world.decisions.get(decision.decisionId)!.state).toBe(followers === null ? 'held' : 'in_force')
      expect(world.state!.openCase).toEqual(open)
      expect(world.cases.filter(({ caseId }) => caseId === order.caseId)).toEqual([])
      expect(world.events.filter(({ kind }) => kind === 'case.decided')).toEqual([])
    }
  })
})
