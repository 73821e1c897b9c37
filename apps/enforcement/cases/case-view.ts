import type { Policy } from '#libs/policy/policy-document'
import { asOf } from './case-work.rules.js'
import type { CaseEntry, CaseRecord } from './case.js'

/** A case as the API shows it: as it stands at `now`. A claim that has lapsed is not shown. */
export function caseView(found: CaseRecord, now: Date) {
  const { _id: caseId, platformId, accountId, automated, categories, proposal, openedAt, updatedAt } = found
  const { severity, priority, urgentSince, dueAt, gravest, route, notes, version } = found
  const { state, assignee, claimedAt, until } = asOf(found, now)
  return {
    caseId,
    platformId,
    accountId,
    state,
    automated,
    categories,
    severity,
    priority,
    urgentSince,
    dueAt,
    overdue: state !== 'decided' && state !== 'closed' && dueAt <= now,
    queue: { category: gravest.category, language: gravest.language, route },
    proposal,
    openedAt,
    updatedAt,
    assignee,
    claimedAt,
    claimedUntil: state === 'claimed' ? until : null,
    snoozedUntil: state === 'open' ? until : null,
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
