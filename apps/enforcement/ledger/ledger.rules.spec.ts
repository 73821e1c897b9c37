import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { Policy } from '#libs/policy/policy-document'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import type { DecisionRecord } from './decisions/decision.js'
import { type AccountChange, type AccountFacts, ArchivedStrikesNeeded } from './account-draft.rules.js'
import { AccountWorld, SPEC_POLICY } from './account-world.fixture.js'
import {
  applyApproval,
  applyDecision,
  applyRefusal,
  applyReversal,
  applyTime,
} from './apply-decision.rules.js'
import { applyReports } from './apply-notice.rules.js'
import { applyVerdicts, type VerdictFact } from './apply-verdicts.rules.js'
import {
  GRAVITY,
  LedgerOracle,
  type Happening,
  type PersonsMeasure,
  type Reference,
  type Severity,
  type Standing,
} from './ledger-oracle.fixture.js'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const START = Date.parse('2026-11-01T00:00:00Z')
const RUNS = propertyRuns(2_000)
const reasons = { zh: '理由', en: 'reasons' }

/** A later policy: other points, another life of strikes. */
const OTHER_POLICY: Policy = {
  ...SPEC_POLICY,
  strikes: { ...SPEC_POLICY.strikes, points: { 1: 2, 2: 3, 3: 5, 4: 9 }, expiresAfter: 60 * DAY },
}

// ---- histories ----

type Seed =
  | { what: 'verdict'; message: number; severity: Severity; act: boolean; sweep: boolean; policy: '1' | '2' }
  | {
      what: 'decision'
      message: number
      measure: PersonsMeasure
      severity: Severity
      urgent: boolean
      days: number | null
    }
  | { what: 'reversal' | 'answer'; pick: number; approve: boolean }
  /** Of what a test did to the message apart. */
  | { what: 'undo' | 'nothing' }

interface Sown {
  seed: Seed
  gap: number
}

const MESSAGES = 9
/** This one is touched only where a test says so. */
const APART = MESSAGES
const message = fc.nat(4)
/** More of them, where an account is to have many strikes. */
const manyMessages = fc.nat(MESSAGES - 1)
const severity = fc.constantFrom<Severity[]>(1, 1, 2, 3, 4, 4)
const gap = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 1_440 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_440, max: 3 * 1_440 }) },
  { weight: 2, arbitrary: fc.integer({ min: 3 * 1_440, max: 9 * 1_440 }) },
  { weight: 1, arbitrary: fc.integer({ min: 9 * 1_440, max: 100 * 1_440 }) },
)
const verdictSeed: fc.Arbitrary<Extract<Seed, { what: 'verdict' }>> = fc.record({
  what: fc.constant('verdict' as const),
  message,
  severity,
  act: fc.constantFrom(true, true, true, false),
  sweep: fc.constantFrom(false, false, false, false, true),
  policy: fc.constantFrom('1', '1', '2'),
})
const decisionSeed: fc.Arbitrary<Extract<Seed, { what: 'decision' }>> = fc.record({
  what: fc.constant('decision' as const),
  message,
  measure: fc.constantFrom('label', 'warn', 'remove', 'limit', 'suspend', 'ban'),
  severity,
  urgent: fc.boolean(),
  days: fc.option(fc.integer({ min: 1, max: 20 }), { nil: null }),
})
const laterSeed: fc.Arbitrary<Seed> = fc.record({
  what: fc.constantFrom('reversal', 'answer'),
  pick: fc.nat(),
  approve: fc.constantFrom(true, true, true, false),
})
const sown: fc.Arbitrary<Sown> = fc.record({
  seed: fc.oneof(
    { weight: 8, arbitrary: verdictSeed },
    { weight: 3, arbitrary: decisionSeed },
    { weight: 4, arbitrary: laterSeed },
    { weight: 1, arbitrary: fc.constant<Seed>({ what: 'nothing' }) },
  ),
  gap,
})
const account = fc.record({
  ofReach: fc.constantFrom(false, false, true),
  /** Days between the sending of a message and the first that is said of it. */
  ages: fc.array(fc.constantFrom(0, 0, 0, 29, 31), { minLength: MESSAGES + 1, maxLength: MESSAGES + 1 }),
})

