import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { LONG, propertyRuns } from '#libs/testing/property-runs.fixture'
import {
  applyGrant,
  applyPause,
  applyReplacement,
  applyResumption,
  isPaused,
  replacementIdOf,
} from '../appeals/apply-appeal.rules.js'
import { besideCauses, coveredBy, isUndoable } from '../appeals/covered-decisions.rules.js'
import { replacementProblem } from '../appeals/replacement.rules.js'
import type { DecisionRecord } from './decisions/decision.js'
import type { AccountChange, AccountFacts } from './account-draft.rules.js'
import { AccountWorld } from './account-world.fixture.js'
import { AppealsOracle } from './appeals-oracle.fixture.js'
import { applyApproval, applyDecision, applyReversal, applyTime } from './apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'

const RUNS = propertyRuns(250)
const HOUR = 3_600_000
const DAY = 24 * HOUR
const START = Date.UTC(2026, 10, 1)
const STATUSES = ['active', 'warned', 'limited', 'suspended', 'banned']
const POINTS = [0, 1, 2, 4, 8]
const THRESHOLDS = [1, 4, 8, 16]
const reasons = { zh: '理由', en: 'reasons' }

type Outcome = 'granted' | 'partly_granted' | 'upheld' | 'withdrawn'
type Seed =
  | { what: 'verdict'; message: number; severity: 1 | 2 | 3 | 4 }
  | { what: 'decision'; messages: number[]; severity: 1 | 2 | 3 | 4; measure: Measure }
  | { what: 'appeal' | 'late' | 'reversal' | 'approval'; pick: number }
  | { what: 'end'; pick: number; outcome: Outcome; measure: Measure }

interface Sown {
  seed: Seed
  gap: number
}

/** Few of them, so that what is decided meets on one. */
const message = fc.constantFrom(0, 0, 0, 1, 2)
const severity = fc.constantFrom<(1 | 2 | 3 | 4)[]>(1, 2, 3, 4)
const sown: fc.Arbitrary<Sown> = fc.record({
  seed: fc.oneof(
    { weight: 5, arbitrary: fc.record({ what: fc.constant('verdict' as const), message, severity }) },
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constant('decision' as const),
        messages: fc.uniqueArray(message, { minLength: 1, maxLength: 2 }),
        severity,
        measure: fc.constantFrom<Measure>('remove', 'remove', 'remove', 'label', 'warn', 'limit', 'suspend'),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        what: fc.constantFrom('appeal' as const, 'appeal', 'appeal', 'late', 'reversal', 'approval'),
        pick: fc.nat(),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        what: fc.constant('end' as const),
        pick: fc.nat(),
        outcome: fc.constantFrom<Outcome[]>('granted', 'granted', 'partly_granted', 'upheld', 'withdrawn'),
        measure: fc.constantFrom(...MEASURES),
      }),
    },
  ),
  gap: fc.oneof(fc.integer({ min: 1, max: HOUR }), fc.integer({ min: HOUR, max: 4 * DAY })),
})
const histories = fc.record({
  ofReach: fc.constantFrom(false, false, true),
  seeds: fc.array(sown, { minLength: 4, maxLength: 16, size: 'max' }),
})

interface Appeal {
  id: string
  decisionId: string
  directiveId: string
  state: 'open' | Outcome
  late: boolean
  covers: string[]
  undoes: string[]
  measure: Measure
  hearing: { by: string; at: Date; reasons: typeof reasons } | null
}

/** An account under the rules, with its appeals as the service settles them, beside an oracle that is told the same. */
class Objected {
  readonly world = new AccountWorld()
  readonly oracle = new AppealsOracle()
  readonly appeals: Appeal[] = []
  now = new Date(START)
  private ids = 0

  constructor(private readonly ofReach: boolean) {
    // There is a case for what people decide.
    this.judge('m9', 1, 'review')
  }

  // ---- what happens ----

