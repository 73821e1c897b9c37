import 'reflect-metadata'
import { describe, expect, it } from 'vitest'
import { AccountWorld } from './account-world.fixture.js'
import {
  applyApproval,
  applyDecision,
  applyRefusal,
  applyReversal,
  applyTime,
  type PersonsDecision,
} from './apply-decision.rules.js'
import { applyReports } from './apply-notice.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = new Date('2026-11-01T00:00:00Z')
const after = (ms: number): Date => new Date(START.getTime() + ms)
const reasons = { zh: '理由', en: 'reasons' }

function reviewed(followers: number | null, messageId = 'm1'): AccountWorld {
  const world = new AccountWorld()
  return world.apply(applyVerdicts(world.facts, [review(messageId, followers)], world.context(after(0))))
}

function review(
  messageId: string,
  followers: number | null,
  outcome: 'review' | 'act' = 'review',
): VerdictFact {
  return {
    verdictId: `v-${messageId}-${outcome}`,
    messageId,
    outcome,
    mode: 'live',
    categories: [{ category: 'fraud', clause: 'c.2', score: 0.6, outcome, severity: 2, signals: [] }],
    policyVersion: '1',
    receivedAt: after(0),
    sentAt: after(0),
    language: null,
    account: followers === null ? null : { followers },
  }
}

function decision(world: AccountWorld, over: Partial<PersonsDecision>): PersonsDecision {
  return {
    decisionId: 'd1',
    caseId: world.state?.openCase?.caseId ?? world.state!.automatedCaseId!,
    measure: 'remove',
    clause: 'c.2',
    reasons,
    messages: [{ messageId: 'm1', sentAt: after(0), receivedUnder: '1' }],
    verdictIds: ['v-m1'],
    detectors: ['lexicon'],
    until: null,
    notBefore: null,
    ...over,
  }
}

function decided(
  world: AccountWorld,
  over: Partial<PersonsDecision>,
  at = after(HOUR),
  by = 'mod',
): AccountWorld {
  return world.apply(applyDecision(world.facts, decision(world, over), world.context(at, by)))
}

/** The notice of an intended ban arrives. */
function told(world: AccountWorld, at: Date): AccountWorld {
  const { noticeId } = world.decisions.get('d1')!.intent!
  const report = {
    noticeId,
    deliveryId: 'dl',
    channel: 'email',
    state: 'delivered',
    at: at.toISOString(),
  } as const
  return world.apply(applyReports(world.facts, new Map([['d1', [report]]]), world.context(at))!)
}

const kinds = (world: AccountWorld): string[] => world.directives.map((directive) => directive.kind)
const step = (at: Date, by = 'senior') => ({ by, at, reasons })

