import type { DecisionRecord } from '../decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import { dropReason, openCasesOf } from './waiting-cases.rules.js'

const REASON = 'notice-undelivered'

/**
 * Keeps a case of the account in the queue, with the reason, for as long as a ban waits for a notice that reached nobody: people
 * must find another way to tell its owner, or give the ban up. The case that waits with the ban bears the same flag.
 */
export function showUndelivered(draft: AccountDraft): void {
  const waiting = undelivered(draft)
  flagHeldCases(draft, waiting)
  const queued = openCasesOf(draft.state).filter(({ why }) => why.includes(REASON))
  const [first] = waiting
  if (first && queued.length === 0) queue(draft, first)
  if (first || queued.length === 0) return
  for (const { caseId } of queued) draft.caseChange(caseId, { flags: [] })
  dropReason(draft, REASON, draft.state.rev.toString())
}

function undelivered(draft: AccountDraft): DecisionRecord[] {
  return draft.state.decided
    .filter(({ state, hold }) => state === 'held' && hold?.unproven)
    .flatMap(({ decisionId }) => draft.decisions.get(decisionId) ?? [])
    .filter((decision) => decision.intent?.undelivered)
}

function flagHeldCases(draft: AccountDraft, waiting: readonly DecisionRecord[]): void {
  for (const held of draft.state.heldCases ?? []) {
    const isWaiting = waiting.some(({ decisionId }) => decisionId === held.decisionId)
    if (isWaiting === (held.undelivered ?? false)) continue
    if (isWaiting) held.undelivered = true
    else delete held.undelivered
    draft.caseChange(held.caseId, { flags: isWaiting ? [REASON] : [] })
  }
}

function queue(draft: AccountDraft, decision: DecisionRecord): void {
  const caseId = draft.openCase(REASON, `${decision.decisionId}/${draft.state.rev}`)
  draft.caseChange(caseId, { flags: [REASON] })
  const { category, severity, policyVersion } = decision
  if (!category || !severity) return
  draft.weighCase(caseId, {
    at: draft.now,
    categories: [category],
    category,
    severity,
    score: 0,
    language: null,
    policyVersion,
  })
}
