import type { DecisionRecord } from '../decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'

const REASON = 'notice-undelivered'

/**
 * Keeps the account's case in the queue, with the reason, for as long as a ban waits for a notice that reached nobody: people must
 * find another way to tell its owner, or give the ban up.
 */
export function showUndelivered(draft: AccountDraft): void {
  const waiting = undelivered(draft)
  const open = draft.state.openCase
  if (waiting) {
    if (!open?.why.includes(REASON)) queue(draft, waiting)
  } else if (open?.why.includes(REASON)) unqueue(draft)
}

function undelivered(draft: AccountDraft): DecisionRecord | undefined {
  return draft.state.decided
    .filter(({ state, hold }) => state === 'held' && hold?.unproven)
    .map(({ decisionId }) => draft.decisions.get(decisionId))
    .find((decision) => decision?.intent?.undelivered)
}

function queue(draft: AccountDraft, decision: DecisionRecord): void {
  const caseId = draft.openCase(REASON, `${decision.decisionId}/${draft.state.rev}`)
  draft.caseChange(caseId, {
    flags: [REASON],
    ...(isHeldBy(draft, caseId) ? { state: 'open' as const } : {}),
  })
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

function unqueue(draft: AccountDraft): void {
  const open = draft.state.openCase!
  open.why = open.why.filter((why) => why !== REASON)
  draft.caseChange(open.caseId, { flags: [] })
  if (open.why.length === 0) draft.closeOpenCase('decided', draft.state.rev.toString())
  else if (isHeldBy(draft, open.caseId)) draft.caseChange(open.caseId, { state: 'held' })
}

/** Whether a person's decision on the case itself is held: it is then out of the queue. */
function isHeldBy({ state, decisions }: AccountDraft, caseId: string): boolean {
  return state.decided.some(
    (held) => held.state === 'held' && decisions.get(held.decisionId)?.caseId === caseId,
  )
}
