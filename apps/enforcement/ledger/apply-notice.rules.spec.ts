import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { applyPause, applyReplacement, applyResumption } from '../appeals/apply-appeal.rules.js'
import type { DecisionRecord } from './decisions/decision.js'
import { AccountWorld } from './account-world.fixture.js'
import {
  applyApproval,
  applyDecision,
  applyRefusal,
  applyTime,
  type PersonsDecision,
} from './apply-decision.rules.js'
import { applyAnswer, applyReports } from './apply-notice.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = new Date('2026-11-01T00:00:00Z')
const after = (ms: number): Date => new Date(START.getTime() + ms)
const reasons = { zh: '理由', en: 'reasons' }
const step = (at: Date, by = 'senior') => ({ by, at, reasons })

function reviewed(followers: number | null): AccountWorld {
  const world = new AccountWorld()
  const verdict: VerdictFact = {
    verdictId: 'v-m1',
    messageId: 'm1',
    outcome: 'review',
    mode: 'live',
    categories: [
      { category: 'fraud', clause: 'c.2', score: 0.6, outcome: 'review', severity: 2, signals: [] },
    ],
    policyVersion: '1',
    receivedAt: after(0),
    sentAt: after(0),
    language: null,
    account: followers === null ? null : { followers },
  }
  return world.apply(applyVerdicts(world.facts, [verdict], world.context(after(0))))
}

function decided(world: AccountWorld, over: Partial<PersonsDecision> = {}, at = after(HOUR)): AccountWorld {
  const decision: PersonsDecision = {
    decisionId: 'd1',
    caseId: world.state?.openCase?.caseId ?? world.state!.automatedCaseId!,
    measure: 'ban',
    clause: 'c.4',
    reasons,
    messages: [{ messageId: 'm1', sentAt: after(0) }],
    verdictIds: ['v-m1'],
    detectors: [],
    until: null,
    notBefore: null,
    ...over,
  }
  return world.apply(applyDecision(world.facts, decision, world.context(at, 'maker')))
}

const d1 = (world: AccountWorld): DecisionRecord => world.decisions.get('d1')!
const kinds = (world: AccountWorld): string[] => world.directives.map(({ kind }) => kind)
const codes = (world: AccountWorld): string[] => world.events.map(({ kind }) => kind)

function report(
  state: DeliveryReport['state'],
  at: Date,
  over: Partial<DeliveryReport> = {},
): DeliveryReport {
  return { noticeId: 'nt', deliveryId: 'dl_1', channel: 'email', state, at: at.toISOString(), ...over }
}

function take(world: AccountWorld, now: Date, ...reports: DeliveryReport[]): AccountWorld {
  const change = applyReports(world.facts, new Map([['d1', reports]]), world.context(now))
  return change ? world.apply(change) : world
}

const pass = (world: AccountWorld, to: Date): AccountWorld =>
  world.apply(applyTime(world.facts, world.context(to)))

function approve(world: AccountWorld, at: Date, by = 'senior'): AccountWorld {
  return world.apply(applyApproval(world.facts, 'd1', step(at, by), world.context(at, by)))
}

function answer(world: AccountWorld, at: Date, text = 'It was a quotation.'): AccountWorld {
  return world.apply(applyAnswer(world.facts, 'd1', text, world.context(at, 'account')))
}

