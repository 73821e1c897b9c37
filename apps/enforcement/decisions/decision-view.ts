import type { DecisionRecord } from './decision.js'
import type { DecisionView } from './decisions-api.js'

/** A decision as the API shows it. */
export function decisionView(decision: DecisionRecord & { accountRev?: number }): DecisionView {
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