interface History {
  ofReach: boolean
  sentAt: (message: number) => number
  happenings: Happening[]
  end: number
}

/** Turns seeds into what happened: each at an instant of its own, people acting on what there is at that instant. */
function historyOf(
  { ofReach, ages }: { ofReach: boolean; ages: number[] },
  seeds: readonly Sown[],
  quietDays: number,
): History {
  const first = new Map<number, number>()
  const sentAt = (of: number): number => (first.get(of) ?? START) - ages[of]! * DAY
  const oracle = new LedgerOracle(ofReach, sentAt)
  const happenings: Happening[] = []
  let now = START
  seeds.forEach(({ seed, gap: minutes }, i) => {
    now += minutes * MINUTE
    // Instants differ by their milliseconds, so that no clock ever strikes with something else.
    const at = now + i + 1
    oracle.happen({ what: 'nothing', at })
    if (seed.what === 'verdict' && !first.has(seed.message)) first.set(seed.message, at)
    const happening = happeningOf(seed, i, at, oracle, first)
    oracle.happen(happening)
    happenings.push(happening)
  })
  return { ofReach, sentAt, happenings, end: now + quietDays * DAY + 999 }
}

function happeningOf(
  seed: Seed,
  i: number,
  at: number,
  oracle: LedgerOracle,
  seen: ReadonlyMap<number, number>,
): Happening {
  const nothing = { what: 'nothing', at } as const
  switch (seed.what) {
    case 'verdict': {
      const { act, message: of, severity: grave, sweep, policy } = seed
      const outcome = act ? 'act' : 'review'
      return { what: 'verdict', id: `v${i}`, at, message: of, severity: grave, outcome, sweep, policy }
    }
    case 'decision': {
      if (!seen.has(seed.message)) return nothing
      const { measure, days } = seed
      const until = days !== null && ['warn', 'limit', 'suspend'].includes(measure) ? at + days * DAY : null
      const { message: of } = seed
      const urgent = seed.urgent && measure === 'ban'
      const grave = urgent ? 4 : seed.severity
      return { what: 'decision', id: `d${i}`, at, message: of, measure, severity: grave, urgent, until }
    }
    case 'reversal': {
      const all = oracle.reversible()
      return all.length === 0 ? nothing : { what: 'reversal', at, of: all[seed.pick % all.length]!.ref }
    }
    case 'answer': {
      const all = oracle.held()
      const one = all[seed.pick % all.length]
      if (!one) return nothing
      return { what: seed.approve && one.needsApproval ? 'approval' : 'refusal', at, of: one.ref }
    }
    case 'undo': {
      const done = oracle.reversible().find((one) => one.message === APART && one.ref.kind !== 'step')
      if (done) return { what: 'reversal', at, of: done.ref }
      const held = oracle.held().find((one) => one.message === APART && one.ref.kind !== 'step')
      return held ? { what: 'refusal', at, of: held.ref } : nothing
    }
    case 'nothing':
      return nothing
  }
}

function oracleOf({ ofReach, sentAt, happenings }: History): LedgerOracle {
  const oracle = new LedgerOracle(ofReach, sentAt)
  for (const happening of happenings) oracle.happen(happening)
  return oracle
}

// ---- the rules, driven ----

interface About {
  messageIds?: string[]
  decisionIds?: string[]
}

class Ledger {
  readonly world: AccountWorld
  /** The most strikes that were archived at once. */
  mostArchived = 0

  /** In every other history strikes are archived as soon as they may be. */
  constructor(
    private readonly history: Pick<History, 'ofReach' | 'sentAt' | 'happenings'>,
    archiving = history.happenings.length % 2 === 0 ? { over: 0, times: 1 } : { over: 32, times: 2 },
  ) {
    this.world = new AccountWorld(
      'enforce',
      new Map([
        ['1', SPEC_POLICY],
        ['2', OTHER_POLICY],
      ]),
      archiving,
    )
  }

