import type { CaseStore } from '../cases/case.store.js'
import type { DecisionStore } from '../decisions/decision.store.js'
import type { AppealStore } from './appeal.store.js'
import type { PartsInCase } from './may-hear.rules.js'

/** Where it is written who did what in a case. */
export interface PartStores {
  appeals: AppealStore
  cases: CaseStore
  decisions: DecisionStore
}

/** Who did what in a case so far; an appeal that is about to be heard is no part yet. */
export async function partsInCase(
  caseId: string,
  { appeals, cases, decisions }: PartStores,
  appealId = '',
): Promise<PartsInCase> {
  const [found, deciders, hearers] = await Promise.all([
    cases.byId(caseId),
    decisions.peopleOf(caseId),
    appeals.hearersOf(caseId, appealId),
  ])
  return {
    deciders,
    hearers,
    claimers: [...(found?.workedBy ?? []), ...(found?.assignee ? [found.assignee] : [])],
    noteWriters: (found?.notes ?? []).map((note) => note.by),
  }
}