  happen({ seed, gap }: Sown): void {
    this.wait(gap)
    const before = STATUSES.indexOf(this.world.state!.status)
    switch (seed.what) {
      case 'verdict':
        return this.act(`m${seed.message}`, seed.severity)
      case 'decision':
        return this.decide(seed)
      case 'approval':
        return this.approve(seed.pick)
      case 'reversal':
        return this.reverse(seed.pick)
      case 'appeal':
        return this.appeal(seed.pick)
      case 'late':
        this.becomeLate(seed.pick)
        expect(STATUSES.indexOf(this.world.state!.status)).toBeLessThanOrEqual(before)
        return
      case 'end':
        this.end(seed, before)
    }
  }

  private wait(ms: number): void {
    this.now = new Date(this.now.getTime() + ms)
    const { world } = this
    for (let due = world.state!.nextDueAt; due && due <= this.now; due = world.state!.nextDueAt)
      world.apply(applyTime(world.facts, world.context(due)))
  }

  private judge(messageId: string, grave: 1 | 2 | 3 | 4, outcome: 'act' | 'review'): void {
    const category = {
      category: 'fraud',
      clause: `c.${grave}`,
      score: 0.9,
      outcome,
      severity: grave,
      signals: [],
    }
    const fact: VerdictFact = {
      verdictId: `v${this.ids++}`,
      messageId,
      outcome,
      mode: 'live',
      categories: [category],
      policyVersion: '1',
      receivedAt: this.now,
      sentAt: this.now,
      language: null,
      account: { followers: this.ofReach ? 200_000 : 10 },
    }
    this.world.apply(applyVerdicts(this.world.facts, [fact], this.world.context(this.now)))
  }

  private act(messageId: string, grave: 1 | 2 | 3 | 4): void {
    const known = new Set(this.world.decisions.keys())
    const decides = this.oracle.decides(messageId)
    this.judge(messageId, grave, 'act')
    const made = [...this.world.decisions.values()].filter(
      ({ decisionId, stepId }) => !known.has(decisionId) && stepId === null,
    )
    expect(made.length).toBe(decides ? 1 : 0)
    for (const { decisionId } of made) this.oracle.decide(decisionId, 'remove', [messageId])
  }

  private decide(seed: Extract<Seed, { what: 'decision' }>): void {
    if (this.ofReach && seed.measure === 'suspend') return
    const decisionId = `d${this.ids++}`
    const messageIds = seed.messages.map((number) => `m${number}`)
    const decision = {
      decisionId,
      caseId: this.world.state!.openCase?.caseId ?? this.world.state!.automatedCaseId ?? 'case_1',
      measure: seed.measure,
      clause: `c.${seed.severity}`,
      reasons,
      messages: messageIds.map((messageId) => ({ messageId, sentAt: this.now, receivedUnder: '1' })),
      verdictIds: [],
      detectors: [],
      until: null,
      notBefore: null,
    }
    this.world.apply(applyDecision(this.world.facts, decision, this.world.context(this.now, 'mod')))
    this.oracle.decide(decisionId, seed.measure, messageIds)
  }

  private approve(pick: number): void {
    const held = this.all().filter(({ state }) => state === 'held')
    const one = held[pick % held.length]
    if (!one) return
    const step = { by: 'senior', at: this.now, reasons }
    this.world.apply(
      applyApproval(this.world.facts, one.decisionId, step, this.world.context(this.now, 'senior')),
    )
  }

  private reverse(pick: number): void {
    const some = this.all().filter((one) => isUndoable(one))
    const one = some[pick % some.length]
    if (!one) return
    const step = { by: 'senior', at: this.now, reasons }
    const facts = this.facts([one.decisionId])
    this.world.apply(applyReversal(facts, one.decisionId, step, this.world.context(this.now, 'senior')))
    if (one.stepId === null) this.oracle.undo(one.decisionId)
  }

  // ---- appeals ----