  /** Makes a change from what is read with the account in production; from all its strikes where those are needed. */
  private change(at: number, about: About, make: (facts: AccountFacts) => AccountChange): void {
    const facts = this.facts(at, about)
    try {
      this.world.apply(make(facts))
    } catch (error) {
      if (!(error instanceof ArchivedStrikesNeeded)) throw error
      this.world.apply(make({ ...facts, strikes: this.world.facts.strikes, areAll: true }))
    }
    const archived = [...this.world.strikes.values()].filter((strike) => strike.archived).length
    this.mostArchived = Math.max(this.mostArchived, archived)
  }

  /** What is read with the account in production, and no more. */
  private facts(at: number, about: About): AccountFacts {
    const { facts } = this.world
    const { steps = [], decided = [] } = facts.state ?? {}
    const needed = new Set([
      ...steps.filter(({ state }) => state === 'in_force' || state === 'held').map((step) => step.decisionId),
      ...decided.map((measure) => measure.decisionId),
      ...(about.decisionIds ?? []),
    ])
    const decisions = facts.decisions.filter(({ decisionId }) => needed.has(decisionId))
    const held = decisions.flatMap(({ state, messages }) => (state === 'held' ? messages : []))
    const messageIds = new Set([...(about.messageIds ?? []), ...held.map(({ messageId }) => messageId)])
    const archived = facts.strikes
      .filter((strike) => strike.archived === 'counting')
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
    const lapsing = archived.slice(0, 1).filter(({ expiresAt }) => expiresAt.getTime() <= at)
    const isDue = (facts.state?.archived.nextExpiresAt?.getTime() ?? Infinity) <= at
    return {
      ...facts,
      strikes: facts.strikes.filter(
        (strike) =>
          !strike.archived || messageIds.has(strike.messageId) || (isDue && lapsing.includes(strike)),
      ),
      ...(isDue ? { nextArchivedExpiry: archived[lapsing.length]?.expiresAt ?? null } : {}),
      decisions,
      messages: facts.messages.filter(({ messageId }) => messageIds.has(messageId)),
    }
  }

  /** The clock rings when it was asked to. */
  ring(to: number): void {
    for (
      let due = this.world.state?.nextDueAt;
      due && due.getTime() <= to;
      due = this.world.state!.nextDueAt
    ) {
      this.time(due.getTime())
    }
  }

  time(at: number): void {
    if (this.world.state) this.change(at, {}, (facts) => applyTime(facts, this.world.context(new Date(at))))
  }

  /** Verdicts that are there already are left out, as by whoever calls the rules. */
  judge(verdicts: readonly Extract<Happening, { what: 'verdict' }>[], now: number): void {
    const fresh = new Map(
      verdicts.filter(({ id }) => !this.world.entries.has(id)).map((one) => [one.id, one]),
    )
    if (fresh.size === 0) return
    const facts = [...fresh.values()].map((one) => this.factOf(one))
    const messageIds = facts.map((fact) => fact.messageId)
    this.change(now, { messageIds }, (of) => applyVerdicts(of, facts, this.world.context(new Date(now))))
  }

