import type { CaseStore } from '../ledger/cases/case.store.js'
import type { DecisionStore } from '../ledger/decisions/decision.store.js'
import type { AppealStore } from './appeal.store.js'
import type { PartsInCase } from './may-hear.rules.js'
import type { ReviewersOf } from './reviewers-of.js'

/** Where it is written who did what in a case. */
export interface PartStores {
  appeals: AppealStore
  cases: CaseStore
  decisions: DecisionStore
  reviewing: ReviewersOf
}

/** Who did what in a case so far, as far as it keeps them from reviewing a decision on it. */
export async function partsInCase(
  caseId: string,
  { appeals, cases, decisions, reviewing }: PartStores,
): Promise<PartsInCase> {
  // A part in any case that is now one with this one is a part in this one.
  const file = await cases.fileOf(caseId)
  const caseIds = [...new Set([caseId, ...file.map((found) => found._id)])]
  const [deciders, hearers, reviewers] = await Promise.all([
    decisions.peopleOf(caseIds),
    appeals.hearersOf(caseIds),
    reviewing.reviewersOf(caseIds),
  ])
  return {
    deciders,
    hearers,
    workers: file.flatMap(({ workedBy = [] }) => workedBy),
    noteWriters: file.flatMap(({ notes }) => notes.map((note) => note.by)),
    reviewers,
    goldenKeepers: [],
  }
}
