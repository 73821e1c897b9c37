import type { Policy } from '#libs/policy/policy-document'
import type { CaseEntry, CaseRecord } from './case.js'

/** A case as the API shows it. */
export function caseView(found: CaseRecord) {
  const {
    _id: caseId,
    platformId,
    accountId,
    state,
    automated,
    categories,
    severity,
    priority,
    proposal,
  } = found
  const { openedAt, updatedAt, assignee, claimedAt, notes, version } = found
  return {
    caseId,
    platformId,
    accountId,
    state,
    automated,
    categories,
    severity,
    priority,
    proposal,
    openedAt,
    updatedAt,
    assignee,
    claimedAt,
    notes,
    version,
  }
}

/** The evidence of a case. What a category seals is for a named role only: no word of it is shown here. */
export function entryView(entry: CaseEntry, policy: Pick<Policy, 'categories'>) {
  const {
    _id: verdictId,
    caseId: _case,
    platformId: _platform,
    accountId: _account,
    message,
    ...rest
  } = entry
  const sealed = entry.categories.some(
    ({ category, outcome }) =>
      outcome !== 'clear' &&
      Object.hasOwn(policy.categories, category) &&
      policy.categories[category]!.sealed,
  )
  const { text: _text, links: _links, media: _media, ...shell } = message
  return { verdictId, ...rest, sealed, message: sealed ? shell : message }
}
