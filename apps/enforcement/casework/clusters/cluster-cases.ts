import { Injectable } from '@nestjs/common'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEventKind } from '#libs/contracts/weir-event'
import { Clock } from '#libs/runtime/clock'
import { PermanentError } from '#libs/runtime/errors'
import type { CasePending } from '../../ledger/ledger-write.js'
import type { CaseDocument, CaseWeight } from '../../ledger/cases/case.js'
import { heavier, weightOf } from '../../ledger/cases/case-priority.rules.js'
import type { CaseState } from '../../ledger/cases/case-transitions.js'
import { workAfter } from '../../ledger/cases/case-work.rules.js'
import { CaseStore } from '../../ledger/cases/case.store.js'
import { DecisionStore } from '../../ledger/decisions/decision.store.js'
import { eventOf, type EventFacts } from '../../outbox/event.rules.js'
import { Outbox } from '../../outbox/outbox.js'
import type { Pending } from '../../outbox/pending.js'
import { pendingEvent } from '../../outbox/pending-event.js'
import { PolicyStore } from '../../policies/policy.store.js'
import { ClusterMemberStore } from './cluster-member.store.js'
import { clusterCaseId, clusterState, grownState, keyOf } from './cluster.rules.js'
import type { FindingRecord } from '../../ledger/findings/finding.js'
import { severityOf } from '../../ledger/findings/finding.rules.js'
import { FindingStore } from '../../ledger/findings/finding.store.js'
import { Rounds } from '../../store/rounds.js'

/** As many as one finding may name; its versions together may not name more. */
const MAX_MEMBERS = 10_000
/** Far more than an account posts in a window of coordination; a document of a member stays below 1 MB. */
const MAX_MESSAGES_OF_MEMBER = 5_000