  act(it: Exclude<Happening, { what: 'verdict' }>): void {
    const { world } = this
    const now = new Date(it.at)
    const step = { by: 'senior', at: now, reasons }
    switch (it.what) {
      case 'nothing':
        return this.time(it.at)
      case 'decision': {
        const caseId = world.state!.openCase?.caseId ?? world.state!.automatedCaseId ?? 'c0'
        const decision = {
          decisionId: it.id,
          caseId,
          measure: it.measure,
          clause: it.urgent ? 'c.urgent' : `c.${it.severity}`,
          reasons,
          messages: [
            {
              messageId: `m${it.message}`,
              sentAt: new Date(this.history.sentAt(it.message)),
              receivedUnder: '1',
            },
          ],
          verdictIds: [],
          detectors: [],
          until: it.until === null ? null : new Date(it.until),
          notBefore: null,
        }
        this.change(it.at, { messageIds: [`m${it.message}`] }, (facts) =>
          applyDecision(facts, decision, world.context(now, 'mod')),
        )
        this.deliver(it.id, it.at)
        return
      }
      case 'reversal': {
        const { decisionId, directiveIds } = this.find(it.of)
        const others = [...world.decisions.values()].filter(
          (other) => other.decisionId !== decisionId && other.state === 'in_force',
        )
        const shared = new Set(
          others.flatMap((other) => other.directiveIds).filter((id) => directiveIds.includes(id)),
        )
        this.change(it.at, this.about(it.of), (facts) =>
          applyReversal({ ...facts, shared }, decisionId, step, world.context(now, 'senior')),
        )
        return
      }
      case 'approval':
        this.change(it.at, this.about(it.of), (facts) =>
          applyApproval(facts, this.find(it.of).decisionId, step, world.context(now, 'senior')),
        )
        return
      case 'refusal':
        this.change(it.at, this.about(it.of), (facts) =>
          applyRefusal(facts, this.find(it.of).decisionId, step, world.context(now, 'senior')),
        )
    }
  }

  /** The notice of an intended ban arrives at once. */
  private deliver(decisionId: string, at: number): void {
    const { intent, messages } = this.world.decisions.get(decisionId)!
    if (!intent) return
    const { noticeId } = intent
    const report: DeliveryReport = {
      noticeId,
      deliveryId: 'dl',
      channel: 'webhook',
      state: 'delivered',
      at: new Date(at).toISOString(),
    }
    const about = { decisionIds: [decisionId], messageIds: messages.map(({ messageId }) => messageId) }
    const now = this.world.context(new Date(at))
    this.change(at, about, (facts) => applyReports(facts, new Map([[decisionId, [report]]]), now)!)
  }

  private about(ref: Reference): About {
    const { decisionId, messages } = this.find(ref)
    return { decisionIds: [decisionId], messageIds: messages.map(({ messageId }) => messageId) }
  }

  /** Everything, as it happened. */
  live(happenings: readonly Happening[]): this {
    for (const it of happenings) {
      this.ring(it.at)
      if (it.what === 'verdict') this.judge([it], it.at)
      else this.act(it)
    }
    return this
  }

  find(ref: Reference): DecisionRecord {
    const all = [...this.world.decisions.values()]
    switch (ref.kind) {
      case 'person':
        return all.find((decision) => decision.decisionId === ref.id)!
      case 'removal':
        return all.filter(
          ({ automated, stepId, messages }) =>
            automated && stepId === null && messages[0]!.messageId === `m${ref.message}`,
        )[ref.nth]!
      case 'step':
        return all.find(({ stepId, messages }) => stepId && messages[0]!.messageId === `m${ref.message}`)!
    }
  }

  /** Where the account stands by what its platform was told and what the ledger holds. */
  standing(at: number): Standing {
    this.ring(at)
    this.time(at)
    const { world } = this
    const undone = new Set(world.directives.map((directive) => directive.reverses))
    const inForce = world.directives.filter(
      ({ directiveId, reverses, until }) =>
        !reverses && !undone.has(directiveId) && (!until || Date.parse(until) > at),
    )
    const lasting = inForce
      .filter(({ kind }) => ['limit_account', 'suspend_account', 'ban_account'].includes(kind))
      .map(
        ({ kind, until }) =>
          [kind.split('_')[0]!, until ? Date.parse(until) : null] as [string, number | null],
      )
      .sort(
        (a, b) => GRAVITY.indexOf(b[0]) - GRAVITY.indexOf(a[0]) || (b[1] ?? Infinity) - (a[1] ?? Infinity),
      )
    return {
      points: world.state?.points ?? 0,
      level: world.state?.level ?? 0,
      status: world.state?.status ?? 'active',
      strikes: [...world.strikes.values()]
        .map((strike) => ({
          message: Number(strike.messageId.slice(1)),
          at: strike.at.getTime(),
          points: strike.points,
          expires: strike.expiresAt.getTime(),
          reversed: strike.reversedAt?.getTime() ?? null,
        }))
        .sort((a, b) => a.message - b.message),
      removed: inForce
        .filter(({ kind }) => kind === 'remove_message')
        .map(({ messageIds }) => Number(messageIds[0]!.slice(1)))
        .sort((a, b) => a - b),
      gravest: lasting[0] ?? null,
    }
  }

