import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { type Caller, hasRole } from '#libs/runtime/auth/caller'
import { badRequest, conflict, forbidden, type FieldProblem, type Problem } from '#libs/runtime/http/problem'
import { formatDuration } from '#libs/policy/duration'
import { FURTHEST_BEGINNING, isForSeniors, type Term, tooLongReason } from '#libs/policy/limits-of-decisions'
import { ENDING } from '#libs/policy/measures-in-force'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import { MAX_MESSAGES } from '../ledger/decisions/decision.js'
import { assertReasonsFit } from './reasons-fit.rules.js'

/** A decision as a person gives it. */
export interface GivenDecision {
  measure: Measure
  clause?: string
  reasons: Bilingual
  messageIds: string[]
  until?: string
  notBefore?: string
}

/** Why a cluster is not decided like a case on one account. */
export function clusterCase(): Problem {
  return conflict('cluster-case', 'The case is about a cluster; it is decided by itself.')
}

/** Why a case is not decided now: a decision on it waits, or a person decided it. */
export function undecidable(why: 'held' | 'decided'): Problem {
  return why === 'held'
    ? conflict('case-held', 'A decision on the case waits; approve or refuse it first.')
    : conflict('case-decided', 'A person decided the case; reopen it (POST …/reopen) to decide again.')
}

/** @throws Problem 403 where the roles do not reach so far */
export function assertMayDecide(measure: Measure, caller: Caller): void {
  if (measure === 'none') return
  if (measure === 'ban' ? hasRole(caller, 'senior') : hasRole(caller, 'moderator', 'senior')) return
  throw forbidden(`Your roles do not reach as far as ${measure}.`, 'measure-too-grave')
}

/**
 * @throws Problem 400 for what does not go together, 403 for a suspension that is a senior's because it is so long; without
 * `messageIds` the case says which are meant
 */
export function assertFits(
  given: Omit<GivenDecision, 'messageIds'> & Partial<GivenDecision>,
  policy: Policy,
  now: Date,
  caller: Caller,
): void {
  const problems: FieldProblem[] = []
  const { measure, clause, messageIds } = given
  if (measure !== 'none' && !clause) {
    problems.push({ path: '/clause', reason: 'is needed: no measure without a clause' })
  }
  if (clause !== undefined && !clauseOf(policy, clause)) {
    problems.push({ path: '/clause', reason: 'is no clause of the policy in force' })
  }
  if (measure !== 'none' && messageIds?.length === 0) {
    problems.push({ path: '/messageIds', reason: 'must name the messages that the measure rests on' })
  }
  problems.push(...termProblems(given, now))
  if (problems.length > 0)
    throw badRequest('invalid-request', 'The decision cannot be made like this.', problems)
  const term = termOf(given, now)
  if (term && isForSeniors(measure, term, policy) && !hasRole(caller, 'senior')) {
    const most = formatDuration(policy.decisions.maxSuspension)
    throw forbidden(`A suspension for longer than ${most} is a senior's to decide.`, 'measure-too-grave')
  }
  assertReasonsFit(given.reasons, messageIds?.length ?? MAX_MESSAGES)
}

type GivenTerm = Pick<GivenDecision, 'measure' | 'until' | 'notBefore'>

/** What is wrong with when a decision is to begin and to end. */
export function termProblems(given: GivenTerm, now: Date): FieldProblem[] {
  const { measure, until, notBefore } = given
  const problems: FieldProblem[] = []
  if (notBefore && new Date(notBefore).getTime() - now.getTime() > FURTHEST_BEGINNING) {
    const reason = `must not be further ahead than ${formatDuration(FURTHEST_BEGINNING)}`
    problems.push({ path: '/notBefore', reason })
  }
  const term = termOf(given, now)
  if (!until || !term) return problems
  const reasons = [
    ENDING.includes(measure) ? null : `does not go with ${measure}`,
    term.until <= now ? 'must be in the future' : null,
    notBefore && term.until <= new Date(notBefore) ? 'must be after notBefore' : null,
    tooLongReason(term),
  ].filter((reason) => reason !== null)
  return [...problems, ...reasons.map((reason) => ({ path: '/until', reason }))]
}

/** From when to when a decision holds that says when it ends; `notBefore` in the past changes nothing. */
function termOf({ until, notBefore }: GivenTerm, now: Date): Term | null {
  if (!until) return null
  const begins = notBefore ? new Date(notBefore) : now
  return { from: begins > now ? begins : now, until: new Date(until) }
}