describe('a ban', () => {
  it('waits, however long, until its notice has arrived, and does not lapse', () => {
    for (const followers of [10, null]) {
      const world = pass(decided(reviewed(followers)), after(400 * DAY))
      expect(d1(world)).toMatchObject({ state: 'held', hold: { lapsesAt: null, notBefore: null } })
      expect(kinds(world)).toEqual([])
      expect(world.state!.nextDueAt).toBeNull()
    }
  })

  it('gives the hours of the policy from the earliest delivery, whatever came in which order', () => {
    const world = decided(reviewed(10))
    take(world, after(10 * DAY), report('delivered', after(9 * DAY), { deliveryId: 'dl_2' }))
    take(world, after(10 * DAY), report('failed', after(2 * DAY)), report('delivered', after(8 * DAY)))
    expect(d1(world).hold).toMatchObject({ notBefore: after(11 * DAY) })
    pass(world, after(11 * DAY - 1))
    expect(kinds(world)).toEqual([])
    pass(world, after(11 * DAY))
    expect(kinds(world)[0]).toBe('ban_account')
    expect(codes(world).filter((kind) => kind === 'decision.notice_delivered')).toHaveLength(2)
  })

  it('counts no hours that lie in the future by our clock', () => {
    const world = take(decided(reviewed(10)), after(DAY), report('delivered', after(300 * DAY)))
    expect(d1(world).intent!.deliveredAt).toEqual(after(DAY))
  })

  it('counts no delivery that came back, but one that arrived after that', () => {
    const world = decided(reviewed(10))
    take(world, after(2 * DAY), report('delivered', after(DAY)))
    expect(d1(world).hold!.unproven).toBeUndefined()
    take(world, after(2 * DAY), report('bounced', after(DAY + HOUR)))
    expect(d1(world).hold).toMatchObject({ unproven: true, notBefore: null })
    expect(d1(world).intent!.undelivered).toBe(true)
    take(world, after(3 * DAY), report('delivered', after(3 * DAY)))
    expect(d1(world).hold!.notBefore).toEqual(after(6 * DAY))
  })

  it('begins no sooner than whoever decided it said', () => {
    const world = decided(reviewed(10), { notBefore: after(20 * DAY) })
    expect(d1(world).hold).toMatchObject({ unproven: true, notBefore: after(20 * DAY) })
    expect(world.state!.nextDueAt).toBeNull()
    take(world, after(DAY), report('delivered', after(DAY)))
    expect(d1(world).hold!.notBefore).toEqual(after(20 * DAY))
  })

  it('tells its owner by a link for this decision only', () => {
    const [notice] = decided(reviewed(10)).notices
    expect(notice).toMatchObject({
      template: 'ban-intended',
      data: { answerUrl: 'http://x/answer?token=d1', hours: 72, notBefore: null },
    })
  })

  it('of an urgent clause needs no notice', () => {
    const world = decided(reviewed(10), { clause: 'c.urgent' })
    expect(kinds(world)[0]).toBe('ban_account')
    const held = decided(reviewed(null), { clause: 'c.urgent' })
    expect(d1(held).hold).toMatchObject({ lapsesAt: after(HOUR + 3 * DAY) })
    expect(d1(held).intent).toBeUndefined()
  })
})

describe('a notice that reached nobody', () => {
  const nowhere = report('failed', after(2 * HOUR), { channel: 'none', deliveries: 1 })

  it('puts the case into the queue with the reason, until it arrives after all', () => {
    const world = take(decided(reviewed(10)), after(2 * HOUR), nowhere)
    expect(d1(world)).toMatchObject({ state: 'held', intent: { undelivered: true } })
    expect(world.cases.at(-1)).toMatchObject({ state: 'open', flags: ['notice-undelivered'] })
    expect(world.state!.openCase).toBeNull()
    expect(world.state!.heldCases).toMatchObject([{ decisionId: 'd1', undelivered: true }])
    const told = { kind: 'decision.notice_undelivered', code: 'notice-undelivered' }
    expect(world.events).toContainEqual(expect.objectContaining(told))
    take(world, after(3 * HOUR), nowhere)
    expect(codes(world).filter((kind) => kind === 'decision.notice_undelivered')).toHaveLength(1)
    take(world, after(5 * DAY), report('delivered', after(5 * DAY), { deliveryId: 'dl_2', deliveries: 2 }))
    expect(world.cases.at(-1)).toMatchObject({ state: 'held', flags: [] })
    expect(world.state!.openCase).toBeNull()
    expect(world.state!.heldCases).toEqual([{ caseId: d1(world).caseId, decisionId: 'd1' }])
    pass(world, after(8 * DAY))
    expect(world.state).toMatchObject({ status: 'banned', openCase: null })
  })

  it('is not told while another delivery is under way', () => {
    const world = decided(reviewed(10))
    take(world, after(DAY), report('failed', after(DAY), { deliveries: 2 }))
    expect(d1(world).intent!.undelivered).toBe(false)
    take(world, after(DAY), report('expired', after(DAY), { deliveryId: 'dl_2', deliveries: 2 }))
    expect(d1(world).intent!.undelivered).toBe(true)
  })

  it('leaves no reason behind when the ban is given up', () => {
    const world = take(decided(reviewed(10)), after(2 * HOUR), nowhere)
    world.apply(applyRefusal(world.facts, 'd1', step(after(DAY)), world.context(after(DAY))))
    expect(world.state!.openCase).toEqual({ caseId: d1(world).caseId, why: ['reopened'] })
    expect(world.cases.at(-1)).toMatchObject({ state: 'open', flags: [] })
  })

  it('opens a case on the account where the decision was on a cluster', () => {
    const world = decided(reviewed(10), { caseId: 'cluster-1', cluster: true })
    world.apply(
      applyDecision(
        world.facts,
        {
          decisionId: 'd2',
          caseId: world.state!.openCase!.caseId,
          measure: 'none',
          clause: null,
          reasons,
          messages: [],
          verdictIds: [],
          detectors: [],
          until: null,
          notBefore: null,
        },
        world.context(after(HOUR), 'mod'),
      ),
    )
    take(world, after(2 * HOUR), nowhere)
    const { caseId, why } = world.state!.openCase!
    expect(why).toEqual(['notice-undelivered'])
    expect(world.cases.at(-1)).toMatchObject({ caseId, state: 'open', flags: ['notice-undelivered'] })
    expect(world.cases.some((change) => change.caseId === 'cluster-1')).toBe(false)
    take(world, after(3 * HOUR), report('delivered', after(3 * HOUR), { deliveryId: 'dl_2' }))
    expect(world.state!.openCase).toBeNull()
  })

  it('stays in the queue though somebody decides something else on its case', () => {
    const world = take(decided(reviewed(10)), after(2 * HOUR), nowhere)
    decided(world, { decisionId: 'd2', measure: 'warn', clause: 'c.2' }, after(3 * HOUR))
    expect(world.state!.heldCases).toMatchObject([{ decisionId: 'd1', undelivered: true }])
  })
})

