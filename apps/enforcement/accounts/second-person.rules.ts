import type { Measure } from '#libs/contracts/measures-in-force'
import { needsSecondApproval } from '#libs/policy/limits-of-automation'
import type { DecisionRecord } from '../decisions/decision.js'
import type { AccountDraft } from './account-draft.rules.js'
import type { Hold } from './account-state.js'

/**
 * What holds a measure back at the instant at which it would come into force: a second person, where the account is of reach by
 * now, or its reach is not known, and nobody has approved. Null where nothing does.
 */
export function reachHold(
  draft: AccountDraft,
  decision: Pick<DecisionRecord, 'approval' | 'policyVersion' | 'until'>,
  measure: Measure,
): Hold | null {
  const policy = draft.context.policies.get(decision.policyVersion) ?? draft.context.policy
  if (draft.observed || decision.approval !== null) return null
  if (!needsSecondApproval(measure, { followersHighest: draft.followers }, policy)) return null
  // What would be over when it is approved lapses.
  const lapsesAt = Math.min(
    draft.now.getTime() + policy.secondApproval.lapseAfter,
    decision.until?.getTime() ?? Infinity,
  )
  return { needsApproval: true, lapsesAt: new Date(lapsesAt), notBefore: null, askedAt: draft.now }
}

/** The case of a decision that is held after it was closed waits with it, as the case of any held decision does. */
export function holdCase(draft: AccountDraft, decision: DecisionRecord): void {
  // A cluster is looked after by itself; what is a part of another case is decided there.
  if (decision.cluster || draft.state.mergedCases?.some(({ caseId }) => caseId === decision.caseId)) return
  draft.state.openCase ??= { caseId: decision.caseId, why: [] }
  const open = draft.state.openCase
  if (open.caseId !== decision.caseId) return
  const isFirst = open.why.length === 0
  if (!open.why.includes('held')) open.why.push('held')
  // A step of the ladder leaves its case in the queue; what a person decided takes it out.
  if (isFirst)
    draft.caseChange(open.caseId, { state: decision.automated ? 'open' : 'held', automated: false })
}
