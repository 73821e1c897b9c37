import { hash } from 'node:crypto'
import type { DecisionRecord } from '../ledger/decisions/decision.js'

/** A number in [0, 1) that follows from the decision alone: uniform over decisions, the same at every look. */
export function lotOf(decisionId: string): number {
  const digest = hash('sha256', JSON.stringify(['second-review', decisionId]), 'buffer')
  return digest.readUIntBE(0, 6) / 2 ** 48
}

/** Whether a decision, as it was just made, gets a second review: a share of those that people made of their own. */
export function isSampled(decision: DecisionRecord, share: number): boolean {
  const { decisionId, automated, by, stepId, replaces, findingIds = [], at, updatedAt } = decision
  const byPerson = !automated && by !== 'system' && stepId === null && !replaces
  // What a finding saw over many messages is not among the evidence of a review.
  const onMessages = findingIds.length === 0
  // Later changes of a decision are no new chance for it.
  const justMade = at.getTime() === updatedAt.getTime()
  return byPerson && onMessages && justMade && lotOf(decisionId) < share
}

/** What two people must have in common to agree: the measure and, unless it is none, its clause. */
export function labelOf({ measure, clause }: Pick<DecisionRecord, 'measure' | 'clause'>): string {
  return measure === 'none' ? measure : `${measure} ${clause ?? ''}`
}
