import type { AccountStatus, Measure } from '#libs/contracts/measures-in-force'
import { tooLongReason } from '#libs/policy/limits-of-decisions'
import { compareMeasures, ENDING } from '#libs/policy/measures-in-force'
import type { Policy } from '#libs/policy/policy-document'
import { durationOf } from '../ledger/apply-decision.rules.js'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import { isOnMessages } from '../ledger/exonerations/exonerate.rules.js'
import type { ReplacementOrder } from './appeal.js'

/** What can stand in the place of a step of the ladder, and fall with its strikes. */
const FOR_STEPS: readonly Measure[] = ['none', 'warn', 'limit']

type Replaceable = Pick<DecisionRecord, 'measure' | 'stepId' | 'until' | 'inForceSince' | 'at' | 'replaces'>

/**
 * What is wrong with a replacement: where and why; null where it is lesser and fits. An appeal never makes matters worse, for the
 * account either, which stands at `status`.
 */
export function replacementProblem(
  decision: Replaceable,
  given: ReplacementOrder,
  status: AccountStatus,
  now: Date,
): { path: string; reason: string } | null {
  if (compareMeasures(given.measure, decision.measure) >= 0) {
    return { path: '/replacement/measure', reason: `must be less than ${decision.measure}` }
  }
  if (given.measure === 'warn' && isOnMessages(decision) && status === 'active') {
    return {
      path: '/replacement/measure',
      reason: 'must be none or label: nothing is in force on the account, and a warning would be',
    }
  }
  if (decision.stepId !== null && !FOR_STEPS.includes(given.measure)) {
    return {
      path: '/replacement/measure',
      reason: 'must be none, warn or limit in the place of a ladder step',
    }
  }
  if (given.until === null) return null
  const path = '/replacement/until'
  if (!ENDING.includes(given.measure)) return { path, reason: `does not go with ${given.measure}` }
  if (given.until <= now) return { path, reason: 'must be in the future' }
  if (decision.until && given.until > decision.until) {
    return { path, reason: 'must not be after the end of what it replaces' }
  }
  const tooLong = tooLongReason({ from: servedFrom(decision), until: given.until })
  return tooLong === null ? null : { path, reason: tooLong }
}

/** Since when time is served under a decision, or under what it replaced. */
export function servedFrom(decision: Replaceable): Date {
  return decision.replaces?.servedFrom ?? decision.inForceSince ?? decision.at
}

/**
 * When a replacement ends: on the given day, else after the policy's time for its measure; counted from the beginning of what
 * it replaces, and never after its end. Null for what has no end.
 */
export function replacementEnd(decision: Replaceable, given: ReplacementOrder, policy: Policy): Date | null {
  const length = durationOf(given.measure, policy)
  if (length === null) return null
  const end = given.until ?? new Date(servedFrom(decision).getTime() + length)
  return decision.until && decision.until < end ? decision.until : end
}