  orders(): string[] {
    return this.world.directives.map(({ kind, issuedAt, messageIds, until }) => {
      const about = kind.endsWith('_message')
        ? ` ${messageIds[0]!.slice(1)}`
        : kind.endsWith('_account')
          ? ` ${until ? Date.parse(until) : null}`
          : ''
      return `${Date.parse(issuedAt)} ${kind}${about}`
    })
  }

  private factOf(it: Extract<Happening, { what: 'verdict' }>): VerdictFact {
    const { severity: grave, outcome } = it
    const category = {
      category: 'fraud',
      clause: `c.${grave}`,
      score: 0.9,
      outcome,
      severity: grave,
      signals: [],
    }
    return {
      verdictId: it.id,
      messageId: `m${it.message}`,
      outcome,
      mode: it.sweep ? 'sweep:c1' : 'live',
      categories: [category],
      policyVersion: it.policy,
      receivedAt: new Date(it.at),
      sentAt: new Date(this.history.sentAt(it.message)),
      language: null,
      account: this.history.ofReach ? null : { followers: 10 },
    }
  }
}

const histories = (seed: fc.Arbitrary<Sown> = sown): fc.Arbitrary<History> =>
  fc
    .tuple(account, fc.array(seed, { minLength: 1, maxLength: 12 }), fc.integer({ min: 0, max: 100 }))
    .map(([of, seeds, quiet]) => historyOf(of, seeds, quiet))

/** Of accounts with many grave messages: few strikes decide what follows, the others are archived. */
const loud: fc.Arbitrary<Sown> = fc.record({
  seed: fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(verdictSeed, manyMessages, fc.constantFrom<Severity[]>(3, 4, 4, 4))
        .map(([seed, of, grave]) => ({ ...seed, message: of, severity: grave, act: true })),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(decisionSeed, manyMessages).map(([seed, of]) => ({ ...seed, message: of })),
    },
    { weight: 2, arbitrary: laterSeed },
  ),
  gap: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 600 }) }, { weight: 1, arbitrary: gap }),
})
const loudHistories = fc
  .tuple(
    account,
    fc.array(loud, { minLength: 8, maxLength: 24, size: 'max' }),
    fc.integer({ min: 0, max: 100 }),
  )
  .map(([of, seeds, quiet]) => historyOf(of, seeds, quiet))

const STATUSES = ['active', 'warned', 'limited', 'suspended', 'banned']

// ---- late, often and mixed up ----

/** Records are kept for three days, so none comes later than that (docs/adr/0041: a correction after weeks may end a measure early). */
const RETENTION = 3 * DAY

/**
 * People act on what they have seen: a verdict comes no later than what people do about its message next, and a step of the
 * ladder is not reversed here, for it may be another strike's when facts come in another order.
 */
function latest(history: History, i: number): number {
  const { happenings } = history
  const { message: of, at } = happenings[i] as Extract<Happening, { what: 'verdict' }>
  const next = happenings.findIndex((it, j) => j > i && touches(it, of, happenings))
  const tooLate = happenings.findIndex((it) => it.at > at + RETENTION)
  return Math.min(next === -1 ? happenings.length : next, tooLate === -1 ? happenings.length : tooLate - 1)
}

function touches(it: Happening, of: number, happenings: readonly Happening[]): boolean {
  if (it.what === 'decision') return it.message === of
  if (it.what !== 'reversal') return false
  const { of: ref } = it
  if (ref.kind !== 'person') return ref.message === of
  return happenings.some((made) => made.what === 'decision' && made.id === ref.id && made.message === of)
}