describe('an answer', () => {
  it('makes a second person necessary where none was, and gives them as long as the notice gave', () => {
    const world = take(decided(reviewed(10)), after(DAY), report('delivered', after(DAY)))
    answer(world, after(3 * DAY))
    expect(d1(world)).toMatchObject({
      answer: { at: after(3 * DAY), text: 'It was a quotation.' },
      hold: { needsApproval: true, lapsesAt: after(6 * DAY), notBefore: after(4 * DAY) },
    })
    expect(JSON.stringify(world.events)).not.toContain('quotation')
    pass(world, after(4 * DAY))
    expect(kinds(world)).toEqual([])
    approve(world, after(5 * DAY))
    expect(kinds(world)[0]).toBe('ban_account')
  })

  it('lets the ban lapse where nobody reads it', () => {
    const world = take(decided(reviewed(10)), after(DAY), report('delivered', after(DAY)))
    pass(answer(world, after(3 * DAY)), after(6 * DAY))
    expect(d1(world).state).toBe('lapsed')
    expect(kinds(world)).toEqual([])
  })

  it('takes back an approval from before it, by the same person too', () => {
    const world = take(decided(reviewed(null)), after(DAY), report('delivered', after(DAY)))
    approve(world, after(2 * DAY))
    answer(world, after(3 * DAY))
    expect(d1(world)).toMatchObject({ approval: null, earlierApprovals: [{ by: 'senior' }] })
    pass(world, after(4 * DAY))
    expect(kinds(world)).toEqual([])
    approve(world, after(5 * DAY))
    expect(kinds(world)[0]).toBe('ban_account')
    const approvals = world.events.filter(({ kind }) => kind === 'decision.approved')
    expect(new Set(approvals.map(({ eventId }) => eventId)).size).toBe(2)
  })

  it('that comes when the ban has begun changes nothing, though the clock has not rung yet', () => {
    const world = take(decided(reviewed(10)), after(DAY), report('delivered', after(DAY)))
    answer(world, after(4 * DAY))
    expect(d1(world).answer).toBeUndefined()
    expect(kinds(world)[0]).toBe('ban_account')
  })

  it('before the notice is known to have arrived is kept, and the hours wait', () => {
    const world = answer(decided(reviewed(10)), after(DAY))
    expect(d1(world).hold).toMatchObject({ needsApproval: true, lapsesAt: null, unproven: true })
    take(world, after(5 * DAY), report('delivered', after(2 * DAY)))
    expect(d1(world)).toMatchObject({ state: 'lapsed' })
    const inTime = answer(decided(reviewed(10)), after(DAY))
    approve(inTime, after(2 * DAY))
    take(inTime, after(5 * DAY), report('delivered', after(2 * DAY)))
    expect(kinds(inTime)[0]).toBe('ban_account')
  })
})

