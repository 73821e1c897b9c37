import { Injectable } from '@nestjs/common'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/platform/auth/caller'
import { Clock } from '#libs/platform/clock'
import { RetryableError } from '#libs/platform/errors'
import { badRequest, conflict, type FieldProblem } from '#libs/platform/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { AccountChanges, type AccountRequest } from '../accounts/account-changes.js'
import type { AccountChange } from '../accounts/account-draft.rules.js'
import { applyDecision } from '../accounts/apply-decision.rules.js'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { CaseStore, type CaseDocument } from '../cases/case.store.js'
import { assertFits, assertMayDecide, type GivenDecision } from '../cases/given-decision.js'
import { WorkOnCases, type WorkRequest } from '../cases/work-on-cases.js'
import { DecisionStore, type DecisionDocument } from '../decisions/decision.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { ClusterCases } from './cluster-cases.js'
import { ClusterMemberStore } from './cluster-member.store.js'
import { ClusterOrderStore } from './cluster-order.store.js'
import { keyOf, memberDecision, memberDecisionId, undecidedOf } from './cluster.rules.js'
import type { ClusterMember, ClusterOrder } from './cluster.js'
import { DECISIONS_SHOWN } from './findings-api.js'

/** An account as the API names it. */
export interface NamedAccount {
  platform: string
  account: string
}

/** A decision as a person gives it on a cluster. */
export interface GivenClusterDecision extends Omit<GivenDecision, 'messageIds'> {
  /** Absent: all accounts that nobody decided on yet. */
  accounts?: readonly NamedAccount[]
}

/** What was decided on a cluster. */
export interface ClusterOutcome {
  /** As many accounts were decided on. */
  count: number
  /** The decisions on the first of them, by key. */
  decisions: DecisionDocument[]
}

/** Accounts in one round of changes. */
const AT_ONCE = 20
/** A preview shows what happens to as many accounts. */
const MOST_PREVIEWED = 20
/** On the messages of one account: some come in several revisions. */
const MOST_VERDICTS = 1_000
const MOST_ROUNDS = 20
/** Whoever carries an order out says so with each round; after this it is taken for cut off. */
const LEFT_BEHIND_MS = 5_000

/**
 * A person decides on the accounts of a cluster. What was decided is stored with the case first; then each account gets a
 * decision of its own, with its own reasons and appeal, in one update of that account. Whoever decided does that before they
 * are answered; any instance completes what was cut off, and nobody is decided on twice.
 */
@Injectable()
export class DecideCluster {
  constructor(
    private readonly work: WorkOnCases,
    private readonly cases: CaseStore,
    private readonly clusters: ClusterCases,
    private readonly members: ClusterMemberStore,
    private readonly orders: ClusterOrderStore,
    private readonly entries: CaseEntryStore,
    private readonly decisions: DecisionStore,
    private readonly policies: PolicyStore,
    private readonly changes: AccountChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Decides, on each account by itself; the same request again decides nothing more.
   * @throws Problem 400, 403 where the role does not reach so far, 404, 409 where the case is closed, another's, being decided
   * or has nothing undecided, 412
   */
  async decide(caseId: string, given: GivenClusterDecision, request: WorkRequest): Promise<ClusterOutcome> {
    const earlier = await this.earlier(caseId, request.requestId)
    if (earlier) return this.carriedOut(earlier)
    const policyVersion = await this.assertPossible(caseId, given, request.caller)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = await this.work.work(caseId, { action: 'decide' }, request)
      if (found.deciding)
        throw conflict('being-decided', 'Another decision on this case is being carried out.')
      const accounts = await this.chosen(caseId, given.accounts)
      const order = await this.orders.add(this.orderOf(found, accounts, given, { ...request, policyVersion }))
      const deciding = { deciding: order._id, updatedAt: order.at }
      if (await this.cases.change(found, deciding, [])) return this.carriedOut(order)
    }
    throw new RetryableError('contention', 'The case changes too fast.')
  }

  /** What the decision would do to each of the first accounts; nothing is changed. */
  async preview(caseId: string, given: GivenClusterDecision, caller: Caller): Promise<AccountChange[]> {
    const policyVersion = await this.assertPossible(caseId, given, caller)
    const found = await this.work.mustFind(caseId)
    const accounts = await this.chosen(caseId, given.accounts)
    const order = this.orderOf(found, accounts, given, { caller, requestId: 'preview', policyVersion })
    const previews: AccountChange[] = []
    for (const request of await this.requests(order, accounts.slice(0, MOST_PREVIEWED))) {
      const change = await this.changes.preview(request)
      if (change) previews.push(change)
    }
    return previews
  }

