import { clauseOf } from '#libs/policy/policy-document'
import type { DecidedMessage, DecisionRecord, NoStrike } from './decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import type { StrikeCause } from './account-state.js'

/**
 * Adds the strikes that the messages of a person's decision earn and have not earned yet. Each is judged by the policy in
 * force when the broker received it (SPEC promise 9): its clause, severity, points and expiry are as they stood then, and so
 * is the ladder by which a step follows. Says in the decision why others earn none.
 */
export function addStrikes(draft: AccountDraft, decision: DecisionRecord): void {
  decision.withoutStrike = withoutStrike(draft, decision)
  for (const message of decision.messages) {
    const cause = causeBy(draft, decision, message)
    if (typeof cause === 'string' || cause === null) continue
    decision.strikeIds.push(draft.addCause(message.messageId, cause).strikeId)
  }
}

/** The messages that earn no strike by the decision if it comes into force now, and why. */
export function withoutStrike(
  draft: AccountDraft,
  decision: DecisionRecord,
): { messageId: string; why: NoStrike }[] {
  return decision.messages.flatMap((message) => {
    const why = causeBy(draft, decision, message)
    return typeof why === 'string' ? [{ messageId: message.messageId, why }] : []
  })
}

/** What the strike of a message says, or why it earns none; null where the decision gives none to any. */
function causeBy(
  draft: AccountDraft,
  { decisionId, clause, measure, policyVersion }: DecisionRecord,
  { messageId, sentAt, receivedUnder, noStrike }: DecidedMessage,
): StrikeCause | NoStrike | null {
  if (clause === null || measure === 'none') return null
  if (draft.strikes.has(draft.strikeIdOf(messageId))) return 'has-strike'
  if (receivedUnder === undefined) return noStrike ?? 'receipt-unknown'
  const policy = draft.policyOf(receivedUnder)
  const found = clauseOf(policy, clause)
  if (!found) return 'clause-not-in-force'
  const { now } = draft
  const age = now.getTime() - sentAt.getTime()
  if (age > policy.strikes.maxAge || age > draft.policyOf(policyVersion).strikes.maxAge) return 'too-old'
  return {
    causeId: decisionId,
    at: now,
    clause,
    category: found.category,
    severity: found.severity,
    points: policy.strikes.points[found.severity],
    expiresAt: new Date(now.getTime() + policy.strikes.expiresAfter),
    policyVersion: receivedUnder,
  }
}