describe('reports, answers and approvals', () => {
  const LIFE = propertyRuns(1_000, 20_000)
  const reports = fc.array(
    fc.record({
      deliveryId: fc.constantFrom('dl_1', 'dl_2', 'dl_3'),
      state: fc.constantFrom('delivered', 'delivered', 'failed', 'expired', 'bounced', 'pending'),
      hour: fc.integer({ min: 1, max: 60 }),
      late: fc.integer({ min: 0, max: 12 }),
      deliveries: fc.constantFrom(undefined, 1, 2, 3),
    }),
    { maxLength: 7 },
  )

  it('lead to the same end in whatever order the reports come, and however often', () => {
    fc.assert(
      fc.property(
        fc.record({
          reports,
          ofReach: fc.boolean(),
          answeredAt: fc.option(fc.integer({ min: 2, max: 55 })),
          approvedAt: fc.option(fc.integer({ min: 2, max: 55 })),
          again: fc.boolean(),
        }),
        ({ reports: seeds, ofReach, answeredAt, approvedAt, again }) => {
          const given = seeds.map(({ late, hour, deliveries, ...seed }) => ({
            due: hour + late,
            report: report(seed.state, after(hour * HOUR), {
              deliveryId: seed.deliveryId,
              ...(deliveries === undefined ? {} : { deliveries }),
            }),
          }))
          /** `prompt`: each report comes when it was written; else late, and all of a moment in turned order. */
          const run = (prompt: boolean): AccountWorld => {
            const world = decided(reviewed(ofReach ? null : 10), {}, after(0))
            const told = given.map(({ due, report: one }) => ({
              at: prompt ? (Date.parse(one.at) - START.getTime()) / HOUR : due,
              act: (now: Date) => void take(world, now, one, ...(again ? [one] : [])),
            }))
            const people = [
              ...(answeredAt === null
                ? []
                : [{ at: answeredAt, act: (now: Date) => void answer(world, now) }]),
              ...(approvedAt === null
                ? []
                : [{ at: approvedAt, act: (now: Date) => approveIfHeld(world, now) }]),
            ]
            const acts = [...(prompt ? told : told.toReversed()), ...people]
            for (const { at, act } of acts.sort((x, y) => x.at - y.at)) act(after(at * HOUR))
            for (const { report: one } of given) take(world, after(100 * HOUR), one)
            return world
          }
          const [prompt, late] = [run(true), run(false)]
          // Both are looked at before any end of a wait that late reports could have moved.
          expect(late.decisions.get('d1')!.intent).toEqual(prompt.decisions.get('d1')!.intent)
          const outcome = (world: AccountWorld): unknown => {
            pass(world, after(200 * HOUR))
            return [d1(world).state, kinds(world).includes('ban_account')]
          }
          if (given.every(({ report: one }) => one.state !== 'bounced'))
            expect(outcome(late)).toEqual(outcome(prompt))
          if (d1(prompt).intent!.deliveredAt === null) expect(kinds(prompt)).toEqual([])
        },
      ),
      { numRuns: LIFE },
    )
  })

  function approveIfHeld(world: AccountWorld, now: Date): void {
    if (d1(world).state === 'held' && d1(world).hold!.needsApproval) approve(world, now)
  }
})

