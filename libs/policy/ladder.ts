import type { AccountLimits } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { Rung, Severity } from './policy-document.js'

/**
 * Strikes and the ladder: what follows for an account from the set of its strikes, whatever order they became known in.
 *
 * **Points.** A strike counts from `at` until it expires or is reversed, whichever is first. The level at an instant is
 * the highest rung that the points counting then reach. Of what happens at one instant, expiries come first, then strikes
 * by id, then reversals.
 *
 * **Steps and runs.** Walk the strikes by (`at`, `strikeId`). Where the level after a strike is above the level just before
 * it, a step to the new level arises at that strike; a jump over several rungs gives one step, to the highest. A *run* of a
 * level is a stretch of time in which the level never falls below it. Each run begins with a step, of that level or above.
 *
 * **A reversal is an event; it does not rewrite the past.** Points end at `reversedAt`, so no reversal gives rise to a
 * step. It lifts a step when the strikes that remain did not reach its level at any instant of its span (from `at` to
 * `until`; for a warning, to the end of its strike). Where they reach the level on their own, the step stands. What a
 * lifted step had answered for, because it became known later than that, is due then: it is never graver, and would have been
 * issued had all become known in time.
 *
 * **Late strikes.** A strike that becomes known late may move the beginning of a run to before a step that was issued.
 * An issued step therefore counts as the answer to the step that begins its run, if it is at least as high: one run is
 * not answered twice. It stands and falls with the step that begins its run, and holds no longer than if that one had been
 * issued. With durations that do not fall as levels rise (a lint rule), the gravest measure in force is thus the same in
 * whatever order strikes and reversals became known.
 *
 * **A new ladder waits for the next strike.** A strike is measured by the ladder in force at its instant, the level
 * between strikes by that of the latest one, so a new policy does nothing to an account until it earns another strike.
 */

/** One entry in the ledger of an account. Points and expiry were fixed by the policy in force at `at`. */
export interface Strike {
  strikeId: string
  messageId: string
  clause: string
  category: string
  severity: Severity
  points: number
  /** The instant that the record carries (`receivedAt`, or that of the decision), never the time of processing. */
  at: Date
  expiresAt: Date
  reversedAt: Date | null
}

export interface LadderStep {
  /** Derived from strike and level. */
  stepId: string
  strikeId: string
  level: number
  measure: Rung['measure']
  at: Date
  /** `null` for a warning, which holds as long as its run. */
  until: Date | null
  limits: AccountLimits
  proposes: Rung['proposes']
  /** When reversals took away its ground. */
  liftedAt: Date | null
}

/** A step that was issued; `liftedAt` says when its lifting was ordered. */
export interface IssuedStep extends Pick<
  LadderStep,
  'stepId' | 'strikeId' | 'level' | 'measure' | 'at' | 'until' | 'liftedAt'
> {
  /** People undid or refused it though its strikes stand: it is not in force, but its run has had its answer. */
  waived?: boolean
}

/** The rungs in force at an instant, by rising level. */
export type LadderAt = (at: Date) => readonly Rung[]

/** The id of the step to `level` that arises at a strike; `again` counts how often it was lifted and re-earned before. */
export function stepIdOf(strikeId: string, level: number, again = 0): string {
  return again === 0 ? derivedId('step', strikeId, level) : derivedId('step', strikeId, level, again)
}

/** Points that count at an instant. */
export function activePoints(strikes: readonly Strike[], at: Date): number {
  return distinct(strikes)
    .filter((strike) => strike.at <= at && at < endOf(strike))
    .reduce((sum, strike) => sum + strike.points, 0)
}

/** The highest level that a sum of points reaches; 0 below the first rung. */
export function levelOf(points: number, rungs: readonly Rung[]): number {
  return rungOf(points, rungs)?.level ?? 0
}

/**
 * Now, but not before any strike that is known: one from the broker's future still counts (see `levelAt`), and after a reversal
 * that was recorded before it, steps would arise that the reversed strike had made needless.
 */
export function latest(strikes: readonly Strike[], now: Date): Date {
  return strikes.reduce((at, strike) => (strike.at > at ? strike.at : at), now)
}

/** The level at an instant. Pass no instant before the latest strike's, or that strike does not count yet. */
export function levelAt(strikes: readonly Strike[], ladderAt: LadderAt, at: Date): number {
  return prevailing(timelineOf(distinct(strikes), ladderAt), at.getTime())?.level ?? 0
}

/** Every step that the set of strikes gives rise to, in order; a function of the set. */
export function ladderSteps(strikes: readonly Strike[], ladderAt: LadderAt): LadderStep[] {
  return courseOf(strikes, ladderAt).steps
}

/**
 * The steps to issue now, in this order: what the set gives rise to, less what is lifted, over at `now`, or answered by a
 * step that was issued and stands. Once issued, nothing is due again.
 */
