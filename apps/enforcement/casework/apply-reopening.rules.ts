import { RefusedError } from '#libs/runtime/errors'
import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from '../ledger/account-draft.rules.js'
import { standingOfCase } from '../ledger/waiting-cases.rules.js'

/**
 * Opens a decided case again: it waits for people as the account's open case, and what was decided on it stands until it is
 * reversed. Null where it is open already. @throws RefusedError `another-case-open`: nobody opens a second one; `case-held`,
 * `case-merged`
 */
export function applyReopening(
  facts: AccountFacts,
  { caseId, requestId }: { caseId: string; requestId: string },
  context: ChangeContext,
): AccountChange | null {
  const draft = new AccountDraft(facts, context)
  const standing = standingOfCase(draft.state, caseId)
  if (standing === 'open') return null
  draft.assertNotMerged(caseId)
  if (standing === 'held')
    throw new RefusedError(
      'conflict',
      'case-held',
      'A decision on the case waits; refuse it to open the case.',
    )
  const open = draft.state.openCase
  if (open) {
    throw new RefusedError(
      'conflict',
      'another-case-open',
      `The account has an open case already: ${open.caseId}.`,
    )
  }
  draft.state.openCase = { caseId, why: ['reopened'] }
  draft.caseChange(caseId, {
    state: 'open',
    automated: false,
    lastRequest: requestId,
    workedBy: context.actor,
  })
  draft.event('case.reopened', `case/${caseId}`, requestId, { caseId, code: 'reopened' })
  return draft.finish()
}
