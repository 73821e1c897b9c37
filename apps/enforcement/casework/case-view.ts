import type { Policy } from '#libs/policy/policy-document'
import { isSealed } from '#libs/policy/sealed-evidence'
import { asOf } from '../ledger/cases/case-work.rules.js'
import { heldBackReason } from '../ledger/exonerations/exonerate.rules.js'
import type { CaseEntry, CaseRecord } from '../ledger/cases/case.js'
import type { CaseEntryView, CaseView } from './cases-api.js'

/** A case as the API shows it: as it stands at `now`. A claim that has lapsed is not shown. */
export function caseView(found: CaseRecord, now: Date): CaseView {
  const { _id: caseId, automated, categories, proposal, openedAt, updatedAt } = found
  const { severity, priority, urgentSince, dueAt, gravest, route, notes, version } = found
  const { mergedInto = null, merged = [] } = found
  const { state, assignee, claimedAt, until } = asOf(found, now)
  return {
    caseId,
    kind: found.kind ?? 'account',
    platformId: found.platformId || null,
    accountId: found.accountId || null,
    findingId: found.findingId ?? null,
    memberCount: found.memberCount ?? null,
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
    flags: found.flags ?? [],
    openedAt,
    updatedAt,
    assignee,
    claimedAt,
    claimedUntil: state === 'claimed' ? until : null,
    snoozedUntil: state === 'open' ? until : null,
    notes,
    mergedInto,
    merged,
    version,
  }
}

/**
 * The evidence of a case. What is sealed is for a named role only: no word of it is shown here, and what was sealed once stays
 * so: `under` are the policies that it was under since it was judged. What is `blurred` is to be shown when the reader asks for
 * it, not before; `policy` is the one in force now.
 */
export function entryView(
  entry: CaseEntry,
  policy: Pick<Policy, 'categories'>,
  under: readonly Pick<Policy, 'categories'>[] = [],
): CaseEntryView {
  const {
    _id: verdictId,
    caseId: _case,
    platformId: _platform,
    accountId: _account,
    copyKeys: _keys,
    eraseAt: _eraseAt,
    eraser: _eraser,
    strayedAt: _strayedAt,
    waitsSince: _waitsSince,
    comparedDigest: _digest,
    heldBack,
    erased,
    message,
    ...rest
  } = entry
  const found = entry.categories
    .filter(({ category, outcome }) => outcome !== 'clear' && Object.hasOwn(policy.categories, category))
    .map(({ category }) => policy.categories[category]!)
  const sealed = isSealed(entry.categories, [policy, ...under])
  // What no category of the policy in force speaks for may be anything.
  const blurred = found.length === 0 || found.some((category) => category.blurred)
  const { text: _text, links: _links, media: _media, ...shell } = message
  return {
    verdictId,
    ...rest,
    ...(heldBack ? { heldBack: heldBack.map((one) => ({ ...one, reason: heldBackReason(one) })) } : {}),
    sealed,
    blurred,
    message: sealed ? shell : message,
    ...(erased ? { erasedAt: erased.at } : {}),
    ...(erased && !sealed ? { textSha256: erased.textSha256, linkSha256: erased.linkSha256 } : {}),
  }
}
