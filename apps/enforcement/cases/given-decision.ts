import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import { type Caller, hasRole } from '#libs/platform/auth/caller'
import { badRequest, conflict, forbidden, type FieldProblem, type Problem } from '#libs/platform/http/problem'
import { ENDING } from '#libs/policy/measures-in-force'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import { MOST_MESSAGES } from '../decisions/decision.js'
import { assertRoom } from '../decisions/reasons-room.rules.js'

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

/** @throws Problem 403 where the roles do not reach so far */
export function assertMayDecide(measure: Measure, caller: Caller): void {
  if (measure === 'none') return
  if (measure === 'ban' ? hasRole(caller, 'senior') : hasRole(caller, 'moderator', 'senior')) return
  throw forbidden(`Your roles do not reach as far as ${measure}.`, 'measure-too-grave')
}

/** @throws Problem 400 for what does not go together; without `messageIds` the case says which are meant */
export function assertFits(
  given: Omit<GivenDecision, 'messageIds'> & Partial<GivenDecision>,
  policy: Policy,
  now: Date,
): void {
  const problems: FieldProblem[] = []
  const { measure, clause, messageIds, until } = given
  if (measure !== 'none' && !clause) {
    problems.push({ path: '/clause', reason: 'is needed: no measure without a clause' })
  }
  if (clause !== undefined && !clauseOf(policy, clause)) {
    problems.push({ path: '/clause', reason: 'is no clause of the policy in force' })
  }
  if (measure !== 'none' && messageIds?.length === 0) {
    problems.push({ path: '/messageIds', reason: 'must name the messages that the measure rests on' })
  }
  if (until && !ENDING.includes(measure)) {
    problems.push({ path: '/until', reason: `does not go with ${measure}` })
  }
  if (until && new Date(until) <= now) problems.push({ path: '/until', reason: 'must be in the future' })
  if (problems.length > 0)
    throw badRequest('invalid-request', 'The decision cannot be made like this.', problems)
  assertRoom(given.reasons, messageIds?.length ?? MOST_MESSAGES)
}