/** The decisions of people on the account itself that were reversed. */
function undoneMeasures({ happenings }: History): Set<string> {
  const reversed = new Set(
    happenings.flatMap((it) => (it.what === 'reversal' && it.of.kind === 'person' ? it.of.id : [])),
  )
  const onMessages: PersonsMeasure[] = ['label', 'remove']
  return new Set(
    happenings.flatMap((it) =>
      it.what === 'decision' && reversed.has(it.id) && !onMessages.includes(it.measure) ? it.id : [],
    ),
  )
}

/**
 * Lets each verdict come after up to as many others as `delays` says, the last an hour after all, some twice; `silent`: the
 * clock does not ring.
 */
function disturb(
  ledger: Ledger,
  history: History,
  delays: readonly number[],
  order: readonly number[],
  silent: boolean,
): void {
  const { happenings, end } = history
  type VerdictHappening = Extract<Happening, { what: 'verdict' }>
  const due = new Map<number, VerdictHappening[]>()
  const known: VerdictHappening[] = []
  happenings.forEach((it, i) => {
    if (it.what !== 'verdict') return
    const to = Math.min(latest(history, i), i + delays[i % delays.length]!)
    due.set(to, [...(due.get(to) ?? []), it])
  })
  for (let i = 0; i <= happenings.length; i++) {
    const it = happenings[i]
    const now = it?.at ?? Math.min(end, happenings[i - 1]!.at + 60 * MINUTE)
    if (!silent) ledger.ring(now)
    const late = due.get(i) ?? []
    // A verdict that is not late comes at its own place, with those that waited for it.
    const batch = it?.what === 'verdict' && late.includes(it) ? late : late.filter((one) => one !== it)
    known.push(...batch)
    const repeats = known.filter((_, j) => order[(i + j) % order.length]! % 5 === 0)
    const mixed = [...batch, ...repeats]
      .map((one, j) => ({ one, rank: order[(i + j) % order.length]! }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one)
    const cut = order[i % order.length]! % (mixed.length + 1)
    ledger.judge(mixed.slice(0, cut), now)
    ledger.judge(mixed.slice(cut), now)
    if (it && it.what !== 'verdict') ledger.act(it)
  }
}

const shortGap = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 600, max: 2 * 1_440 }))
const seedOnly = (pick: (seed: Seed) => boolean) => sown.filter(({ seed }) => pick(seed))
const disturbances = fc
  .record({
    // Messages are young or old whatever revision comes first: else there is another decision to reverse.
    of: account.map(({ ages }) => ({ ages: ages.map((age) => (age > 30 ? age : 0)), ofReach: false })),
    seeds: fc.array(
      fc
        .tuple(
          seedOnly((seed) => seed.what !== 'answer' && !(seed.what === 'decision' && seed.measure === 'ban')),
          shortGap,
        )
        .map(([{ seed }, minutes]) => ({ seed, gap: minutes })),
      { minLength: 1, maxLength: 10 },
    ),
    quiet: fc.integer({ min: 0, max: 20 }),
    delays: fc.array(fc.nat(8), { minLength: 1, maxLength: 10 }),
    order: fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
    silent: fc.boolean(),
  })
  .map(({ of, seeds, quiet, ...how }) => ({ history: historyOf(of, seeds, quiet), ...how }))
  .filter(
    ({ history: { happenings } }) =>
      !happenings.some((it) => it.what === 'reversal' && it.of.kind === 'step') &&
      // A sweep that finds the message removed decides nothing that could be reversed.
      !(
        happenings.some((it) => it.what === 'reversal') &&
        happenings.some((it) => it.what === 'verdict' && it.sweep)
      ),
  )

// ---- as if it had never been ----

