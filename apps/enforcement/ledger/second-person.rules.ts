import type { Measure } from '#libs/contracts/measures-in-force'
import { needsSecondApproval } from '#libs/policy/limits-of-automation'
import type { DecisionRecord } from './decisions/decision.js'
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
