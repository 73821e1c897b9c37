import type { CaseStore } from '../cases/case.store.js'
import type { DecisionStore } from '../decisions/decision.store.js'
import type { ReviewStore } from '../quality/review.store.js'
import type { AppealStore } from './appeal.store.js'
import type { PartsInCase } from './may-hear.rules.js'

/** Where it is written who did what in a case. */
export interface PartStores {
  appeals: AppealStore
  cases: CaseStore
  decisions: DecisionStore
  reviews: ReviewStore
}

/** Who did what in a case so far; an appeal that is about to be heard is no part yet. */
export async function partsInCase(
  caseId: string,
  { appeals, cases, decisions, reviews }: PartStores,
  appealId = '',
): Promise<PartsInCase> {
  const [found, deciders, hearers, reviewers] = await Promise.all([
    cases.byId(caseId),
    decisions.peopleOf(caseId),
    appeals.hearersOf(caseId, appealId),
    reviews.reviewersOf(caseId),
  ])
  return {
    deciders,
    hearers,
    claimers: [...(found?.workedBy ?? []), ...(found?.assignee ? [found.assignee] : [])],
    noteWriters: (found?.notes ?? []).map((note) => note.by),
    reviewers,
  }
}