/** The cases of clusters: one for each finding on coordination, however often and in how many versions it comes. */
@Injectable()
export class ClusterCases {
  constructor(
    private readonly cases: CaseStore,
    private readonly findings: FindingStore,
    private readonly members: ClusterMemberStore,
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a version of a finding into its case, which is opened, or grows, or is opened again for accounts that nobody decided
   * on. Nothing is done to an account (SPEC promise 5). When it resolves, all of it is durable and published. Says what is
   * wrong with the finding, or null.
   */
  async take(finding: FindingRecord): Promise<PermanentError | null> {
    const caseId = clusterCaseId(finding.findingId)
    for (const rounds = new Rounds('The case'); ; rounds.next()) {
      const found = await this.withoutPending(caseId)
      if ((await this.findings.taken([finding._id])).size > 0) return null
      const problem = await this.tooLarge(caseId, finding)
      if (problem) return problem
      await this.members.add(caseId, finding, this.clock.now())
      if (await this.enter(caseId, found, finding)) return null
    }
  }

  /**
   * Brings a case to where the decisions on its accounts say that it stands. `orderId`: the order that has been carried out.
   */
  async settle(caseId: string, orderId?: string): Promise<void> {
    for (const rounds = new Rounds('The case'); ; rounds.next()) {
      const found = await this.withoutPending(caseId)
      if (!found) return
      const state = clusterState(
        found.state,
        await this.members.accountsOf(caseId),
        await this.decisions.standingsOf(caseId),
      )
      const done = orderId !== undefined && found.deciding === orderId
      if (state === found.state && !done) return
      const now = this.clock.now()
      const set = {
        updatedAt: now,
        ...(done ? { deciding: null } : {}),
        ...(state === found.state ? {} : workAfter(state)),
      }
      if (await this.change(found, set, eventsAfter(found, state, now))) return
    }
  }

  private async enter(caseId: string, found: CaseDocument | null, finding: FindingRecord): Promise<boolean> {
    const now = this.clock.now()
    const { _id: versionId, findingId, category, policyVersion } = finding
    const accounts = await this.members.accountsOf(caseId)
    const weight = await this.weigh(finding)
    const facts = {
      caseId,
      findingId,
      category,
      severity: weight.severity,
      policyVersion,
      code: finding.kind,
    }
    const entered: CasePending[] = [
      { id: derivedId('out', versionId), write: 'finding', versionId, caseId, at: now },
      told('case.entry_added', caseId, versionId, now, facts),
    ]
    const set = {
      platformId: platformOf(accounts),
      memberCount: accounts.length,
      categories: [...new Set([...(found?.categories ?? []), category])],
      updatedAt: now,
      ...heavier(found, weight)!,
    }
    if (found) {
      const state = grownState(found.state, accounts, await this.decisions.standingsOf(caseId))
      const pending = [...entered, ...eventsAfter(found, state, now)]
      return this.change(found, { ...set, ...(state === found.state ? {} : workAfter(state)) }, pending)
    }
    const opened = told('case.opened', caseId, '', now, facts)
    return this.open({ ...newCase(caseId, findingId, now), ...set, pending: [opened, ...entered] })
  }

  private async open(fresh: CaseDocument): Promise<boolean> {
    if (!(await this.cases.insert(fresh))) return false
    await this.outbox.deliver([fresh], this.cases.cases)
    return true
  }

  private async change(
    found: CaseDocument,
    set: Partial<CaseDocument>,
    pending: readonly CasePending[],
  ): Promise<boolean> {
    if (!(await this.cases.change(found, set, pending))) return false
    await this.outbox.deliver([{ _id: found._id, pending: [...pending] }], this.cases.cases)
    return true
  }

  /** The case, at a version whose outbox is delivered. */
  private async withoutPending(caseId: string): Promise<CaseDocument | null> {
    for (const rounds = new Rounds('The case'); ; rounds.next()) {
      const found = await this.cases.byId(caseId)
      if (!found || found.pending.length === 0) return found
      await this.outbox.deliver([found], this.cases.cases)
    }
  }

  private async weigh({ category, score, window, policyVersion }: FindingRecord): Promise<CaseWeight> {
    const policy = (await this.policies.byVersions([policyVersion])).get(policyVersion)!
    const urgency = { score, followers: null, risk: 0, tipOffs: 0, waiting: false }
    const severity = severityOf(category, policy)
    return weightOf(window.to, { ...urgency, severity, category, language: null }, policy)
  }

  private async tooLarge(caseId: string, finding: FindingRecord): Promise<PermanentError | null> {
    const keys = finding.members.map(keyOf)
    const [accounts, known] = await Promise.all([
      this.members.accountsOf(caseId),
      this.members.byKeys(caseId, keys),
    ])
    const all = new Set([...accounts.map(keyOf), ...keys])
    if (all.size > MAX_MEMBERS) return tooLarge('/members')
    const before = new Map(known.map((one) => [keyOf(one), one.messageIds]))
    const at = finding.members.findIndex(
      ({ messageIds }, i) =>
        new Set([...messageIds, ...(before.get(keys[i]!) ?? [])]).size > MAX_MESSAGES_OF_MEMBER,
    )
    return at === -1 ? null : tooLarge(`/members/${at}/messageIds`)
  }
}

function tooLarge(path: string): PermanentError {
  return new PermanentError('cluster-too-large', 'The versions of this finding together name too much.', path)
}

/** The platform of a cluster; empty where it spans several. */
function platformOf(accounts: readonly { platformId: string }[]): string {
  const platforms = new Set(accounts.map(({ platformId }) => platformId))
  return platforms.size === 1 ? [...platforms][0]! : ''
}

type NewCase = Omit<CaseDocument, keyof CaseWeight | 'pending' | 'platformId' | 'categories' | 'updatedAt'>

function newCase(caseId: string, findingId: string, now: Date): NewCase {
  return {
    _id: caseId,
    kind: 'cluster',
    findingId,
    accountId: '',
    state: 'open',
    automated: false,
    proposal: null,
    openedAt: now,
    assignee: null,
    claimedAt: null,
    until: null,
    route: 'general',
    lastRequest: null,
    notes: [],
    deciding: null,
    accountRev: 0,
    version: 1,
    outboxAt: new Date(),
  }
}

/** What is told of a new state. Each version of a case is made once, which names the event. */
function eventsAfter(found: CaseDocument, state: CaseState, now: Date): Pending[] {
  if (state === found.state) return []
  const { _id: caseId, findingId, version } = found
  const facts = { caseId, ...(findingId === undefined ? {} : { findingId }) }
  if (state === 'decided') return [told('case.decided', caseId, `v${version}`, now, facts)]
  if (state !== 'open') return []
  return [told('case.reopened', caseId, `v${version}`, now, { ...facts, code: 'undecided-accounts' })]
}

function told(kind: WeirEventKind, caseId: string, cause: string, at: Date, facts: EventFacts): Pending {
  return pendingEvent(eventOf(kind, `case/${caseId}`, cause, at, 'system', facts))
}
