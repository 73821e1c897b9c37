import type { Bilingual } from '#libs/contracts/directive'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { Measure, MeasuresInForce } from '#libs/contracts/measures-in-force'
import type { PlatformMode } from '#libs/contracts/platform'
import type { Outcome } from '#libs/contracts/verdict'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { withSpan } from '#libs/policy/archived-strikes'
import { RefusedError } from '#libs/runtime/errors'
import type { Strike } from '#libs/policy/ladder'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import { routeFor } from '#libs/policy/routing'
import type { CaseChange } from './cases/case.js'
import { heavier, weightOf } from './cases/case-priority.rules.js'
import type { DecisionRecord, DecisionStep } from './decisions/decision.js'
import { type PlatformDeadlines } from '../platforms/deadlines.rules.js'
import { eventOf, type EventFacts } from '../outbox/event.rules.js'
import { exonerationsBy } from './exonerations/exonerate.rules.js'
import type { Exoneration, HeldBack, JudgedText } from './exonerations/exoneration.js'
import { noticeOf } from '../outbox/notice.rules.js'
import type { PendingRecord } from '../outbox/pending.js'
import {
  newAccount,
  NONE_ARCHIVED,
  strikeIdOf,
  type AccountState,
  type CaseReason,
  type StrikeCause,
  type StrikeRecord,
} from './account-state.js'
import type { LedgerPending, LedgerWrite } from './ledger-write.js'
import { highestFollowers } from './followers.rules.js'
import { joinRisks, NO_RISK, type Risk, riskScore, withoutRisk } from './risk.rules.js'

/** What a change needs to know beside the account: the time, who makes it, the policies, the platform, how links are made. */
export interface ChangeContext {
  now: Date
  /** `system`, or the subject of the token. */
  actor: string
  /** The policy in force now; decisions of persons are made under it. */
  policy: Policy
  policyVersion: string
  /** Policies by version, as far as facts of this change and strikes of the account name them. */
  policies: ReadonlyMap<string, Policy>
  platform: { platformId: string; mode: PlatformMode; deadlines: PlatformDeadlines }
  appealUrl: (statementId: string, issuedAt: Date, expiresAt: Date) => string
  /** Where the owner of an account answers to an intended ban. */
  answerUrl: (decisionId: string, issuedAt: Date) => string
  /** Of the texts that the change judges, by `exonerationId`. */
  exonerations: ReadonlyMap<string, Exoneration>
  /** From more strikes than `over` on, those are archived beside which others count that reach the top `times` over. */
  archiving: { over: number; times: number }
}

/** What is in force on one message, from the directives on it. */
export interface MessageMeasures {
  messageId: string
  /** How often it was removed so far, and by which directive it is now. */
  removals: number
  removedBy: string | null
  labels: number
  labelledBy: string | null
}

/** Everything about an account that its rules read: the aggregate and what lies in collections of its own. */
export interface AccountFacts {
  platformId: string
  accountId: string
  /** Null: nothing is known of it yet. */
  state: AccountState | null
  /**
   * Its strikes, also those expired and reversed; of the archived ones at least those on messages that the change is about, and
   * those whose expiry is due. `areAll`: no archived one is missing.
   */
  strikes: readonly StrikeRecord[]
  areAll?: boolean
  /** When the first archived strike expires of which that is not due yet; absent where nobody looked. */
  nextArchivedExpiry?: Date | null
  /** The decisions behind its steps and decided measures, and any that the change is about. */
  decisions: readonly DecisionRecord[]
  /** Its highest counts of followers of the last days as all its messages told them, clear ones too, by UTC date. */
  reach?: Readonly<Record<string, number>>
  /** For the messages that the change is about. */
  messages: readonly MessageMeasures[]
  /** Directives of the decisions that the change undoes on which another decision in force also stands. */
  shared: ReadonlySet<string>
  /** The texts behind the decisions that the change undoes, by verdict; none where it undoes none. */
  judged?: ReadonlyMap<string, JudgedText>
}

/**
 * One change of one account in the making: rules read and change `state`, `strikes` and `decisions`, and say what is to be
 * ordered and told; `finish` gives it as one atomic update with its outbox. Pure: the same facts and context, the same result.
 */
export class AccountDraft {
  readonly key: string
  readonly before: AccountState | null
  readonly state: AccountState
  readonly strikes = new Map<string, StrikeRecord>()
  readonly decisions = new Map<string, DecisionRecord>()
  readonly messages = new Map<string, MessageMeasures>()
  /** Strikes as they were before an earlier cause of them became known. */
  readonly replaced: Strike[] = []