export function dueSteps(
  strikes: readonly Strike[],
  issued: readonly IssuedStep[],
  ladderAt: LadderAt,
  now: Date,
): LadderStep[] {
  const course = courseOf(strikes, ladderAt)
  const taken = new Set(issued.map((step) => step.stepId))
  const answers = issued.filter((step) => step.waived || stands(step, course))
  const isAnswered = (step: LadderStep): boolean =>
    answers.some(
      (answer) => answer.level >= step.level && runOf(answer.at, step.level, course)?.first === step,
    )
  return course.steps
    .filter((step) => step.liftedAt === null && now.getTime() < holdEnd(step, course) && !isAnswered(step))
    .map((step) => {
      const named = taken.has(step.stepId) ? earnedAgain(step, taken, course) : step
      taken.add(named.stepId)
      return named
    })
}

/** Issued steps that stand no more because strikes behind them were reversed: their lifting is to be ordered. */
export function orphanedSteps<T extends IssuedStep>(
  strikes: readonly Strike[],
  issued: readonly T[],
  ladderAt: LadderAt,
): T[] {
  const course = courseOf(strikes, ladderAt)
  return issued.filter((step) => step.liftedAt === null && !step.waived && !stands(step, course))
}

/**
 * The issued steps in force at `now`, each with the instant until which it holds: never later than its own `until`, and
 * earlier where a strike that became known late shows that its run began before it. Leave out of `issued` what is held
 * for approval or lapsed.
 */
export function stepsInForce<T extends IssuedStep>(
  strikes: readonly Strike[],
  issued: readonly T[],
  ladderAt: LadderAt,
  now: Date,
): T[] {
  const course = courseOf(strikes, ladderAt)
  return issued
    .filter((step) => !step.waived && stands(step, course))
    .map((step) => ({ step, end: holdEnd(step, course) }))
    .filter(({ end }) => now.getTime() < end)
    .map(({ step, end }) => ({ ...step, until: new Date(end) }))
}

/** A change of level: a strike begins (`strike`) or ends (`null`). */
interface Moment {
  t: number
  level: number
  strike: Strike | null
}

/** Everything that follows from a set of strikes. */
interface Course {
  set: readonly Strike[]
  timeline: readonly Moment[]
  steps: LadderStep[]
  ladderAt: LadderAt
}

/** A stretch of time, end excluded, and the step that begins it. */
interface Run {
  to: number
  first: LadderStep
}

function courseOf(strikes: readonly Strike[], ladderAt: LadderAt): Course {
  const set = distinct(strikes)
  const timeline = timelineOf(set, ladderAt)
  return { set, timeline, steps: stepsOf(set, timeline, ladderAt), ladderAt }
}

function endOf(strike: Strike): Date {
  return strike.reversedAt && strike.reversedAt < strike.expiresAt ? strike.reversedAt : strike.expiresAt
}

function rungOf(points: number, rungs: readonly Rung[]): Rung | undefined {
  return rungs.findLast((rung) => points >= rung.minPoints)
}

/** One entry per strike, by (at, strikeId); of copies the one reversed first, so that a stale copy revives nothing. */
function distinct(strikes: readonly Strike[]): Strike[] {
  const byId = new Map<string, Strike>()
  for (const strike of strikes) {
    const known = byId.get(strike.strikeId)
    if (!known || endOf(strike) < endOf(known)) byId.set(strike.strikeId, strike)
  }
  return [...byId.values()].sort(
    (a, b) => a.at.getTime() - b.at.getTime() || (a.strikeId < b.strikeId ? -1 : 1),
  )
}

/** The level over time. Takes distinct strikes in order. */
function timelineOf(set: readonly Strike[], ladderAt: LadderAt): Moment[] {
  const counting = set.filter(
    (strike) => strike.at < strike.expiresAt && !(strike.reversedAt && strike.reversedAt < strike.at),
  )
  const ends = counting
    .map((strike) => ({
      t: endOf(strike).getTime(),
      points: strike.points,
      expiry: endOf(strike) === strike.expiresAt,
    }))
    .sort((a, b) => a.t - b.t || Number(b.expiry) - Number(a.expiry))
  const moments: Moment[] = []
  let points = 0
  let rungs: readonly Rung[] = []
  let ended = 0
  const endBefore = (t: number): void => {
    for (let end = ends[ended]; end && (end.t < t || (end.t === t && end.expiry)); end = ends[++ended]) {
      points -= end.points
      moments.push({ t: end.t, level: levelOf(points, rungs), strike: null })
    }
  }
  for (const strike of counting) {
    endBefore(strike.at.getTime())
    points += strike.points
    rungs = ladderAt(strike.at)
    moments.push({ t: strike.at.getTime(), level: levelOf(points, rungs), strike })
  }
  endBefore(Infinity)
  return moments
}