describe('a person’s decision', () => {
  it('adds the strike, orders the measure and the ladder’s step, and decides the case', () => {
    const world = decided(reviewed(10), {})
    expect(kinds(world)).toEqual(['remove_message', 'warn_account'])
    expect(world.directives.map((d) => d.automated)).toEqual([false, true])
    expect(world.state).toMatchObject({ points: 2, level: 1, status: 'warned', openCase: null })
    expect(world.cases.at(-1)).toMatchObject({ state: 'decided' })
    expect(world.statements[0]).toMatchObject({
      automatedDecision: 'not',
      automatedDetection: true,
      ground: { clause: 'c.2', category: 'fraud' },
    })
  })

  it('orders one warning, not two, where the ladder asks for no more', () => {
    const world = decided(reviewed(10), { measure: 'warn' })
    expect(kinds(world)).toEqual(['warn_account'])
  })

  it('leaves the graver of the ladder’s step and the decision in force', () => {
    const world = reviewed(10)
    decided(world, { measure: 'suspend', clause: 'c.3', until: after(DAY) })
    expect(kinds(world)).toEqual(['suspend_account', 'limit_account'])
    expect(world.state!.status).toBe('suspended')
    world.apply(applyTime(world.facts, world.context(after(DAY))))
    expect(world.state!.status).toBe('limited')
    expect(kinds(world).at(-1)).toBe('lift_restriction')
    world.apply(applyTime(world.facts, world.context(after(8 * DAY))))
    expect(world.state!.status).toBe('warned')
  })

  it('adds no second strike to a message, and shares its removal', () => {
    const world = new AccountWorld()
    world.apply(applyVerdicts(world.facts, [review('m1', 10, 'act')], world.context(after(0))))
    decided(world, {})
    expect(world.strikes.size).toBe(1)
    expect(kinds(world)).toEqual(['remove_message', 'warn_account'])
    const made = world.decisions.get('d1')!
    expect(made).toMatchObject({ strikeIds: [], directiveIds: [world.directives[0]!.directiveId] })
  })

  it('of none changes nothing but the case', () => {
    const world = decided(reviewed(10), { measure: 'none', clause: null })
    expect(world.directives).toEqual([])
    expect(world.strikes.size).toBe(0)
    expect(world.state).toMatchObject({ openCase: null, status: 'active' })
  })

  it('to ban waits 72 hours from when the notice of intent arrives, unless the clause is urgent', () => {
    const world = decided(reviewed(10), { measure: 'ban', clause: 'c.4' })
    expect(kinds(world)).toEqual([])
    expect(world.notices.map((notice) => notice.template)).toEqual(['ban-intended'])
    expect(world.decisions.get('d1')).toMatchObject({ state: 'held', hold: { needsApproval: false } })
    expect(world.cases.at(-1)).toMatchObject({ state: 'held' })
    expect(world.state!.nextDueAt).toBeNull()
    world.apply(applyTime(world.facts, world.context(after(9 * DAY))))
    expect(kinds(world)).toEqual([])
    told(world, after(10 * DAY))
    world.apply(applyTime(world.facts, world.context(after(13 * DAY - 1))))
    expect(kinds(world)).toEqual([])
    world.apply(applyTime(world.facts, world.context(after(13 * DAY))))
    expect(kinds(world)[0]).toBe('ban_account')
    expect(world.state).toMatchObject({ status: 'banned', level: 5, openCase: null })

    const urgent = decided(reviewed(10), { measure: 'ban', clause: 'c.urgent' })
    expect(kinds(urgent)).toEqual(['ban_account'])
  })

  it('to suspend an account of reach is held for a second person, and lapses', () => {
    const approved = decided(reviewed(null), { measure: 'suspend' })
    expect(kinds(approved)).toEqual([])
    expect(approved.strikes.size).toBe(0)
    const context = approved.context(after(DAY), 'senior')
    approved.apply(applyApproval(approved.facts, 'd1', step(context.now), context))
    expect(kinds(approved)).toEqual(['suspend_account'])
    expect(approved.directives[0]!.until).toBe(after(8 * DAY).toISOString())
    expect(approved.state!.openCase).toBeNull()

    const lapsed = decided(reviewed(200_000), { measure: 'suspend' })
    lapsed.apply(applyTime(lapsed.facts, lapsed.context(after(HOUR + 3 * DAY))))
    expect(lapsed.decisions.get('d1')!.state).toBe('lapsed')
    expect(lapsed.cases.at(-1)).toMatchObject({ state: 'open' })
    expect(kinds(lapsed)).toEqual([])

    const refused = decided(reviewed(200_000), { measure: 'suspend' })
    const at = refused.context(after(DAY), 'senior')
    refused.apply(applyRefusal(refused.facts, 'd1', step(at.now), at))
    refused.apply(applyTime(refused.facts, refused.context(after(9 * DAY))))
    expect(refused.decisions.get('d1')!.state).toBe('refused')
    expect(kinds(refused)).toEqual([])
  })

  it('to ban an account of reach waits for both the second person and the day', () => {
    const world = told(decided(reviewed(null), { measure: 'ban', clause: 'c.4' }), after(HOUR))
    const context = world.context(after(DAY), 'senior')
    world.apply(applyApproval(world.facts, 'd1', step(context.now), context))
    expect(kinds(world)).toEqual([])
    world.apply(applyTime(world.facts, world.context(after(HOUR + 3 * DAY))))
    expect(kinds(world)[0]).toBe('ban_account')
  })

  it('that waited leaves the case open for what came meanwhile', () => {
    const world = told(decided(reviewed(10), { measure: 'ban', clause: 'c.4' }), after(HOUR))
    world.apply(applyVerdicts(world.facts, [review('m2', 10)], world.context(after(DAY))))
    world.apply(applyTime(world.facts, world.context(after(HOUR + 3 * DAY))))
    expect(world.state).toMatchObject({ status: 'banned', openCase: { why: ['review'] } })
    const later = world.state!.openCase!.caseId
    const { caseId: first } = world.decisions.get('d1')!
    expect(world.entries.get('v-m2-review')).toBe(later)
    expect(later).not.toBe(first)
    expect(world.cases.at(-1)).toMatchObject({ caseId: first, state: 'decided' })
  })

  it('waits quietly: nothing is due before its day', () => {
    const world = decided(reviewed(null), { measure: 'ban', clause: 'c.4', notBefore: after(2 * DAY) })
    const dates: Date[] = []
    for (let now = after(HOUR); world.state!.nextDueAt && dates.length < 20; now = world.state!.nextDueAt) {
      world.apply(applyTime(world.facts, world.context(now)))
      if (world.state!.nextDueAt) expect(world.state!.nextDueAt.getTime()).toBeGreaterThan(now.getTime())
      dates.push(now)
    }
    expect(dates.length).toBeLessThan(20)
  })

  it('is undone whole: strike, ladder step, measure', () => {
    const world = decided(reviewed(10), { measure: 'suspend', clause: 'c.3' })
    const context = world.context(after(DAY), 'senior')
    world.apply(applyReversal(world.facts, 'd1', step(context.now), context))
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0 })
    const undone = new Set(world.directives.map((directive) => directive.reverses))
    expect(world.directives.filter((d) => !d.reverses && !undone.has(d.directiveId))).toEqual([])
    expect(world.notices.filter((notice) => notice.template === 'measure-reversed')).toHaveLength(
      world.directives.filter((d) => d.reverses).length,
    )
  })

  it('is undone whole also in the days that a suspension runs longer because it was approved late', () => {
    const world = new AccountWorld()
    const grave = review('m1', null, 'act')
    grave.categories = [{ ...grave.categories[0]!, clause: 'c.4', severity: 4 }]
    world.apply(applyVerdicts(world.facts, [grave], world.context(after(0))))
    const [removal, suspension] = [...world.decisions.values()]
    const approved = world.context(after(2 * DAY), 'senior')
    world.apply(applyApproval(world.facts, suspension!.decisionId, step(approved.now), approved))
    expect(world.directives.at(-1)).toMatchObject({ until: after(9 * DAY).toISOString() })
    const context = world.context(after(8 * DAY), 'senior')
    world.apply(applyReversal(world.facts, removal!.decisionId, step(context.now), context))
    expect(world.state).toMatchObject({ points: 0, level: 0, status: 'active' })
    expect(kinds(world).at(-1)).toBe('lift_restriction')
  })

  it('that nobody approved in time cannot be approved any more, though the clock has not rung yet', () => {
    const late = decided(reviewed(200_000), { measure: 'suspend' })
    const context = late.context(after(HOUR + 3 * DAY), 'senior')
    late.apply(applyApproval(late.facts, 'd1', step(context.now), context))
    expect(late.decisions.get('d1')).toMatchObject({ state: 'lapsed', approval: null })
    expect(kinds(late)).toEqual([])
  })

  it('that is held lapses when its end has come, so that nothing is ordered which is over', () => {
    const world = decided(reviewed(200_000), { measure: 'suspend', until: after(DAY) })
    expect(world.state!.nextDueAt).toEqual(after(DAY))
    world.apply(applyTime(world.facts, world.context(after(DAY))))
    expect(world.decisions.get('d1')!.state).toBe('lapsed')
    expect(kinds(world)).toEqual([])
  })

  it('leaves a message removed while another decision stands on its removal', () => {
    const world = new AccountWorld()
    world.apply(applyVerdicts(world.facts, [review('m1', 10, 'act')], world.context(after(0))))
    decided(world, {})
    const removal = world.directives[0]!.directiveId
    const context = world.context(after(DAY), 'senior')
    const first = [...world.decisions.values()].find((d) => d.automated && d.measure === 'remove')!
    world.apply(
      applyReversal(
        { ...world.facts, shared: new Set([removal]) },
        first.decisionId,
        step(context.now),
        context,
      ),
    )
    expect(kinds(world)).not.toContain('restore_message')
    world.apply(applyReversal(world.facts, 'd1', step(context.now), context))
    expect(kinds(world)).toContain('restore_message')
  })

  it('that is undone leaves what the strikes that came late had earned before it', () => {
    const world = new AccountWorld()
    const graded = (n: 1 | 2 | 3 | 4, hours: number): VerdictFact => {
      const fact = review(`m${n}`, 10, 'act')
      const categories = fact.categories.map((one) => ({ ...one, clause: `c.${n}`, severity: n }))
      return { ...fact, categories, receivedAt: after(hours * HOUR) }
    }
    const facts = [graded(2, 0), { ...graded(2, 1), messageId: 'm1', verdictId: 'v-m1' }, graded(4, 2)]
    for (const i of [1, 2, 0]) {
      world.apply(applyVerdicts(world.facts, [facts[i]!], world.context(after(3 * HOUR))))
    }
    expect(world.state).toMatchObject({ status: 'suspended', points: 12 })
    const grave = [...world.decisions.values()].find(
      ({ measure, messages }) => measure === 'remove' && messages[0]!.messageId === 'm4',
    )!
    const context = world.context(after(DAY), 'senior')
    world.apply(applyReversal(world.facts, grave.decisionId, step(context.now), context))
    expect(world.state).toMatchObject({ status: 'limited', level: 2, points: 4 })
    expect(world.directives.at(-1)).toMatchObject({
      kind: 'limit_account',
      until: after(HOUR + 7 * DAY).toISOString(),
    })
  })
})