  /** Directives that stay when decisions of theirs are undone: another one in force also stands on them. */
  readonly shared: ReadonlySet<string>

  private readonly reach: Readonly<Record<string, number>>
  private readonly judged: ReadonlyMap<string, JudgedText>

  /** Strikes that were archived when the change began. */
  readonly wereArchived = new Map<string, 'counting' | 'expired'>()

  /** Strikes and decisions that were there when the change began. */
  private readonly known: ReadonlySet<string>
  private readonly touchedStrikes = new Set<string>()
  private readonly areAll: boolean
  private readonly touchedDecisions = new Set<string>()
  private readonly cases = new Map<string, CaseChange>()
  private readonly writes: LedgerWrite[] = []
  private readonly records: PendingRecord[] = []

  constructor(
    facts: AccountFacts,
    readonly context: ChangeContext,
  ) {
    this.key = accountKey(facts.platformId, facts.accountId)
    this.shared = facts.shared
    this.reach = facts.reach ?? {}
    this.judged = facts.judged ?? new Map()
    this.before = facts.state
    this.state = structuredClone(facts.state ?? newAccount(facts.platformId, facts.accountId, context.now))
    this.state.rev += 1
    this.state.updatedAt = context.now
    this.known = new Set([
      ...facts.strikes.map(({ strikeId }) => strikeId),
      ...facts.decisions.map(({ decisionId }) => decisionId),
    ])
    for (const strike of facts.strikes) this.strikes.set(strike.strikeId, { ...strike })
    for (const { strikeId, archived } of facts.strikes)
      if (archived) this.wereArchived.set(strikeId, archived)
    if (facts.nextArchivedExpiry !== undefined) this.state.archived.nextExpiresAt = facts.nextArchivedExpiry
    this.areAll = facts.areAll ?? false
    if (this.areAll) {
      for (const strike of this.strikes.values()) strike.archived = null
      this.state.archived = NONE_ARCHIVED
    }
    for (const decision of facts.decisions) this.decisions.set(decision.decisionId, structuredClone(decision))
    for (const message of facts.messages) this.messages.set(message.messageId, { ...message })
  }

  get now(): Date {
    return this.context.now
  }

  get subject(): string {
    return `account/${this.key}`
  }

  get followers(): number | null {
    return highestFollowers([this.state.followersByDay, this.reach], this.now)
  }

  get observed(): boolean {
    return this.context.platform.mode === 'observe'
  }

  /** The policy of a version that a fact or strike names. */
  policyOf(version: string): Policy {
    const policy = this.context.policies.get(version)
    if (!policy) throw new RangeError(`policy ${version} was not loaded`)
    return policy
  }

  messageMeasures(messageId: string): MessageMeasures {
    const known = this.messages.get(messageId)
    if (known) return known
    const fresh = { messageId, removals: 0, removedBy: null, labels: 0, labelledBy: null }
    this.messages.set(messageId, fresh)
    return fresh
  }

  // ---- telling ----

  event(kind: WeirEventKind, subject: string, cause: string | number, facts: EventFacts = {}): void {
    const { platformId, accountId } = this.state
    const value = eventOf(kind, subject, cause, this.now, this.context.actor, {
      platformId,
      accountId,
      ...facts,
    })
    this.records.push({ publish: 'event', value })
  }

  notify(template: string, about: string, data: Record<string, unknown>): void {
    const { platformId, accountId } = this.state
    const value = noticeOf(template, about, platformId, { platformId, accountId, ...data }, this.now)
    this.records.push({ publish: 'notice', value })
  }

  // ---- strikes ----

  /** The id of the one strike that a message can earn. */
  strikeIdOf(messageId: string): string {
    return strikeIdOf(this.state.platformId, this.state.accountId, messageId)
  }

