import type { DecisionRecord } from './decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import { dropReason, openCasesOf } from './waiting-cases.rules.js'

const REASON = 'notice-undelivered'

/**
 * Keeps in the queue, with the reason, the case of a ban that waits for a notice which reached nobody: people must find another way
 * to tell its owner, or give the ban up. Nothing that comes gathers in it, and nothing else is decided on it. Where the ban was
 * decided on a cluster, a case of the account says so.
 */
export function showUndelivered(draft: AccountDraft): void {
  const waiting = undelivered(draft)
  const onClusters = new Set(waiting)
  for (const held of draft.state.heldCases ?? []) {
    const decision = waiting.find(({ decisionId }) => decisionId === held.decisionId)
    if (decision) onClusters.delete(decision)
    if ((decision !== undefined) === (held.undelivered ?? false)) continue
    if (decision) held.undelivered = true
    else delete held.undelivered
    draft.caseChange(
      held.caseId,
      decision ? { state: 'open', flags: [REASON] } : { state: 'held', flags: [] },
    )
  }
  showOnAccount(draft, [...onClusters])
}

function undelivered(draft: AccountDraft): DecisionRecord[] {
  return draft.state.decided
    .filter(({ state, hold }) => state === 'held' && hold?.unproven)
    .flatMap(({ decisionId }) => draft.decisions.get(decisionId) ?? [])
    .filter((decision) => decision.intent?.undelivered)
}

function showOnAccount(draft: AccountDraft, [first]: readonly DecisionRecord[]): void {
  const queued = openCasesOf(draft.state).filter(({ why }) => why.includes(REASON))
  if (first && queued.length === 0) queue(draft, first)
  if (first || queued.length === 0) return
  for (const { caseId } of queued) draft.caseChange(caseId, { flags: [] })
  dropReason(draft, REASON, draft.state.rev.toString())
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
