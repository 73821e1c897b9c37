import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from '../ledger/account-draft.rules.js'
import type { FindingRecord } from '../ledger/findings/finding.js'
import { severityOf } from '../ledger/findings/finding.rules.js'

/**
 * Takes findings on the risk of an account into its open case, which waits for a person. A finding never acts: no strike, no
 * step, no measure follows from it (SPEC promise 5).
 */
export function applyRiskFindings(
  facts: AccountFacts,
  findings: readonly FindingRecord[],
  context: ChangeContext,
): AccountChange {
  const draft = new AccountDraft(facts, context)
  for (const { _id, findingId, category, score, window, policyVersion } of [...findings].sort(byWindow)) {
    const caseId = draft.openCase('review', _id)
    const severity = severityOf(category, draft.policyOf(policyVersion))
    const speaks = { category, severity, policyVersion }
    draft.weighCase(caseId, { ...speaks, at: window.to, categories: [category], score, language: null })
    draft.fileFinding(_id, caseId, { ...speaks, findingId, code: 'account_risk' })
  }
  return draft.finish()
}

function byWindow(a: FindingRecord, b: FindingRecord): number {
  return a.window.to.getTime() - b.window.to.getTime() || (a._id < b._id ? -1 : 1)
}