  private appeal(pick: number): void {
    const about = this.world.statements.filter(
      ({ reverses, decisionId }) => !reverses && isUndoable(this.world.decisions.get(decisionId)),
    )
    const shared = about.filter(({ directiveId }) => {
      return about.filter((other) => other.directiveId === directiveId).length > 1
    })
    const from = pick % 2 === 0 && shared.length > 0 ? shared : about
    const one = from[(pick >> 1) % from.length]
    if (!one) return
    const { decisionId, directiveId } = one
    this.appeals.push({
      id: `apl_${this.ids++}`,
      decisionId,
      directiveId,
      state: 'open',
      late: false,
      covers: [],
      undoes: [],
      measure: 'none',
      hearing: null,
    })
  }

  private becomeLate(pick: number): void {
    const waiting = this.appeals.filter(({ state, late }) => state === 'open' && !late)
    const one = waiting[pick % waiting.length]
    if (!one) return
    one.late = true
    const covers = this.covers(one).filter(({ state }) => state === 'in_force')
    this.assertCovers(one)
    this.settleTwice(one)
    for (const { decisionId } of covers) expect(isPaused(this.world.decisions.get(decisionId)!)).toBe(true)
    const known = covers.filter(({ stepId }) => stepId === null).map(({ decisionId }) => decisionId)
    this.oracle.suspend(known, one.id)
    this.assertNothingOf([one.directiveId])
  }

  private end({ pick, outcome, measure }: Extract<Seed, { what: 'end' }>, before: number): void {
    const waiting = this.appeals.filter(({ state }) => state === 'open')
    const one = waiting[pick % waiting.length]
    if (!one) return
    const covers = this.covers(one)
    const first = covers[0]
    if (outcome === 'partly_granted') {
      if (!first || replacementProblem(first, { measure, until: null }, this.world.state!.status, this.now))
        return
      one.measure = measure
    }
    this.assertCovers(one)
    one.state = outcome
    one.hearing = { by: 'senior', at: this.now, reasons }
    one.covers = covers.map(({ decisionId }) => decisionId)
    one.undoes = this.undoes(one)
    const ordered = this.world.directives.length
    const wasInForce = covers.some(({ state }) => state === 'in_force')
    this.settleTwice(one)
    switch (outcome) {
      case 'granted':
        this.assertUndone(one)
        for (const id of one.undoes) if (this.oracle.decisions.has(id)) this.oracle.undo(id)
        expect(STATUSES.indexOf(this.world.state!.status)).toBeLessThanOrEqual(before)
        return
      case 'partly_granted': {
        const lesser = this.world.decisions.get(replacementIdOf(one.id))!
        for (const id of one.covers) expect(this.world.decisions.get(id)!.state).toBe('reversed')
        this.assertNothingOf([one.directiveId])
        if (first!.stepId === null)
          this.oracle.replace(one.covers, lesser.decisionId, measure, isServed(lesser, wasInForce, this.now))
        // A late appeal had suspended what a lesser measure takes the place of.
        if (!one.late) expect(STATUSES.indexOf(this.world.state!.status)).toBeLessThanOrEqual(before)
        return
      }
      case 'upheld':
      case 'withdrawn':
        if (!one.late) expect(this.world.directives.length).toBe(ordered)
        this.oracle.resume(
          one.covers.filter((id) => this.oracle.decisions.has(id)),
          one.id,
        )
    }
  }

  /** As the service does: what the appeal has come to is carried out, however often. */
  private settleTwice(appeal: Appeal): void {
    const change = this.changeFor(appeal)
    if (change) this.world.apply(change)
    const again = this.changeFor(appeal)
    expect(again).toBeNull()
    // News of lateness that comes after the end suspends nothing.
    if (appeal.state !== 'open' && appeal.late)
      expect(this.changeFor({ ...appeal, state: 'open' })).toBeNull()
  }

