import type { AppealDocument } from './appeal.store.js'
import type { AppealStatus, AppealView } from './appeals-api.js'

/** An appeal as operators see it. */
export function appealView(appeal: AppealDocument): AppealView {
  const { _id, statementId, decision } = appeal
  return {
    appealId: _id,
    state: appeal.state,
    late: appeal.late,
    platformId: appeal.platformId,
    accountId: appeal.accountId,
    statementOfReasonsId: statementId,
    directiveId: appeal.directiveId,
    decisionId: appeal.decisionId,
    caseId: appeal.caseId,
    measure: appeal.measure,
    category: appeal.category,
    clause: appeal.clause,
    appellant: appeal.appellant,
    text: appeal.text,
    ...(appeal.textSha256 ? { textSha256: appeal.textSha256 } : {}),
    facts: appeal.facts,
    factsWaiting: appeal.factsWaiting,
    openedAt: appeal.openedAt,
    updatedAt: appeal.updatedAt,
    claimedBy: appeal.claimedBy,
    claimedAt: appeal.claimedAt,
    decision,
    earlier: appeal.earlier,
    version: appeal.version,
  }
}

/** An appeal as everybody sees it who has its code: state and outcome, nothing more. */
export function appealStatusView({ state, decision, earlier }: AppealDocument): AppealStatus {
  return { state, outcome: (decision ?? earlier.at(-1))?.outcome ?? null }
}
