import type { Measure } from '#libs/contracts/measures-in-force'
import { BANNED_LEVEL } from './measures-in-force.js'
import type { Milliseconds } from './duration.js'
import type { Policy } from './policy-document.js'

/** What automation was about to do: a step of the ladder, or any measure with an end. */
export interface ProposedMeasure {
  measure: Measure
  at: Date
  until: Date | null
  proposes?: 'ban' | null
}

export interface AutomaticMeasure {
  measure: Measure
  until: Date | null
  /** Waits for a second person (SPEC promise 6). */
  held: boolean
  /** What people are asked to decide. */
  proposes: 'ban' | null
}

/**
 * What automation alone may make of a measure (SPEC promise 6): a suspension is cut to `automation.maxSuspension`, a ban
 * becomes such a suspension and a proposal, and a suspension of an account of reach is held for a second person.
 * `followersHighest` is the highest count of the last 30 days; `null`, not known, counts as reach.
 */
export function automaticMeasure(
  step: ProposedMeasure,
  account: { followersHighest: number | null },
  policy: Pick<Policy, 'automation' | 'secondApproval'>,
): AutomaticMeasure {
  const proposes = step.measure === 'ban' ? 'ban' : (step.proposes ?? null)
  if (step.measure !== 'ban' && step.measure !== 'suspend') {
    return { measure: step.measure, until: step.until, held: false, proposes }
  }
  const latest = new Date(step.at.getTime() + cap(policy.automation.maxSuspension))
  const until = step.until && step.until < latest ? step.until : latest
  return { measure: 'suspend', until, held: needsSecondApproval('suspend', account, policy), proposes }
}

/** Whether a measure on such an account waits for a second person, whoever decided it. */
export function needsSecondApproval(
  measure: Measure,
  account: { followersHighest: number | null },
  policy: Pick<Policy, 'secondApproval'>,
): boolean {
  if (measure !== 'suspend' && measure !== 'ban') return false
  return account.followersHighest === null || account.followersHighest >= policy.secondApproval.minFollowers
}

/** The longest suspension that any policy may leave to automation. */
export const LONGEST_AUTOMATIC_SUSPENSION: Milliseconds = 30 * 86_400_000

function cap(configured: Milliseconds): Milliseconds {
  return Math.min(configured, LONGEST_AUTOMATIC_SUSPENSION)
}

/** The level to show: that of the strikes, or 5 under a ban. */
export function shownLevel(level: number, banned: boolean): number {
  return banned ? BANNED_LEVEL : level
}
