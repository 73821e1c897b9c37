import { laterBy } from '#libs/contracts/fields'
import { appealWindowEnd, SHORTEST_WINDOW } from './statements/appeal-window.rules.js'

/** An objection, as far as it keeps evidence. `closedAt`: when it was decided or withdrawn; null while it is neither. */
export interface HeardAppeal {
  closedAt: Date | null
}

/** A measure that rests on a piece of evidence, and the objections to it. */
export interface RestingMeasure {
  issuedAt: Date
  appealUntil: Date
  ownerNotifiedAt: Date | null
  appeals: readonly HeardAppeal[]
}

/** What says how long a piece of evidence is needed. */
export interface EvidenceFacts {
  /** When it came into its case. */
  addedAt: Date
  /** Some case that it is in, or that shows it, is not decided. */
  undecided: boolean
  /** When people decided on such a case since it was there, whatever they decided. */
  decidedAt: readonly Date[]
  measures: readonly RestingMeasure[]
  /** Objections of others than the account: against what was decided on the case. */
  otherAppeals: readonly HeardAppeal[]
}

/** Milliseconds, of the policy in force. */
export interface EvidenceTerms {
  window: number
  keepAfterAppeal: number
}

/**
 * When a piece of evidence is needed no more (SPEC promise 14), the first instant at which it may be gone; null while that
 * cannot be said: its case or an objection is undecided. The last of the windows in which somebody could object and of the
 * objections, and a while. Of what led to no measure too somebody may say that one was due: for as long as one may object to one.
 */
export function evidenceUntil(facts: EvidenceFacts, terms: EvidenceTerms): Date | null {
  const { addedAt, undecided, decidedAt, measures, otherAppeals } = facts
  const appeals = [...measures.flatMap((measure) => measure.appeals), ...otherAppeals]
  if (undecided || appeals.some(({ closedAt }) => closedAt === null)) return null
  const windows = measures.map((measure) => appealWindowEnd(measure, measure.ownerNotifiedAt))
  const isSettled = decidedAt.length > 0 || measures.some(({ issuedAt }) => issuedAt >= addedAt)
  const settled = isSettled ? decidedAt : [addedAt]
  const window = Math.max(SHORTEST_WINDOW, terms.window)
  const ends = [
    ...windows.map((end) => end.getTime()),
    ...settled.map((at) => at.getTime() + window),
    ...appeals.map(({ closedAt }) => closedAt!.getTime()),
  ]
  return laterBy(new Date(Math.max(...ends)), terms.keepAfterAppeal)
}

/** When the text of an objection is needed no more; null while it is undecided. `measure`: null where it is against none. */
export function appealTextUntil(
  measure: Omit<RestingMeasure, 'appeals'> | null,
  heardAt: readonly (Date | null)[],
  { keepAfterAppeal }: EvidenceTerms,
): Date | null {
  if (heardAt.some((at) => at === null)) return null
  const ends = heardAt.map((at) => at!.getTime())
  if (measure) ends.push(appealWindowEnd(measure, measure.ownerNotifiedAt).getTime())
  return laterBy(new Date(Math.max(...ends)), keepAfterAppeal)
}

const DAY = 86_400_000

/** When something new is first looked at: nothing is over earlier. */
export function firstLook(at: Date): Date {
  return new Date(at.getTime() + SHORTEST_WINDOW)
}

/**
 * When something is looked at again of which nobody knows when it is over. What ends the waiting, a decision, keeps it for at
 * least as long from then on; it is looked at once a day at the most.
 */
export function nextLook(now: Date, { keepAfterAppeal }: EvidenceTerms): Date {
  return new Date(now.getTime() + Math.max(DAY, Math.min(keepAfterAppeal, SHORTEST_WINDOW)))
}