function prevailing(timeline: readonly Moment[], t: number): Moment | undefined {
  return timeline.findLast((moment) => moment.t <= t)
}

function stepsOf(set: readonly Strike[], timeline: readonly Moment[], ladderAt: LadderAt): LadderStep[] {
  const steps: LadderStep[] = []
  let before = 0
  for (const { level, strike } of timeline) {
    if (strike && level > before) {
      const rung = ladderAt(strike.at).find((candidate) => candidate.level === level)!
      const step = {
        stepId: stepIdOf(strike.strikeId, level),
        strikeId: strike.strikeId,
        level,
        measure: rung.measure,
        at: strike.at,
        until: rung.duration === null ? null : new Date(strike.at.getTime() + rung.duration),
        limits: rung.limits,
        proposes: rung.proposes,
        liftedAt: null,
      }
      steps.push({ ...step, liftedAt: liftInstant(step, set, ladderAt) })
    }
    before = level
  }
  return steps
}

/** The run of a level that holds an instant. A run without duration holds the instant at which it begins. */
function runOf(at: Date, level: number, { timeline, steps }: Course): Run | null {
  const byStrike = new Map(steps.map((step) => [step.strikeId, step]))
  let first: LadderStep | undefined
  let begun = 0
  for (const moment of timeline) {
    if (moment.t > at.getTime() && !first) return null
    if (moment.level >= level) {
      if (!first) begun = moment.t
      first ??= byStrike.get(moment.strike!.strikeId)
    } else if (first) {
      if (at.getTime() < moment.t || at.getTime() === begun) return { to: moment.t, first }
      first = undefined
    }
  }
  return null
}

function stands(step: IssuedStep, course: Course): boolean {
  const first = runOf(step.at, step.level, course)?.first
  if (step.liftedAt !== null || !first || first.liftedAt !== null) return false
  // One that was approved late runs longer than the step that begins its run: what is reversed in that time counts too.
  const end = holdEnd(step, course)
  const longer = first.until !== null && first.until.getTime() < end
  return !longer || liftInstant({ ...first, until: new Date(end) }, course.set, course.ladderAt) === null
}

/** Until when a step that stands holds. */
function holdEnd(step: IssuedStep, course: Course): number {
  const run = runOf(step.at, step.level, course)
  if (!run) return -Infinity
  if (step.until === null) return run.to
  return step.until.getTime() - (step.at.getTime() - run.first.at.getTime())
}

/** When reversals took away the ground of a step, or `null` while it stands. */
function liftInstant(step: LadderStep, set: readonly Strike[], ladderAt: LadderAt): Date | null {
  const [from, to] = [step.at.getTime(), spanEndOf(step, set)]
  const instants = new Set(set.flatMap((strike) => strike.reversedAt?.getTime() ?? []))
  const lifted = [...instants]
    .filter((instant) => from <= instant && instant < to)
    .sort((a, b) => a - b)
    .find((instant) => !reachOf(step, set, ladderAt, instant))
  return lifted === undefined ? null : new Date(lifted)
}

/** The moment at which the strikes that were known and not reversed at `known` reach a step's level within its span. */
function reachOf(
  step: LadderStep,
  set: readonly Strike[],
  ladderAt: LadderAt,
  known: number,
): Moment | undefined {
  const at = step.at.getTime()
  const spanEnd = spanEndOf(step, set)
  const remaining = set
    .filter(
      (strike) =>
        strike.at.getTime() <= known && !(strike.reversedAt && strike.reversedAt.getTime() <= known),
    )
    .map((strike) => ({ ...strike, reversedAt: null }))
  const timeline = timelineOf(remaining, ladderAt)
  const candidates = timeline.filter(({ t }) => at < t && t < spanEnd)
  return [prevailing(timeline, at), ...candidates].find((moment) => moment && moment.level >= step.level)
}

function spanEndOf(step: LadderStep, set: readonly Strike[]): number {
  if (step.until !== null) return step.until.getTime()
  return set.find((strike) => strike.strikeId === step.strikeId)!.expiresAt.getTime()
}

/**
 * A step that was issued and lifted, and that strikes known only since then have earned after all: under a new id, and in
 * the name of a strike that still stands.
 */
function earnedAgain(step: LadderStep, taken: ReadonlySet<string>, { set, ladderAt }: Course): LadderStep {
  const standing = set.filter((strike) => !strike.reversedAt)
  const reached = reachOf(step, set, ladderAt, Infinity)?.t ?? step.at.getTime()
  const own = standing.find((strike) => strike.strikeId === step.strikeId)
  const strikeId =
    (own ?? standing.findLast((strike) => strike.at.getTime() <= reached))?.strikeId ?? step.strikeId
  let again = 0
  while (taken.has(stepIdOf(strikeId, step.level, again))) again++
  return { ...step, strikeId, stepId: stepIdOf(strikeId, step.level, again) }
}
