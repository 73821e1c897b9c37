import type { DecisionDocument } from '../ledger/decisions/decision.store.js'
import { strikesUnder } from '../ledger/decisions/decision-people.rules.js'
import type { DirectiveStore } from '../ledger/directives/directive.store.js'
import type { AppealDocument } from './appeal.store.js'
import { partsAround, type PartsInCase } from './may-hear.rules.js'
import type { PartStores } from './parts-in-case.js'
import type { SettleAppeals, Undone } from './settle-appeals.js'

/** Where it is written who had a part in what an appeal would undo. */
export interface AppealPartStores extends PartStores {
  settling: SettleAppeals
  directives: Pick<DirectiveStore, 'byIds'>
}

/** Who has a part in what an appeal would undo now, in whatever case it stands; to hear this appeal is none. */
export async function partsInAppeal(
  appeal: AppealDocument,
  undone: Undone,
  { appeals, cases, decisions, directives, reviewing, settling }: AppealPartStores,
): Promise<PartsInCase> {
  const { platformId, accountId } = appeal
  const heard = (await appeals.heardOf(platformId, accountId)).filter(
    (one) => one.appealId !== appeal._id || one.isEarlier,
  )
  const about = await withReplaced([undone.first, ...undone.undoes], (one) =>
    replacedBy(one, heard, decisions),
  )
  const named = [...new Set(about.map(({ caseId }) => caseId))]
  const files = (await Promise.all(named.map((caseId) => cases.fileOf(caseId)))).flat()
  const caseIds = [...new Set([...named, ...files.map(({ _id }) => _id)])]
  const messageIds = about.flatMap(({ messages }) => messages.map(({ messageId }) => messageId))
  const strikeIds = about.flatMap(strikesUnder)
  const [felled, strikes, steps, onCases, reviewers, goldenKeepers, ordered] = await Promise.all([
    settling.stepsFelledBy(appeal, undone),
    decisions.ofStrikes(platformId, accountId, strikeIds),
    decisions.stepsAt(platformId, accountId, messageIds),
    decisions.ofPeople(caseIds),
    reviewing.reviewersOf(caseIds),
    reviewing.goldenKeepersOf(caseIds),
    directives.byIds([...new Set(about.flatMap(({ directiveIds }) => directiveIds))]),
  ])
  const all = [...about, ...felled]
  const answerers = ordered.flatMap(({ answers }) => answers.map(({ by }) => by))
  const around = { strikes, steps, onCases, heard, cases: files, reviewers, goldenKeepers, answerers }
  return partsAround({ undone: all, ...around })
}

/** The decisions with all that they took the place of, and those of these. */
async function withReplaced(
  decisions: readonly DecisionDocument[],
  replaced: (decision: DecisionDocument) => Promise<DecisionDocument[]>,
): Promise<DecisionDocument[]> {
  const found = new Map(decisions.map((one) => [one._id, one]))
  // A map goes on with what is added to it meanwhile.
  for (const one of found.values()) for (const earlier of await replaced(one)) found.set(earlier._id, earlier)
  return [...found.values()]
}

async function replacedBy(
  { replaces }: DecisionDocument,
  heard: readonly { appealId: string; covers: readonly string[] }[],
  decisions: PartStores['decisions'],
): Promise<DecisionDocument[]> {
  if (!replaces) return []
  const covered = heard.find(({ appealId }) => appealId === replaces.appealId)?.covers ?? []
  return decisions.byIds([...new Set([replaces.decisionId, ...covered])])
}
