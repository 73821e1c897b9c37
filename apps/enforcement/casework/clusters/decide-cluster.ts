import { Injectable } from '@nestjs/common'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { Caller } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { ABANDONED_AFTER_MS, Due } from '#libs/runtime/due'
import { asProblem, badRequest, conflict, type FieldProblem } from '#libs/runtime/http/problem'
import { clauseOf } from '#libs/policy/policy-document'
import { AccountLedger, type AccountRequest } from '../../ledger/account-ledger.js'
import type { AccountChange } from '../../ledger/account-draft.rules.js'
import { applyDecision } from '../../ledger/apply-decision.rules.js'
import { CaseEntryStore } from '../../ledger/cases/case-entry.store.js'
import type { CaseDocument } from '../../ledger/cases/case.js'
import { CaseStore } from '../../ledger/cases/case.store.js'
import { assertFits, assertMayDecide, type GivenDecision } from '../given-decision.js'
import { WorkOnCases, type WorkRequest } from '../work-on-cases.js'
import { digestOfDecision, keyReused } from '../asked.js'
import { DecisionStore, type DecisionDocument } from '../../ledger/decisions/decision.store.js'
import { PolicyStore } from '../../policies/policy.store.js'
import { ClusterCases } from './cluster-cases.js'
import { ClusterMemberStore } from './cluster-member.store.js'
import { ClusterOrderStore } from './cluster-order.store.js'
import { keyOf, memberDecision, memberDecisionId, stands, undecidedOf } from './cluster.rules.js'
import type { ClusterMember, ClusterOrder } from './cluster.js'
import { DECISIONS_SHOWN } from './findings-api.js'
import { Rounds } from '../../store/rounds.js'

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
const BATCH_SIZE = 20
/** A preview shows what happens to as many accounts. */
const MAX_PREVIEWED = 20
/** On the messages of one account: some come in several revisions. */
const MAX_VERDICTS = 1_000

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
    private readonly ledger: AccountLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * Decides, on each account by itself; the same request again decides nothing more, nor does the same decision by the same
   * person until the case is opened again.
   * @throws Problem 400, 403 where the role does not reach so far, 404, 409 where the case is closed, decided, another's, being
   * decided, or has nothing undecided or an account named that is decided, 412, 422 where the key of the request was another's
   */
  async decide(caseId: string, given: GivenClusterDecision, request: WorkRequest): Promise<ClusterOutcome> {
    assertMayDecide(given.measure, request.caller)
    const asked = askedOf(given, request.caller)
    const earlier = await this.earlier(caseId, given, request, asked)
    if (earlier) return this.carriedOut(earlier)
    try {
      return await this.decideAnew(caseId, given, request, asked)
    } catch (error) {
      // Another try of the same, which took the case meanwhile, is no conflict but the answer.
      const same = asProblem(error) && (await this.again(caseId, given, asked))
      if (same) return this.carriedOut(same)
      throw error
    }
  }

  private async decideAnew(
    caseId: string,
    given: GivenClusterDecision,
    request: WorkRequest,
    asked: string,
  ): Promise<ClusterOutcome> {
    const policyVersion = await this.assertPossible(caseId, given, request.caller)
    for (const rounds = new Rounds('The case'); ; rounds.next()) {
      const found = await this.work.work(caseId, { action: 'decide' }, request)
      if (found.deciding)
        throw conflict('being-decided', 'Another decision on this case is being carried out.')
      const accounts = await this.chosen(found, given.accounts)
      const fresh = this.orderOf(found, accounts, given, { ...request, policyVersion, asked })
      const order = await this.orders.add(fresh)
      const deciding = { deciding: order._id, updatedAt: order.at }
      if (await this.cases.change(found, deciding, [])) return this.carriedOut(order)
    }
  }

  /** What the decision would do to each of the first accounts; nothing is changed. */
  async preview(caseId: string, given: GivenClusterDecision, caller: Caller): Promise<AccountChange[]> {
    const policyVersion = await this.assertPossible(caseId, given, caller)
    const found = await this.work.mustFind(caseId)
    const accounts = await this.chosen(found, given.accounts)
    const asked = askedOf(given, caller)
    const order = this.orderOf(found, accounts, given, { caller, requestId: 'preview', policyVersion, asked })
    const previews: AccountChange[] = []
    for (const request of await this.requests(order, accounts.slice(0, MAX_PREVIEWED))) {
      const change = await this.ledger.preview(request)
      if (change) previews.push(change)
    }
    return previews
  }

  /** Completes what a crash or an outage cut off, and looks again at clusters whose decisions wait. */
  @Due({ order: 600, name: 'clusters' })
  async complete(): Promise<void> {
    const before = new Date(Date.now() - ABANDONED_AFTER_MS)
    const failures: unknown[] = []
    for (;;) {
      const found = await this.cases.claimStale(before)
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
    for (let from = 0; from < order.accounts.length; from += BATCH_SIZE) {
      // Nobody takes it for left behind while it goes on.
      await this.cases.touch(order.caseId)
      await this.ledger.change(await this.requests(order, order.accounts.slice(from, from + BATCH_SIZE)))
    }
    await this.clusters.settle(order.caseId, order._id)
  }

  private async requests(order: ClusterOrder, keys: readonly string[]): Promise<AccountRequest[]> {
    const [members, accounts] = await Promise.all([
      this.members.byKeys(order.caseId, keys),
      this.members.countOf(order.caseId),
      this.policies.refresh(this.clock.now()),
    ])
    return Promise.all(members.map((member) => this.requestFor(order, member, accounts)))
  }

  private async requestFor(
    order: ClusterOrder,
    member: ClusterMember,
    accounts: number,
  ): Promise<AccountRequest> {
    const { platformId, accountId, messageIds } = member
    const entries = await this.entries.ofMessages(platformId, accountId, messageIds, MAX_VERDICTS)
    const possible = this.policies.inForceDuring(member.from, member.to)
    const policies = await this.policies.byVersions([
      ...entries.map((entry) => entry.policyVersion),
      ...possible,
    ])
    const decision = memberDecision(order, member, accounts, entries, { policies, possible })
    const { decisionId, messages } = decision
    return {
      platformId,
      accountId,
      actor: order.by,
      messageIds: messages.map(({ messageId }) => messageId),
      decisionIds: [decisionId],
      policyVersions: [order.policyVersion, ...messages.flatMap((message) => message.receivedUnder ?? [])],
      make: (facts, context) => {
        if (facts.decisions.some((made) => made.decisionId === decisionId)) return null
        const { policyVersion } = order
        const policy = context.policies.get(policyVersion)!
        return applyDecision(facts, decision, { ...context, policy, policyVersion })
      },
    }
  }

  /** What the same request, or the same decision, decided before; null where it did not come so far. @throws Problem 422 */
  private async earlier(
    caseId: string,
    given: GivenClusterDecision,
    { requestId }: WorkRequest,
    asked: string,
  ): Promise<ClusterOrder | null> {
    const orders = await this.orders.ofRequest(caseId, requestId)
    const [begun] = await this.begun(await this.work.mustFind(caseId), orders)
    if (!begun) return this.again(caseId, given, asked)
    if (begun.asked !== asked) throw keyReused()
    return begun
  }

  /** The order by which the same person decided the same since the case was last opened, if it leaves nothing to decide. */
  private async again(
    caseId: string,
    { accounts: named }: GivenClusterDecision,
    asked: string,
  ): Promise<ClusterOrder | null> {
    const found = await this.work.mustFind(caseId)
    const orders = await this.orders.ofRound(caseId, found.reopenings ?? 0)
    const same = (await this.begun(found, orders)).filter((order) => order.asked === asked)
    const last = same.sort((a, b) => a.at.getTime() - b.at.getTime()).at(-1)
    if (!last || found.deciding === last._id) return last ?? null
    const members = await this.members.accountsOf(caseId)
    const isDone = named
      ? (await this.decidedOf(found, namedOf(named, new Set(members.map(keyOf))))).size ===
        last.accounts.length
      : undecidedOf(members, await this.decisions.standingsOf(caseId)).length === 0
    return isDone ? last : null
  }

  /** Of orders those that took effect. */
  private async begun(found: CaseDocument, orders: readonly ClusterOrder[]): Promise<ClusterOrder[]> {
    const made = await this.decisions.byIds(
      orders.map(({ _id, accounts }) => memberDecisionId(_id, accounts[0]!)),
    )
    const begun = new Set(made.map(({ decisionId }) => decisionId))
    return orders.filter(
      ({ _id, accounts }) => found.deciding === _id || begun.has(memberDecisionId(_id, accounts[0]!)),
    )
  }

  /** Of accounts those on which a decision stands that was made since the case was last opened. */
  private async decidedOf(found: CaseDocument, keys: readonly string[]): Promise<Set<string>> {
    const orders = await this.orders.ofRound(found._id, found.reopenings ?? 0)
    const ids = orders.flatMap(({ _id, accounts }) =>
      keys.filter((key) => accounts.includes(key)).map((key) => memberDecisionId(_id, key)),
    )
    const decisions = await this.decisions.byIds(ids)
    return new Set(decisions.filter(stands).map((decision) => decision.accountKey))
  }

  /** The keys of the accounts that are meant, sorted. @throws Problem 400, 409 `nothing-undecided`, `case-decided` */
  private async chosen(found: CaseDocument, named: readonly NamedAccount[] | undefined): Promise<string[]> {
    const { _id: caseId } = found
    const members = await this.members.accountsOf(caseId)
    if (named) {
      const keys = namedOf(named, new Set(members.map(keyOf)))
      const [decided] = await this.decidedOf(found, keys)
      if (decided === undefined) return keys
      throw conflict(
        'case-decided',
        `A person decided on ${decided}; reopen the case (POST …/reopen) to decide again.`,
      )
    }
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
    assertFits(given, policy, now, caller)
    const clause = given.clause === undefined ? null : clauseOf(policy, given.clause)
    if (clause && !found.categories.includes(clause.category)) {
      const errors = [{ path: '/clause', reason: `must be a clause of ${found.categories.join(' or ')}` }]
      throw badRequest('invalid-request', 'The decision cannot be made like this.', errors)
    }
    return version
  }

  private orderOf(
    { _id: caseId, findingId, version, reopenings = 0 }: CaseDocument,
    accounts: string[],
    given: GivenClusterDecision,
    { caller, ...asks }: Pick<ClusterOrder, 'requestId' | 'policyVersion' | 'asked'> & { caller: Caller },
  ): ClusterOrder {
    const { requestId, policyVersion, asked } = asks
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
      asked,
      round: reopenings,
    }
  }
}

/** A digest of what is asked, and by whom. */
function askedOf({ accounts, ...given }: GivenClusterDecision, { subject }: Caller): string {
  const keys = accounts?.map(({ platform, account }) => accountKey(platform, account))
  return digestOfDecision(subject, given, keys && [...new Set(keys)].sort())
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