  /**
   * Adds a cause to the strike of a message, and the strike if it has none. One that was reversed or has expired stays as it
   * is and still stands in the way of another (SPEC promise 8). Says whether the strike is new. `sign`: what the cause says of
   * the account, if anything; of a reversed strike it says nothing.
   */
  addCause(messageId: string, cause: StrikeCause, sign?: Risk): { strikeId: string; added: boolean } {
    const strikeId = this.strikeIdOf(messageId)
    const known = this.strikes.get(strikeId)
    if (known?.causes.some(({ causeId }) => causeId === cause.causeId)) return { strikeId, added: false }
    const causes = [...(known?.causes ?? []), cause].sort(byInstant).slice(0, MAX_CAUSES)
    const first = causes[0]!
    if (known && known.causes[0]!.causeId !== first.causeId && !known.reversedAt)
      this.replaced.push({ ...known })
    const counts = sign !== undefined && !known?.reversedAt
    if (counts) this.state.risk = joinRisks(this.state.risk, sign)
    const risk = counts ? joinRisks(known?.risk ?? NO_RISK, sign) : known?.risk
    this.strikes.set(strikeId, {
      strikeId,
      platformId: this.state.platformId,
      accountId: this.state.accountId,
      messageId,
      clause: first.clause,
      category: first.category,
      severity: first.severity,
      points: first.points,
      at: first.at,
      expiresAt: first.expiresAt,
      policyVersion: first.policyVersion,
      reversedAt: known?.reversedAt ?? null,
      reversedBy: known?.reversedBy ?? null,
      causes,
      archived: known?.archived ?? null,
      ...(risk ? { risk } : {}),
    })
    if (known?.causes[0]!.causeId !== first.causeId) this.restore(strikeId, known)
    this.touchedStrikes.add(strikeId)
    if (!known) this.event('strike.added', `strike/${strikeId}`, '', this.strikeFacts(strikeId))
    return { strikeId, added: !known }
  }

  reverseStrike(strikeId: string, at: Date, decisionId: string): void {
    const strike = this.strikes.get(strikeId)
    if (!strike || strike.reversedAt) return
    this.restore(strikeId, strike)
    strike.reversedAt = at
    strike.reversedBy = decisionId
    if (strike.risk) this.state.risk = withoutRisk(this.state.risk, strike.risk)
    this.touchedStrikes.add(strikeId)
    this.event('strike.reversed', `strike/${strikeId}`, '', { ...this.strikeFacts(strikeId), decisionId })
  }

  /** Restores an archived strike, because it is changed. `before`: as it counted. */
  private restore(strikeId: string, before: StrikeRecord | undefined): void {
    if (before?.archived === 'counting')
      this.state.archived = { ...this.state.archived, points: this.state.archived.points - before.points }
    this.strikes.get(strikeId)!.archived = null
  }

  /** Archives a strike, or says that the expiry of an archived one was told. */
  archive(strikeId: string, archived: 'counting' | 'expired'): void {
    const strike = this.strikes.get(strikeId)!
    const { points, spans, nextExpiresAt, lastAt } = this.state.archived
    const counted =
      (strike.archived === 'counting' ? -strike.points : 0) + (archived === 'counting' ? strike.points : 0)
    const sooner = archived === 'counting' && (nextExpiresAt === null || strike.expiresAt < nextExpiresAt)
    this.state.archived = {
      points: points + counted,
      nextExpiresAt: sooner ? strike.expiresAt : nextExpiresAt,
      lastAt: lastAt && lastAt > strike.at ? lastAt : strike.at,
      spans: strike.archived ? spans : withSpan(spans, strike),
    }
    strike.archived = archived
  }

  /** Whether the change added the strike, or changed what it says. */
  isChanged(strikeId: string): boolean {
    return this.touchedStrikes.has(strikeId)
  }

  /** @throws ArchivedStrikesNeeded where archived ones are missing that may decide something now */
  needArchivedStrikes(): void {
    if (!this.areAll) throw new ArchivedStrikesNeeded(this.key)
  }

  strikeFacts(strikeId: string): EventFacts {
    const { messageId, clause, category, severity, points, policyVersion } = this.strikes.get(strikeId)!
    return { strikeId, messageId, clause, category, severity, points, policyVersion }
  }

  // ---- decisions ----

  /** The decision of that id, to be changed. */
  decision(decisionId: string): DecisionRecord {
    const decision = this.decisions.get(decisionId)
    if (!decision) throw new RangeError(`decision ${decisionId} was not loaded`)
    this.touchedDecisions.add(decisionId)
    decision.updatedAt = this.now
    return decision
  }

  decide(decision: DecisionRecord): DecisionRecord {
    this.decisions.set(decision.decisionId, decision)
    this.touchedDecisions.add(decision.decisionId)
    this.tellDecision(decision.state === 'held' ? 'decision.held' : 'decision.made', decision)
    return decision
  }

  /** `cause` tells it from one of the same kind before; empty where it can happen only once. */
  tellDecision(
    kind: WeirEventKind,
    decision: DecisionRecord,
    code?: string,
    cause: string | number = '',
  ): void {
    this.event(kind, `decision/${decision.decisionId}`, cause, {
      ...this.decisionFacts(decision),
      ...(code ? { code } : {}),
    })
  }