  changeFor(appeal: Appeal): AccountChange | null {
    const context = this.world.context(this.now, 'senior')
    const onMeasure = this.covers(appeal).map(({ decisionId }) => decisionId)
    switch (appeal.state) {
      case 'open':
        if (!appeal.late) return null
        return applyPause(this.facts(onMeasure), onMeasure, appeal.id, context)
      case 'upheld':
      case 'withdrawn':
        if (!appeal.late) return null
        return applyResumption(this.facts(onMeasure), onMeasure, appeal.id, context)
      case 'granted':
        return applyGrant(this.facts(appeal.undoes), appeal.undoes, appeal.hearing!, context)
      case 'partly_granted': {
        const order = { measure: appeal.measure, until: null, appealId: appeal.id }
        return applyReplacement(this.facts(appeal.covers), appeal.covers, order, appeal.hearing!, context)
      }
    }
  }

  private covers(appeal: Appeal): DecisionRecord[] {
    return coveredBy(appeal, this.all())
  }

  private undoes(appeal: Appeal): string[] {
    const covers = this.covers(appeal)
    const ids = covers.map(({ decisionId }) => decisionId)
    // A step that has fallen meanwhile stood for its message all the same.
    const step = covers[0] ?? this.world.decisions.get(appeal.decisionId)!
    if (step.stepId === null) return ids
    const { messageId } = step.messages[0]!
    const strike = [...this.world.strikes.values()].find((one) => one.messageId === messageId)!
    const causes = this.all().filter((one) => isUndoable(one) && one.strikeIds.includes(strike.strikeId))
    const beside = besideCauses(causes, messageId, this.all())
    return [...new Set([...ids, ...[...causes, ...beside].map(({ decisionId }) => decisionId)])]
  }

  /** What is read with the account, with what other decisions in force also stand on, as the stores say it. */
  private facts(undone: readonly string[]): AccountFacts {
    const others = this.all().filter(
      (one) => one.state === 'in_force' && !isPaused(one) && !undone.includes(one.decisionId),
    )
    return { ...this.world.facts, shared: new Set(others.flatMap(({ directiveIds }) => directiveIds)) }
  }

  all(): DecisionRecord[] {
    return [...this.world.decisions.values()]
  }

  /** Grants two open appeals that undo nothing in common, and says where that ends; null where there are no two such. */
  grantBoth(gap: number, turned: boolean): unknown {
    const waiting = this.appeals.filter(({ state }) => state === 'open')
    const pairs = waiting.flatMap((one, i) => waiting.slice(i + 1).map((other) => [one, other] as const))
    const apart = pairs.find(([one, other]) => {
      const [mine, others] = [this.undoes(one), this.undoes(other)]
      return mine.length > 0 && others.length > 0 && !mine.some((id) => others.includes(id))
    })
    if (!apart) return null
    for (const appeal of turned ? apart.toReversed() : apart) {
      this.wait(gap)
      const pick = this.appeals.filter(({ state }) => state === 'open').indexOf(appeal)
      this.end({ what: 'end', pick, outcome: 'granted', measure: 'none' }, STATUSES.length)
    }
    this.assertSound()
    const { points, level, status } = this.world.state!
    const standing = this.inForce().filter(({ kind }) => kind !== 'warn_account')
    return {
      points,
      level,
      status,
      standing: standing.map(({ kind, messageIds }) => `${kind} ${messageIds.join()}`).sort(),
      strikes: [...this.world.strikes.values()]
        .map(({ messageId, reversedAt }) => `${messageId} ${reversedAt === null}`)
        .sort(),
    }
  }

  onTheMessage(): unknown {
    const strikes = [...this.world.strikes.values()].map(({ reversedAt }) => reversedAt === null)
    return [this.onMessages('remove_message'), this.onMessages('label_message'), strikes]
  }

  // ---- what must hold ----

  private assertCovers(appeal: Appeal): void {
    const covers = this.covers(appeal)
    const first = covers[0]
    if (!first) return
    if (first.stepId !== null || !['remove', 'label'].includes(first.measure)) {
      expect(covers.length).toBe(1)
    } else {
      const { messageIds } = this.world.directives.find(
        ({ directiveId }) => directiveId === appeal.directiveId,
      )!
      const order = this.orderBehind(appeal.directiveId, messageIds[0]!)
      expect(covers.map(({ decisionId }) => decisionId).sort()).toEqual(this.oracle.standingWith(order))
    }
    if (first.stepId === null) return
    const { messageId } = first.messages[0]!
    const owner = this.oracle.ownerOf(messageId)
    const wanted = owner ? this.oracle.beside(owner, messageId) : []
    expect(this.undoes(appeal).sort()).toEqual([...new Set([first.decisionId, ...wanted])].sort())
  }

