import type { Bilingual } from '#libs/contracts/directive'
import { accountKey, derivedId } from '#libs/contracts/ids'
import type { Policy } from '#libs/policy/policy-document'
import { writeInstant } from '#libs/contracts/write-instant'
import type { PersonsDecision } from '../../ledger/apply-decision.rules.js'
import { detectorsOf } from '../../ledger/apply-verdicts.rules.js'
import type { CaseEntry } from '../../ledger/cases/case.js'
import { receivedUnder } from '../../ledger/cases/received-under.rules.js'
import type { CaseState } from '../../ledger/cases/case-transitions.js'
import { type DecisionState, MAX_MESSAGES } from '../../ledger/decisions/decision.js'
import type { ClusterMember, ClusterOrder } from './cluster.js'

/** The one case of a finding on coordination, in all its versions. */
export function clusterCaseId(findingId: string): string {
  return derivedId('case', 'cluster', findingId)
}

/** The key of the account that a member or a decision is about. */
export function keyOf({ platformId, accountId }: { platformId: string; accountId: string }): string {
  return accountKey(platformId, accountId)
}

/** The decision on one account that follows from an order. */
export function memberDecisionId(orderId: string, key: string): string {
  return derivedId('dec', orderId, key)
}

/** A decision as far as it says where its account stands in a cluster. */
interface OnMember {
  platformId: string
  accountId: string
  state: DecisionState
}

/** Whether a decision needs no other in its place: one that was refused or lapsed never came about. */
export function stands({ state }: Pick<OnMember, 'state'>): boolean {
  return state !== 'refused' && state !== 'lapsed'
}

/** The accounts that nobody decided on yet. */
export function undecidedOf<T extends Pick<OnMember, 'platformId' | 'accountId'>>(
  members: readonly T[],
  decisions: readonly OnMember[],
): T[] {
  const decided = new Set(decisions.filter(stands).map(keyOf))
  return members.filter((member) => !decided.has(keyOf(member)))
}

/** Where a cluster stands that grew: with an account that nobody decided on yet it waits again; nobody's work is ended. */
export function grownState(
  now: CaseState,
  members: readonly Pick<OnMember, 'platformId' | 'accountId'>[],
  decisions: readonly OnMember[],
): CaseState {
  if (now === 'claimed' || undecidedOf(members, decisions).length === 0) return now
  return 'open'
}

/** Where a cluster stands: it waits while an account of it is undecided, then while a decision on one waits. */
export function clusterState(
  now: CaseState,
  members: readonly Pick<OnMember, 'platformId' | 'accountId'>[],
  decisions: readonly OnMember[],
): CaseState {
  if (undecidedOf(members, decisions).length > 0) return now === 'claimed' ? 'claimed' : 'open'
  return decisions.some(({ state }) => state === 'held') ? 'held' : 'decided'
}

/**
 * What an order decides on one account, out of what that account did. `entries`: verdicts on its messages; `then`: the versions
 * of the policy that were possibly in force in its window, and all that are named.
 */
export function memberDecision(
  order: ClusterOrder,
  member: ClusterMember,
  accounts: number,
  entries: readonly CaseEntry[],
  then: { policies: ReadonlyMap<string, Policy>; possible: readonly string[] },
): PersonsDecision {
  const messages = order.measure === 'none' ? [] : messagesOf(order, member, entries, then)
  const named = new Set(messages.map(({ messageId }) => messageId))
  const judged = entries.filter(({ messageId }) => named.has(messageId))
  return {
    decisionId: memberDecisionId(order._id, keyOf(member)),
    caseId: order.caseId,
    cluster: true,
    measure: order.measure,
    clause: order.clause,
    reasons: memberReasons(order.reasons, member, accounts),
    messages,
    verdictIds: judged.map(({ _id }) => _id).sort(),
    findingIds: [order.findingId],
    detectors: [
      ...new Set(['coordination', ...judged.flatMap((entry) => detectorsOf(entry.categories))]),
    ].sort(),
    until: order.until,
    notBefore: order.notBefore,
  }
}

/** A message that was never judged was sent no earlier than its window begins: the earliest is best for the account. */
function messagesOf(
  { clause }: Pick<ClusterOrder, 'clause'>,
  { messageIds, from }: ClusterMember,
  entries: readonly CaseEntry[],
  { policies, possible }: { policies: ReadonlyMap<string, Policy>; possible: readonly string[] },
): PersonsDecision['messages'] {
  const judged = Map.groupBy(entries, ({ messageId }) => messageId)
  return messageIds
    .map((messageId) => {
      const verdicts = judged.get(messageId) ?? []
      const instants = verdicts.map(({ message }) => Date.parse(message.sentAt))
      const sentAt = instants.length > 0 ? new Date(Math.min(...instants)) : from
      const known = { entries: verdicts, possibleVersions: [possible] }
      return { messageId, sentAt, ...(clause === null ? {} : receivedUnder(known, clause, policies)) }
    })
    .sort((a, b) => a.sentAt.getTime() - b.sentAt.getTime() || (a.messageId < b.messageId ? -1 : 1))
    .slice(0, MAX_MESSAGES)
}

/** What a person wrote on the cluster, and what this account did in it; the others are not named. */
function memberReasons(
  given: Bilingual,
  { messageIds, from, to }: ClusterMember,
  accounts: number,
): Bilingual {
  const count = messageIds.length
  const others = accounts - 1
  return {
    zh: `${given.zh}\n该账号在${writeInstant(from, 'zh')}至${writeInstant(to, 'zh')}之间，与另外 ${others} 个账号一起发布了涉及的内容，其中 ${count} 条消息由该账号发布。`,
    en: `${given.en}\nBetween ${writeInstant(from, 'en')} and ${writeInstant(to, 'en')} the account published ${count} of the messages in question, together with ${others} other ${others === 1 ? 'account' : 'accounts'}.`,
  }
}