  decisionFacts(decision: DecisionRecord): EventFacts {
    const [messageId] = decision.messages.map((message) => message.messageId)
    return {
      decisionId: decision.decisionId,
      caseId: decision.caseId,
      measure: decision.measure,
      automated: decision.automated,
      policyVersion: decision.policyVersion,
      ...(messageId && decision.messages.length === 1 ? { messageId } : {}),
      ...(decision.category ? { category: decision.category } : {}),
      ...(decision.clause ? { clause: decision.clause } : {}),
      ...(decision.severity ? { severity: decision.severity } : {}),
      ...(decision.until ? { until: decision.until.toISOString() } : {}),
    }
  }

  /** Remembers the texts that a decision judged wrongly. `found`: who found that, and when. */
  exonerate(decisionId: string, found: Pick<DecisionStep, 'at' | 'appealId'>): void {
    const decision = this.decisions.get(decisionId)
    if (!decision) return
    for (const value of exonerationsBy(decision, this.judged, found)) {
      this.writes.push({ write: 'exoneration', value })
    }
  }

  // ---- cases ----

  /** @throws RefusedError `case-merged`: nothing more happens to a case that became a part of another */
  assertNotMerged(caseId: string): void {
    const merged = this.state.mergedCases?.find((one) => one.caseId === caseId)
    if (merged) throw new RefusedError('conflict', 'case-merged', `The case is a part of ${merged.into} now.`)
  }

  /** The case that waits for a person, for one more reason; opens one if there is none. */
  openCase(why: CaseReason, causeId: string): string {
    const open = this.state.openCase
    if (open) {
      if (!open.why.includes(why)) open.why.push(why)
      return open.caseId
    }
    const caseId = derivedId('case', this.key, causeId)
    this.state.openCase = { caseId, why: [why] }
    this.caseChange(caseId, { opens: true, state: 'open', automated: false })
    this.event('case.opened', `case/${caseId}`, '', { caseId, code: why })
    return caseId
  }

  /** Where automatically decided entries belong: the open case, else the account's automated one. */
  gatheringCase(causeId: string): string {
    if (this.state.openCase) return this.state.openCase.caseId
    if (this.state.automatedCaseId) return this.state.automatedCaseId
    const caseId = derivedId('case', this.key, causeId)
    this.state.automatedCaseId = caseId
    this.caseChange(caseId, { opens: true, state: 'decided', automated: true })
    this.event('case.opened', `case/${caseId}`, '', { caseId, code: 'automated' })
    this.event('case.decided', `case/${caseId}`, causeId, { caseId, code: 'automated', automated: true })
    return caseId
  }

  caseChange(
    caseId: string,
    change: Partial<Omit<CaseChange, 'caseId' | 'platformId' | 'accountId' | 'at'>>,
  ): void {
    const known = this.cases.get(caseId) ?? {
      caseId,
      platformId: this.state.platformId,
      accountId: this.state.accountId,
      at: this.now,
      opens: false,
      addCategories: [],
      weight: null,
    }
    this.cases.set(caseId, {
      ...known,
      ...change,
      opens: known.opens || (change.opens ?? false),
      addCategories: [...new Set([...known.addCategories, ...(change.addCategories ?? [])])],
      weight: heavier(known.weight, change.weight ?? null),
    })
  }

  /** Raises a case in the queue by what speaks in it, and since when. */
  weighCase(caseId: string, { categories, at, policyVersion, ...entry }: CaseSignal): void {
    const open = this.state.openCase
    const waiting = open?.caseId === caseId && (open.why.includes('held') || open.why.includes('ban'))
    // Enforcement takes no tip-offs in yet.
    const risk = riskScore(this.state.risk, at)
    const urgency = { ...entry, followers: this.followers, risk, tipOffs: 0, waiting }
    const policy = this.policyOf(policyVersion)
    const route = routeFor(policy.routing, { ...entry, platformId: this.state.platformId })
    this.caseChange(caseId, {
      addCategories: categories,
      weight: weightOf(at, urgency, policy),
      ...(route === 'general' ? {} : { route }),
      ...(open?.caseId === caseId && open.why.includes('ban') ? { proposal: 'ban' as const } : {}),
    })
  }

  /** `acted`: in which of its categories the verdict was not acted on, and what it comes to. */
  fileEntry(
    verdictId: string,
    caseId: string,
    facts: EventFacts,
    acted: { outcome: Outcome; heldBack: readonly HeldBack[] },
  ): void {
    const { outcome, heldBack } = acted
    const held = heldBack.length === 0 ? {} : { heldBack: { outcome, in: [...heldBack] } }
    this.writes.push({ write: 'entry', verdictId, caseId, at: this.now, ...held })
    this.event('case.entry_added', `case/${caseId}`, verdictId, { caseId, verdictId, ...facts })
  }

