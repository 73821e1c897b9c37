import { badRequest, type FieldProblem } from '#libs/runtime/http/problem'
import { clauseOf, type Policy } from '#libs/policy/policy-document'
import type { Judgement } from './review.js'

/** @throws Problem 400 where a measure has no clause, or the policy does not have the clause */
export function assertJudgement({ measure, clause }: Judgement, policy: Policy): void {
  const problems: FieldProblem[] = []
  if (measure !== 'none' && clause === null) {
    problems.push({ path: '/clause', reason: 'is needed: no measure without a clause' })
  }
  if (clause !== null && !clauseOf(policy, clause)) {
    problems.push({ path: '/clause', reason: 'is no clause of the policy that the case is judged by' })
  }
  if (problems.length > 0) throw badRequest('invalid-request', 'It cannot be judged like this.', problems)
}