  /** Completes what a crash or an outage cut off, and looks again at clusters whose decisions wait. */
  async complete(): Promise<void> {
    const before = new Date(Date.now() - LEFT_BEHIND_MS)
    const failures: unknown[] = []
    for (;;) {
      const found = await this.cases.takeNeglected(before)
      if (!found) break
      // One that cannot be completed must not keep the others from it.
      await this.completeOne(found).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Clusters could not be completed.')
  }

  private async completeOne({ _id: caseId, deciding }: CaseDocument): Promise<void> {
    const order = deciding ? await this.orders.byId(deciding) : null
    if (order) await this.carryOut(order)
    else await this.clusters.settle(caseId)
  }

  private async carriedOut(order: ClusterOrder): Promise<ClusterOutcome> {
    await this.carryOut(order)
    const shown = order.accounts.slice(0, DECISIONS_SHOWN)
    const made = await this.decisions.byIds(shown.map((key) => memberDecisionId(order._id, key)))
    const decisions = made.sort((a, b) => (a.accountKey < b.accountKey ? -1 : 1))
    return { count: order.accounts.length, decisions }
  }

  private async carryOut(order: ClusterOrder): Promise<void> {
    for (let from = 0; from < order.accounts.length; from += AT_ONCE) {
      // Nobody takes it for left behind while it goes on.
      await this.cases.lookAfter(order.caseId)
      await this.changes.make(await this.requests(order, order.accounts.slice(from, from + AT_ONCE)))
    }
    await this.clusters.settle(order.caseId, order._id)
  }

  private async requests(order: ClusterOrder, keys: readonly string[]): Promise<AccountRequest[]> {
    const [members, accounts] = await Promise.all([
      this.members.byKeys(order.caseId, keys),
      this.members.countOf(order.caseId),
    ])
    return Promise.all(members.map((member) => this.requestFor(order, member, accounts)))
  }

  private async requestFor(
    order: ClusterOrder,
    member: ClusterMember,
    accounts: number,
  ): Promise<AccountRequest> {
    const { platformId, accountId, messageIds } = member
    const entries = await this.entries.ofMessages(platformId, accountId, messageIds, MOST_VERDICTS)
    const decision = memberDecision(order, member, accounts, entries)
    const { decisionId, messages } = decision
    return {
      platformId,
      accountId,
      actor: order.by,
      messageIds: messages.map(({ messageId }) => messageId),
      decisionIds: [decisionId],
      policyVersions: [order.policyVersion],
      make: (facts, context) => {
        if (facts.decisions.some((made) => made.decisionId === decisionId)) return null
        const { policyVersion } = order
        const policy = context.policies.get(policyVersion)!
        return applyDecision(facts, decision, { ...context, policy, policyVersion })
      },
    }
  }

  /** What the same request decided before; null where it did not come so far. */
  private async earlier(caseId: string, requestId: string): Promise<ClusterOrder | null> {
    const orders = await this.orders.ofRequest(caseId, requestId)
    if (orders.length === 0) return null
    const found = await this.cases.byId(caseId)
    const made = await this.decisions.byIds(
      orders.map(({ _id, accounts }) => memberDecisionId(_id, accounts[0]!)),
    )
    const begun = new Set(made.map(({ decisionId }) => decisionId))
    return (
      orders.find(
        ({ _id, accounts }) => found?.deciding === _id || begun.has(memberDecisionId(_id, accounts[0]!)),
      ) ?? null
    )
  }

  /** The keys of the accounts that are meant, sorted. @throws Problem 400, 409 `nothing-undecided` */
  private async chosen(caseId: string, named: readonly NamedAccount[] | undefined): Promise<string[]> {
    const members = await this.members.accountsOf(caseId)
    if (named) return namedOf(named, new Set(members.map(keyOf)))
    const undecided = undecidedOf(members, await this.decisions.standingsOf(caseId))
    if (undecided.length === 0) {
      throw conflict(
        'nothing-undecided',
        'All accounts of the case are decided on; name those that are meant.',
      )
    }
    return undecided.map(keyOf).sort()
  }

  /** Gives the version of the policy in force. @throws Problem 400, 403, 404, 409 */
  private async assertPossible(caseId: string, given: GivenClusterDecision, caller: Caller): Promise<string> {
    const found = await this.work.mustFind(caseId)
    assertMayDecide(given.measure, caller)
    this.work.assertCan(found, { action: 'decide' }, caller)
    const now = this.clock.now()
    await this.policies.refresh(now)
    const { policy, version } = this.policies.inForce(now)
    assertFits(given, policy, now)
    const clause = given.clause === undefined ? null : clauseOf(policy, given.clause)
    if (clause && !found.categories.includes(clause.category)) {
      const errors = [{ path: '/clause', reason: `must be a clause of ${found.categories.join(' or ')}` }]
      throw badRequest('invalid-request', 'The decision cannot be made like this.', errors)
    }
    return version
  }

  private orderOf(
    { _id: caseId, findingId, version }: CaseDocument,
    accounts: string[],
    given: GivenClusterDecision,
    { caller, requestId, policyVersion }: { caller: Caller; requestId: string; policyVersion: string },
  ): ClusterOrder {
    return {
      // Whoever tries again after somebody else changed the case decides anew.
      _id: derivedId('ord', caseId, requestId, version),
      caseId,
      requestId,
      findingId: findingId!,
      accounts,
      measure: given.measure,
      clause: given.clause ?? null,
      reasons: given.reasons,
      until: given.until ? new Date(given.until) : null,
      notBefore: given.notBefore ? new Date(given.notBefore) : null,
      by: caller.subject,
      at: this.clock.now(),
      policyVersion,
    }
  }
}

/** @throws Problem 400 for an account that takes no part */
function namedOf(named: readonly NamedAccount[], members: ReadonlySet<string>): string[] {
  const keys = named.map(({ platform, account }) => accountKey(platform, account))
  const errors = keys.flatMap((key, i): FieldProblem[] =>
    members.has(key) ? [] : [{ path: `/accounts/${i}`, reason: 'takes no part in this cluster' }],
  )
  if (errors.length > 0) throw badRequest('invalid-request', 'An account is not in this case.', errors)
  return [...new Set(keys)].sort()
}