  /** The oracle numbers orders as they are made, and so do directives. */
  private orderBehind(directiveId: string, messageId: string): string {
    const { kind } = this.world.directives.find((one) => one.directiveId === directiveId)!
    const same = this.world.directives.filter((one) => one.kind === kind && one.messageIds[0] === messageId)
    const measure = kind === 'remove_message' ? 'remove' : 'label'
    const orders = this.oracle.ordersOn(measure, messageId)
    expect(orders.length).toBe(same.length)
    return orders[same.findIndex((one) => one.directiveId === directiveId)]!
  }

  private assertUndone({ undoes, covers, directiveId }: Appeal): void {
    for (const id of undoes) {
      const { state, strikeIds } = this.world.decisions.get(id)!
      expect(state).toBe('reversed')
      for (const strikeId of strikeIds) expect(this.world.strikes.get(strikeId)!.reversedAt).not.toBeNull()
    }
    if (covers.length > 0) this.assertNothingOf([directiveId])
    const standing = this.inForce()
    for (const one of standing.filter(({ decisionId }) => undoes.includes(decisionId!))) {
      const others = this.all().filter(
        (other) => other.state === 'in_force' && other.directiveIds.includes(one.directiveId),
      )
      expect(others.length).toBeGreaterThan(0)
    }
  }

  private assertNothingOf(directiveIds: readonly string[]): void {
    expect(this.inForce().filter(({ directiveId }) => directiveIds.includes(directiveId))).toEqual([])
  }

  inForce() {
    const undone = new Set(this.world.directives.map(({ reverses }) => reverses))
    return this.world.directives.filter(
      ({ directiveId, reverses, until }) =>
        !reverses && !undone.has(directiveId) && (!until || Date.parse(until) > this.now.getTime()),
    )
  }

  private onMessages(kind: string): string[] {
    const standing = this.inForce().filter((one) => one.kind === kind)
    return standing.flatMap(({ messageIds }) => messageIds).sort()
  }

  assertSound(): void {
    const { world, oracle } = this
    expect(this.onMessages('remove_message')).toEqual(oracle.on('remove'))
    expect(this.onMessages('label_message')).toEqual(oracle.on('label'))
    const strikes = [...world.strikes.values()]
    const reversed = new Map(strikes.map((one) => [one.messageId, one.reversedAt !== null]))
    expect(new Map([...reversed].sort())).toEqual(new Map([...oracle.strikes].sort()))
    const points = strikes
      .filter((one) => !oracle.strikes.get(one.messageId))
      .map((one) => POINTS[one.severity]!)
    const sum = points.reduce((all, one) => all + one, 0)
    expect([world.state!.points, world.state!.level]).toEqual([sum, levelOf(sum)])
    this.assertStatements()
    this.assertStepsRest()
  }

  /** Each decision has one statement of its own for each directive in force that it stands on, and each a link of its own. */
  private assertStatements(): void {
    const { statements } = this.world
    expect(new Set(statements.map(({ statementId }) => statementId)).size).toBe(statements.length)
    expect(new Set(statements.map(({ redress }) => redress.appealUrl)).size).toBe(statements.length)
    const standing = this.inForce()
    for (const one of this.all().filter(({ state }) => state === 'in_force')) {
      if (one.measure === 'none' || isPaused(one)) continue
      const own = standing.filter(({ directiveId }) => one.directiveIds.includes(directiveId))
      const onMessage = one.measure === 'remove' || one.measure === 'label'
      expect(own.length).toBe(onMessage ? one.messages.length : 1)
      for (const { directiveId } of own) {
        const about = statements.filter(
          (other) =>
            other.decisionId === one.decisionId && other.directiveId === directiveId && !other.reverses,
        )
        expect(about.length).toBe(1)
        expect(about[0]!.redress.appealUrl).not.toBe('')
      }
    }
  }