  /** Takes a version of a finding into a case. */
  fileFinding(versionId: string, caseId: string, facts: EventFacts): void {
    this.writes.push({ write: 'finding', versionId, caseId, at: this.now })
    this.event('case.entry_added', `case/${caseId}`, versionId, { caseId, ...facts })
  }

  // ---- what follows ----

  write(...writes: LedgerWrite[]): void {
    this.writes.push(...writes)
  }

  publish(...records: PendingRecord[]): void {
    this.records.push(...records)
  }

  clauseTitle(decision: DecisionRecord): Bilingual | null {
    if (decision.clause === null) return null
    const policy = this.context.policies.get(decision.policyVersion) ?? this.context.policy
    return clauseOf(policy, decision.clause)?.title ?? null
  }

  // ---- result ----

  /** The change as one update: the new state, and its outbox. */
  finish(): AccountChange {
    for (const { strikeId, archived } of this.strikes.values()) {
      if ((archived ?? null) !== (this.wereArchived.get(strikeId) ?? null)) this.touchedStrikes.add(strikeId)
    }
    const { rev } = this.state
    for (const id of this.touchedStrikes) {
      this.writes.push({ write: 'strike', rev, value: this.strikes.get(id)!, isNew: !this.known.has(id) })
    }
    for (const id of this.touchedDecisions) {
      this.writes.push({ write: 'decision', rev, value: this.decisions.get(id)!, isNew: !this.known.has(id) })
    }
    for (const change of this.cases.values()) {
      this.writes.push({ write: 'case', rev, value: change })
    }
    this.tellStanding()
    const pending = [...this.writes, ...this.records].map((entry, index): LedgerPending => ({
      id: `${rev}.${index}`,
      ...entry,
    }))
    return { state: this.state, pending }
  }

  private tellStanding(): void {
    const { before, state } = this
    const { level, points, status, rev } = state
    if (level !== (before?.level ?? 0)) {
      this.event('account.level_changed', this.subject, rev, { level, points, code: status })
    }
    const measures = inForceOn(state)
    const changed =
      status !== (before?.status ?? 'active') ||
      level !== (before?.level ?? 0) ||
      JSON.stringify(measures) !== JSON.stringify(before ? inForceOn(before) : [])
    if (!changed) return
    this.records.push({ publish: 'measures', value: measuresRecordOf(state, this.now) })
  }
}

/** What others are told of the measures on an account. */
export function measuresRecordOf(
  state: Pick<AccountState, 'platformId' | 'accountId' | 'status' | 'level' | 'rev' | 'steps' | 'decided'>,
  at: Date,
): MeasuresInForce {
  const { platformId, accountId, status, level, rev } = state
  return { platformId, accountId, status, level, measures: inForceOn(state), at: at.toISOString(), rev }
}

/** A change can only be made from all strikes of the account, archived ones included. */
export class ArchivedStrikesNeeded extends Error {
  override readonly name = 'ArchivedStrikesNeeded'

  constructor(key: string) {
    super(`The archived strikes of ${key} are needed.`)
  }
}

/** What speaks in a case: a verdict, a finding, or a step of the ladder that waits for a person. */
interface CaseSignal {
  at: Date
  categories: string[]
  /** The gravest of them. */
  category: string
  severity: number
  score: number
  language: string | null
  policyVersion: string
}

export interface AccountChange {
  state: AccountState
  pending: LedgerPending[]
}

/** More causes than these change nothing: only the earliest counts. */
const MAX_CAUSES = 20

function byInstant(a: StrikeCause, b: StrikeCause): number {
  return a.at.getTime() - b.at.getTime() || (a.causeId < b.causeId ? -1 : 1)
}

/** The measures on the account that its platform was ordered to hold, as others are told. */
function inForceOn(state: Pick<AccountState, 'steps' | 'decided'>): {
  directiveId: string
  measure: Measure
  since: string
  until: string | null
}[] {
  const steps = state.steps.map((step) => ({ ...step, since: step.at }))
  return [...steps, ...state.decided].flatMap(({ state: standing, directiveId, measure, since, until }) =>
    standing === 'in_force' && directiveId
      ? [{ directiveId, measure, since: since.toISOString(), until: until?.toISOString() ?? null }]
      : [],
  )
}
