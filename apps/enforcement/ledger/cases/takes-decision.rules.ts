import { standingOfCase } from '../waiting-cases.rules.js'
import type { AccountState } from '../account-state.js'
import type { DecisionRecord } from '../decisions/decision.js'

type Made = Pick<
  DecisionRecord,
  'decisionId' | 'caseId' | 'automated' | 'replaces' | 'approval' | 'refusal' | 'at' | 'asked'
>

/** Whether a person decided the case by it. What stands in the place of another after an appeal is about that alone. */
export function isByPerson({ automated, replaces, approval, refusal }: Made): boolean {
  return automated ? approval !== null || refusal !== null : replaces === undefined
}

/**
 * The decision that the same was asked for when the case was last decided, of `made` on the case; undefined where it was
 * decided otherwise, or not. `asked`: a digest of what is asked, and by whom.
 */
export function sameDecision<T extends Made>(
  made: readonly T[],
  caseId: string,
  asked: string,
): T | undefined {
  const people = made.filter((one) => one.caseId === caseId && isByPerson(one))
  const last = Math.max(...people.map(({ at }) => at.getTime()))
  return people.find((one) => one.at.getTime() === last && one.asked?.same === asked)
}

/**
 * Whether a person may decide the case: it is open, or automation alone decided it. Else the id of the decision that they
 * ask for again, or what keeps them from it. `made`: what people decided on the case.
 */
export function takesDecision(
  state: AccountState | null,
  made: readonly Made[],
  caseId: string,
  asked: string,
): { takes: true } | { again: string } | { refused: 'held' | 'decided' } {
  const standing = standingOfCase(state, caseId)
  if (standing === 'open') return { takes: true }
  const same = sameDecision(made, caseId, asked)
  if (same) return { again: same.decisionId }
  if (standing === 'held') return { refused: 'held' }
  return made.some((one) => one.caseId === caseId && isByPerson(one))
    ? { refused: 'decided' }
    : { takes: true }
}
