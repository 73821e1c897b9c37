import { activePoints, latest, levelAt, stepsInForce, type LadderAt } from '#libs/policy/ladder'
import { shownLevel } from '#libs/policy/limits-of-automation'
import { accountStatus, measuresInForce, type Holding } from '#libs/policy/measures-in-force'
import type { Rung } from '#libs/policy/policy-document'
import type { AccountState, DecidedMeasure, StepOnAccount, StrikeRecord } from './account-state.js'

/** Level, points and status of an account at an instant, from its strikes and what is in force. For reading. */
export function standingOf(
  state: Pick<AccountState, 'steps' | 'decided' | 'archived'>,
  strikes: readonly StrikeRecord[],
  ladderOf: (policyVersion: string) => readonly Rung[],
  now: Date,
): { level: number; points: number; status: ReturnType<typeof accountStatus>; inForce: Holding[] } {
  const at = latest(strikes, now)
  const ladderAt = ladderBy(strikes, ladderOf)
  const standing = stepsInForce(
    strikes,
    state.steps.filter((step) => step.state === 'in_force'),
    ladderAt,
    at,
  )
  const inForce = measuresInForce(holdings(standing, state.decided), at)
  const level = levelAt(strikes, ladderAt, at)
  const banned = inForce.some((holding) => holding.measure === 'ban')
  return {
    level: shownLevel(level, banned),
    points:
      state.archived.points +
      activePoints(
        strikes.filter((strike) => !strike.archived),
        at,
      ),
    status: accountStatus(inForce, level),
    inForce,
  }
}

/** The ladder at a strike's instant is that of the policy by which the strike was judged. */
export function ladderBy(
  strikes: readonly StrikeRecord[],
  ladderOf: (policyVersion: string) => readonly Rung[],
): LadderAt {
  const versions = new Map(strikes.map((strike) => [strike.at.getTime(), strike.policyVersion]))
  const last = strikes.at(-1)?.policyVersion
  return (at) => {
    const version = versions.get(at.getTime()) ?? last
    return version === undefined ? [] : ladderOf(version)
  }
}

function holdings(
  steps: readonly Pick<StepOnAccount, 'directiveId' | 'decisionId' | 'measure' | 'at' | 'until'>[],
  decided: readonly DecidedMeasure[],
): Holding[] {
  return [
    ...steps.map((step) => ({
      id: step.directiveId ?? step.decisionId,
      source: 'ladder' as const,
      measure: step.measure,
      since: step.at,
      until: step.until,
    })),
    ...decided
      .filter((measure) => measure.state === 'in_force')
      .map((measure) => ({
        id: measure.directiveId ?? measure.decisionId,
        source: 'decision' as const,
        measure: measure.measure,
        since: measure.since,
        until: measure.until,
      })),
  ]
}
