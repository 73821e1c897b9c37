import type { Measure } from '#libs/contracts/measures-in-force'
import type { Milliseconds } from './duration.js'
import type { Policy } from './policy-document.js'

const DAY: Milliseconds = 86_400_000
const MAX_YEARS = 5

/** A moderator's longest suspension where the policy does not say (SPEC promise 6). */
export const USUAL_LONGEST_SUSPENSION: Milliseconds = 90 * DAY

/** The longest that any policy may leave to moderators: far below what is a senior's. */
export const LONGEST_FOR_MODERATORS: Milliseconds = 365 * DAY

/** How far ahead a decision may begin: what is meant for later is decided later. */
export const FURTHEST_BEGINNING: Milliseconds = 30 * DAY

/** From when to when a measure is to hold. `from`: when it comes into force at the earliest. */
export interface Term {
  from: Date
  until: Date
}

/** The latest end of a measure that begins then, whoever decides it: five years of the calendar later. */
export function latestEnd(from: Date): Date {
  const end = new Date(from)
  end.setUTCFullYear(end.getUTCFullYear() + MAX_YEARS)
  return end
}

/** Why nobody may decide a measure for so long; null where somebody may. */
export function tooLongReason({ from, until }: Term): string | null {
  if (until <= latestEnd(from)) return null
  return `must not be more than ${MAX_YEARS} years after it begins; what is to hold longer is a ban, with its notice of intent`
}

/** Whether a measure is for a senior to decide because it holds so long. */
export function isForSeniors(
  measure: Measure,
  { from, until }: Term,
  policy: Pick<Policy, 'decisions'>,
): boolean {
  return measure === 'suspend' && until.getTime() - from.getTime() > policy.decisions.maxSuspension
}
