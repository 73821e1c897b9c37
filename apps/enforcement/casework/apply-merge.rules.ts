import { RefusedError } from '#libs/runtime/errors'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from '../ledger/account-draft.rules.js'
import { standingOfCase } from '../ledger/waiting-cases.rules.js'

/** What is kept of merged cases in an account, and read with its open case, stays small. */
export const MAX_MERGED = 50

/**
 * Makes a decided case a part of its account's open one, so that what is to be decided can rest on all of it. What was decided
 * on it stands. Null where it is a part of that case already.
 * @throws RefusedError `case-merged`, `case-open`, `into-not-open`, `decision-held`, `too-many-merged`
 */
export function applyMerge(
  facts: AccountFacts,
  { caseId, into, requestId }: { caseId: string; into: string; requestId: string },
  context: ChangeContext,
): AccountChange | null {
  const draft = new AccountDraft(facts, context)
  const { mergedCases = [] } = draft.state
  if (mergedCases.some((one) => one.caseId === caseId && one.into === into)) return null
  draft.assertNotMerged(caseId)
  if (standingOfCase(draft.state, caseId) === 'open') {
    throw new RefusedError(
      'conflict',
      'case-open',
      'The case waits for a decision; merge the decided one into it instead.',
    )
  }
  if (standingOfCase(draft.state, into) !== 'open') {
    throw new RefusedError(
      'conflict',
      'into-not-open',
      'A case is merged into an open case of its account only.',
    )
  }
  if (facts.decisions.some((decision) => decision.caseId === caseId && decision.state === 'held')) {
    throw new RefusedError(
      'conflict',
      'decision-held',
      'A decision on the case waits; approve or refuse it first.',
    )
  }
  if (mergedCases.length >= MAX_MERGED) {
    throw new RefusedError(
      'conflict',
      'too-many-merged',
      `${MAX_MERGED} cases of the account are merged already.`,
    )
  }
  draft.state.mergedCases = [...mergedCases, { caseId, into }]
  if (draft.state.automatedCaseId === caseId) draft.state.automatedCaseId = null
  draft.caseChange(caseId, { state: 'closed', mergedInto: into, lastRequest: requestId })
  draft.caseChange(into, { absorbs: { caseId, by: context.actor } })
  draft.event('case.merged', `case/${caseId}`, into, { caseId, intoCaseId: into })
  return draft.finish()
}