/** Not what picks from what there is: there is more with the decision than without. */
const newcomer = seedOnly(({ what }) => what !== 'reversal' && what !== 'answer')
const intrusions = fc.record({
  of: account,
  before: fc.array(sown, { maxLength: 4 }),
  meanwhile: fc.array(newcomer, { maxLength: 3 }),
  after: fc.array(newcomer, { maxLength: 4 }),
  decision: fc.oneof(
    fc.record({ seen: verdictSeed.map((seed) => ({ ...seed, act: true })), made: fc.constant(null) }),
    fc.record({ seen: verdictSeed.map((seed) => ({ ...seed, act: false })), made: decisionSeed }),
  ),
  quiet: fc.integer({ min: 0, max: 100 }),
})

/** What holds of any account at any time, whatever happened. */
function assertSound(ledger: Ledger, { ofReach }: History): void {
  const { decisions, directives, events, notices, statements, strikes } = ledger.world
  // One message, one strike; each belongs to one decision, by which it can be undone.
  expect(new Set([...strikes.values()].map(({ messageId }) => messageId)).size).toBe(strikes.size)
  const owned = [...decisions.values()].flatMap(({ strikeIds }) => strikeIds)
  expect(owned.sort()).toEqual([...strikes.keys()].sort())
  // Nothing twice.
  for (const ids of [
    directives.map(({ directiveId }) => directiveId),
    statements.map(({ statementId }) => statementId),
    notices.map(({ noticeId }) => noticeId),
    events.map(({ eventId }) => eventId),
  ]) {
    expect(new Set(ids).size).toBe(ids.length)
  }
  const undoing = directives.flatMap(({ reverses }) => reverses ?? [])
  // Each decision has a statement for each directive that it stands on, and each end of one has.
  const stood = [...decisions.values()].flatMap(({ directiveIds }) => directiveIds)
  expect(statements.length).toBe(stood.length + undoing.length)
  expect(new Set(undoing).size).toBe(undoing.length)
  // People decide the grave things.
  for (const directive of directives) {
    const decision = decisions.get(directive.decisionId!)!
    if (directive.kind === 'ban_account') {
      expect([directive.automated, decision.by]).toEqual([false, 'mod'])
      const waited = Date.parse(directive.issuedAt) - decision.at.getTime()
      if (decision.clause !== 'c.urgent') expect(waited).toBeGreaterThanOrEqual(3 * DAY)
    }
    if (ofReach && ['ban_account', 'suspend_account'].includes(directive.kind)) {
      expect(decision.approval?.by).toBe('senior')
    }
    if (directive.automated && directive.kind === 'suspend_account') {
      expect(Date.parse(directive.until!) - Date.parse(directive.issuedAt)).toBeLessThanOrEqual(7 * DAY)
    }
  }
}

/** Fails with both sides; far cheaper than an assertion where they are the same, as they should be. */
function assertSame(got: unknown, wanted: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) expect(got).toEqual(wanted)
}

