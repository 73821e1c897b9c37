import type { DecisionRecord, NoticeOfIntent } from '../ledger/decisions/decision.js'
import type { DecisionView, NoticeOfIntentView } from './decisions-api.js'

/**
 * A decision as the API shows it. The text of an answer is evidence: `asEvidence` shows it, on routes whose views are entered
 * into the audit log.
 */
export function decisionView(
  decision: DecisionRecord & { accountRev?: number },
  { asEvidence = false } = {},
): DecisionView {
  const { platformId, accountId, caseId, measure, clause, category, severity, policyVersion } = decision
  return {
    decisionId: decision.decisionId,
    state: decision.state,
    platformId,
    accountId,
    caseId,
    measure,
    clause,
    category,
    severity,
    policyVersion,
    reasons: decision.reasons,
    messageIds: decision.messages.map((message) => message.messageId),
    verdictIds: decision.verdictIds,
    findingIds: decision.findingIds ?? [],
    detectors: decision.detectors,
    until: decision.until,
    at: decision.at,
    by: decision.by,
    automated: decision.automated,
    ordered: decision.ordered,
    inForceSince: decision.inForceSince,
    needsApproval: decision.hold?.needsApproval ?? false,
    notBefore: decision.hold?.notBefore ?? null,
    lapsesAt: decision.hold?.lapsesAt ?? null,
    notice: decision.intent ? noticeView(decision.intent) : null,
    answer: decision.answer
      ? { at: decision.answer.at, ...(asEvidence ? { text: decision.answer.text } : {}) }
      : null,
    strikesCounted: decision.strikesCounted,
    strikeIds: decision.strikeIds,
    withoutStrike: decision.withoutStrike ?? [],
    directiveIds: decision.directiveIds,
    approval: decision.approval,
    refusal: decision.refusal,
    reversal: decision.reversal,
    replaces: decision.replaces ?? null,
    pauses: decision.pauses ?? [],
    ...(decision.accountRev === undefined ? {} : { version: decision.accountRev }),
  }
}

function noticeView({ noticeId, deliveredAt, undelivered }: NoticeOfIntent): NoticeOfIntentView {
  const state = deliveredAt ? 'delivered' : undelivered ? 'undelivered' : 'pending'
  return { noticeId, state, deliveredAt }
}