  /** No step of the ladder stays whose level what is left has not reached at any instant since. */
  private assertStepsRest(): void {
    const left = [...this.world.strikes.values()].filter((one) => !this.oracle.strikes.get(one.messageId))
    const graver = this.world.state!.steps.filter(
      ({ state, measure }) => (state === 'in_force' || state === 'held') && measure !== 'warn',
    )
    for (const step of graver) {
      const instants = [step.at, ...left.map(({ at }) => at).filter((at) => at > step.at)]
      const reached = instants.map((instant) =>
        levelOf(left.filter(({ at }) => at <= instant).reduce((sum, one) => sum + POINTS[one.severity]!, 0)),
      )
      expect(Math.max(...reached)).toBeGreaterThanOrEqual(step.level)
    }
  }
}

function isServed(lesser: DecisionRecord, wasInForce: boolean, now: Date): boolean {
  return lesser.measure !== 'none' && (!wasInForce || (lesser.until !== null && lesser.until <= now))
}

function levelOf(points: number): number {
  return THRESHOLDS.filter((threshold) => points >= threshold).length
}

describe('an account whose decisions are objected to', { timeout: 600_000 }, () => {
  it('stands where an oracle says, whatever is appealed, shared, reversed and decided again', () => {
    let settled = 0
    let shared = 0
    fc.assert(
      fc.property(histories, ({ ofReach, seeds }) => {
        const account = new Objected(ofReach)
        for (const one of seeds) {
          account.happen(one)
          account.assertSound()
        }
        settled += account.appeals.filter(({ state }) => state !== 'open').length
        shared += account.appeals.filter(({ covers }) => covers.length > 1).length
        // All that appeals came to, asked for once more at the end.
        for (const appeal of account.appeals) expect(account.changeFor(appeal)).toBeNull()
      }),
      { numRuns: RUNS },
    )
    // Histories say little in which nothing is objected to, or nothing is shared.
    expect(settled).toBeGreaterThan(RUNS / 10)
    expect(shared).toBeGreaterThan(RUNS / 100)
  })

  it('ends the same whichever of two appeals with nothing in common is granted first', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 9 * DAY }), ({ ofReach, seeds }, gap) => {
        const ends = [false, true].map((turned) => {
          const account = new Objected(ofReach)
          for (const one of seeds) account.happen(one)
          return account.grantBoth(gap, turned)
        })
        // One history in sixteen ends with two such appeals; the others are drawn again.
        fc.pre(ends[0] !== null)
        expect(ends[0]).toEqual(ends[1])
      }),
      { numRuns: Math.ceil(RUNS / 25), maxSkipsPerRun: 1_000 },
    )
  })

  it('ends the same whichever of two decisions on one message came first', () => {
    fc.assert(
      fc.property(
        fc.tuple(severity, severity),
        fc.constantFrom<Measure>('remove', 'label'),
        fc.constantFrom<Outcome>('granted', 'partly_granted', 'upheld'),
        fc.nat(1),
        fc.boolean(),
        (severities, measure, outcome, pick, late) => {
          const ends = [severities, severities.toReversed()].map((inOrder) => {
            const account = new Objected(false)
            for (const grave of inOrder)
              account.happen({
                seed: { what: 'decision', messages: [1], severity: grave, measure },
                gap: HOUR,
              })
            account.happen({ seed: { what: 'appeal', pick }, gap: HOUR })
            if (late) account.happen({ seed: { what: 'late', pick: 0 }, gap: HOUR })
            account.happen({ seed: { what: 'end', pick: 0, outcome, measure: 'none' }, gap: HOUR })
            account.assertSound()
            return account.onTheMessage()
          })
          expect(ends[0]).toEqual(ends[1])
        },
      ),
      { numRuns: LONG ? RUNS : 100 },
    )
  })
})