describe('the ledger of an account', () => {
  it('orders what an oracle orders, to the instant, and stands where it says', { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const oracle = oracleOf(history)
        const ledger = new Ledger(history).live(history.happenings)
        assertSame(ledger.standing(history.end), oracle.standing(history.end))
        assertSame(ledger.orders().sort(), [...oracle.orders].sort())
        assertSound(ledger, history)
      }),
      { numRuns: RUNS },
    )
  })

  it('is the same whether strikes that decide nothing are archived or not', { timeout: 300_000 }, () => {
    let archived = 0
    fc.assert(
      fc.property(loudHistories, (history) => {
        const oracle = oracleOf(history)
        const ledger = new Ledger(history, { over: 0, times: 1 }).live(history.happenings)
        assertSame(ledger.standing(history.end), oracle.standing(history.end))
        assertSame(ledger.orders().sort(), [...oracle.orders].sort())
        assertSound(ledger, history)
        const expired = ledger.world.events.filter(({ kind }) => kind === 'strike.expired').length
        const over = [...ledger.world.strikes.values()].filter(
          ({ expiresAt, reversedAt }) => !reversedAt && expiresAt.getTime() <= history.end,
        )
        expect(expired).toBeGreaterThanOrEqual(over.length)
        if (ledger.mostArchived > 0) archived++
      }),
      { numRuns: Math.ceil(RUNS / 4) },
    )
    expect(archived).toBeGreaterThan(RUNS / 20)
  })

  it('ends the same however late, often and mixed up verdicts become known', { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(disturbances, ({ history, delays, order, silent }) => {
        const oracle = oracleOf(history)
        const ledger = new Ledger(history)
        disturb(ledger, history, delays, order, silent)
        const got = ledger.standing(history.end)
        const wanted = oracle.standing(history.end)
        const { gravest, status, ...ledgerOf } = got
        const { gravest: wantedGravest, status: wantedStatus, ...wantedLedger } = wanted
        assertSame(ledgerOf, wantedLedger)
        const undone = undoneMeasures(history)
        if (undone.size === 0) assertSame([gravest?.[0], status], [wantedGravest?.[0], wantedStatus])
        else {
          // What a reversed measure had made needless is not made up for, but what comes to be known only then is not let off.
          const happenings = history.happenings.map((it): Happening => {
            const of =
              it.what === 'decision'
                ? it.id
                : it.what === 'reversal' && it.of.kind === 'person'
                  ? it.of.id
                  : ''
            return undone.has(of) ? { what: 'nothing', at: it.at } : it
          })
          const never = oracleOf({ ...history, happenings }).standing(history.end).status
          const gravity = Math.max(STATUSES.indexOf(wantedStatus), STATUSES.indexOf(never))
          expect(STATUSES.indexOf(status)).toBeLessThanOrEqual(gravity)
        }
        assertSound(ledger, history)
      }),
      { numRuns: RUNS },
    )
  })

  it(
    'is left by a reversed decision as if that had never been, but for the trace',
    { timeout: 300_000 },
    () => {
      fc.assert(
        fc.property(intrusions, ({ before, meanwhile, after, decision, of, quiet }) => {
          const seen: Sown = { gap: 1, seed: { ...decision.seen, message: APART } }
          const made: Sown[] = decision.made ? [{ gap: 1, seed: { ...decision.made, message: APART } }] : []
          const undone: Sown = { gap: 1, seed: { what: 'undo' } }
          const calm = (sown: readonly Sown[]): Sown[] =>
            sown.map(() => ({ gap: 1, seed: { what: 'nothing' } }))
          const unseen: Sown = { gap: 1, seed: { ...decision.seen, act: false, message: APART } }
          const rest = [...before, decision.made ? seen : unseen]
          const withIt = historyOf(of, [...before, seen, ...made, ...meanwhile, undone, ...after], quiet)
          const without = historyOf(
            of,
            [...rest, ...calm(made), ...meanwhile, ...calm([undone]), ...after],
            quiet,
          )
          const ledger = new Ledger(withIt).live(withIt.happenings)
          const never = new Ledger(without).live(without.happenings)
          const got = ledger.standing(withIt.end)
          const wanted = never.standing(without.end)
          const others = (strikes: Standing['strikes']): unknown =>
            strikes.filter((one) => one.message !== APART)
          assertSame(
            [got.points, others(got.strikes), got.removed],
            [wanted.points, others(wanted.strikes), wanted.removed],
          )
          if (meanwhile.length === 0) {
            assertSame([got.level, got.status, got.gravest], [wanted.level, wanted.status, wanted.gravest])
          } else {
            // A step stands where what is left reaches its level too, also while the graver step of that is held.
            const waits = [...never.world.decisions.values()].some(({ stepId, hold }) => stepId && hold)
            const most = Math.max(STATUSES.indexOf(wanted.status), waits ? Math.min(wanted.level, 3) : 0)
            expect(STATUSES.indexOf(got.status)).toBeLessThanOrEqual(most)
          }
          const trace = [...ledger.world.decisions.values()].filter(({ messages }) => {
            return messages.some(({ messageId }) => messageId === `m${APART}`)
          })
          expect(trace.some(({ state }) => ['reversed', 'refused', 'lapsed'].includes(state))).toBe(true)
        }),
        { numRuns: RUNS },
      )
    },
  )
})