describe('reach', () => {
  const big = { [after(0).toISOString().slice(0, 10)]: 150_000 }

  it('counts as clear messages told it, and makes no account', () => {
    const world = reviewed(10)
    world.reach = big
    decided(world, { measure: 'suspend', clause: 'c.2' })
    expect(d1(world)).toMatchObject({ state: 'held', hold: { needsApproval: true } })
  })

  it('is asked for again when a measure that waited for its day comes into force', () => {
    for (const measure of ['suspend', 'ban'] as const) {
      const world = decided(reviewed(10), { measure, notBefore: after(5 * DAY) })
      if (measure === 'ban') take(world, after(DAY), report('delivered', after(DAY)))
      world.reach = big
      pass(world, after(5 * DAY))
      expect(kinds(world)).toEqual([])
      expect(d1(world)).toMatchObject({
        state: 'held',
        hold: { needsApproval: true, lapsesAt: after(8 * DAY) },
      })
      expect(world.state!.nextDueAt).toEqual(after(8 * DAY))
      const lapsed = pass(structuredWorld(world), after(8 * DAY))
      expect(d1(lapsed).state).toBe('lapsed')
      approve(world, after(6 * DAY))
      expect(kinds(world)[0]).toBe(`${measure}_account`)
    }
  })

  it('that nothing is known of any more asks for a second person, too', () => {
    const world = decided(reviewed(10), { measure: 'suspend', notBefore: after(40 * DAY) })
    pass(world, after(40 * DAY))
    expect(d1(world).hold).toMatchObject({ needsApproval: true })
  })

  it('is asked for once: who approved has answered for it', () => {
    const world = decided(reviewed(null), { measure: 'suspend', notBefore: after(2 * DAY) })
    approve(world, after(DAY))
    world.reach = big
    pass(world, after(2 * DAY))
    expect(kinds(world)).toEqual(['suspend_account'])
  })

  it('is asked for when an appeal that was late suspends a measure no more', () => {
    const world = decided(reviewed(10), { measure: 'suspend', clause: 'c.2', until: after(30 * DAY) })
    world.apply(applyPause(world.facts, ['d1'], 'apl', world.context(after(DAY)))!)
    world.reach = big
    world.apply(applyResumption(world.facts, ['d1'], 'apl', world.context(after(2 * DAY)))!)
    expect(d1(world)).toMatchObject({ state: 'held', hold: { needsApproval: true } })
    expect(kinds(world).filter((kind) => kind === 'suspend_account')).toHaveLength(1)
    expect(world.state!.heldCases).toMatchObject([{ caseId: d1(world).caseId, decisionId: 'd1' }])
    approve(world, after(3 * DAY))
    expect(kinds(world).filter((kind) => kind === 'suspend_account')).toHaveLength(2)
    expect(world.directives.at(-1)!.until).toBe(after(30 * DAY).toISOString())
    expect(new Set(world.directives.map(({ directiveId }) => directiveId)).size).toBe(world.directives.length)
    expect(world.state).toMatchObject({ status: 'suspended', openCase: null })
  })

  it('is asked for when a lesser measure takes the place of another', () => {
    const world = decided(reviewed(10), { measure: 'ban', clause: 'c.urgent' })
    world.reach = big
    const order = { measure: 'suspend' as const, until: after(60 * DAY), appealId: 'apl' }
    const context = world.context(after(DAY), 'hearer')
    world.apply(applyReplacement(world.facts, ['d1'], order, step(after(DAY), 'hearer'), context)!)
    const lesser = [...world.decisions.values()].find(({ replaces }) => replaces)!
    expect(lesser).toMatchObject({ state: 'held', hold: { needsApproval: true } })
    expect(lesser.intent).toBeUndefined()
    expect(kinds(world)).not.toContain('suspend_account')
    const at = world.context(after(2 * DAY), 'senior')
    world.apply(applyApproval(world.facts, lesser.decisionId, step(at.now), at))
    expect(world.directives.at(-1)).toMatchObject({
      kind: 'suspend_account',
      until: after(60 * DAY).toISOString(),
    })
    expect(world.state!.status).toBe('suspended')
  })

  it('holds a step of the ladder that reach alone makes grave', () => {
    const world = new AccountWorld()
    world.reach = big
    const act: VerdictFact = {
      verdictId: 'v',
      messageId: 'm1',
      outcome: 'act',
      mode: 'live',
      categories: [
        { category: 'terrorism', clause: 'c.4', score: 1, outcome: 'act', severity: 4, signals: [] },
      ],
      policyVersion: '1',
      receivedAt: after(0),
      sentAt: after(0),
      language: null,
      account: { followers: 3 },
    }
    world.apply(applyVerdicts(world.facts, [act], world.context(after(0))))
    expect(kinds(world)).toEqual(['remove_message'])
    expect(world.state!.steps).toMatchObject([{ state: 'held' }])
  })
})

/** Another world in the same state. */
function structuredWorld(world: AccountWorld): AccountWorld {
  const copy = new AccountWorld()
  copy.state = structuredClone(world.state)
  copy.reach = { ...world.reach }
  for (const [id, strike] of world.strikes) copy.strikes.set(id, structuredClone(strike))
  for (const [id, decision] of world.decisions) copy.decisions.set(id, structuredClone(decision))
  return copy
}
