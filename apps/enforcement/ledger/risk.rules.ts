import type { Outcome } from '#libs/contracts/verdict'
import type { Milliseconds } from '#libs/policy/duration'
import type { Severity } from '#libs/policy/policy-document'

/**
 * How much many signs together say of an account, however weak each is. Taken from systems that score an account by the rare
 * hits among its many messages (Roblox Sentinel, field notes on peers, section 8): what is clear does not dilute what is not.
 * The signs are joined by noisy-or (Pearl 1988): an account is at risk unless every sign of it is wrong, each by itself. In
 * logarithms that is a sum, and with exponential decay a sum that needs no memory of its terms (forward decay, Cormode et al.
 * 2009). The weights below are ours.
 */
export interface Risk {
  /** The evidence at `at`, in nats: the signs' `-ln(1 - p)`, each halved for every half-life since it came. */
  sum: number
  /** When the latest of the signs came. */
  at: Date
  /** How many there are. */
  signals: number
}

export const RISK_HALF_LIFE: Milliseconds = 14 * 86_400_000
export const NO_RISK: Readonly<Risk> = { sum: 0, at: new Date(0), signals: 0 }

/** How likely it is that a message of which the detectors are certain is one of many, by severity. */
const LIKELY: Readonly<Record<Exclude<Outcome, 'clear'>, Readonly<Record<Severity, number>>>> = {
  review: { 1: 0.05, 2: 0.1, 3: 0.2, 4: 0.4 },
  act: { 1: 0.2, 2: 0.35, 3: 0.6, 4: 0.9 },
}

/** What one judged message says, in nats: the strongest of its categories, for they are signs of one thing. */
export function signOf(
  at: Date,
  outcome: Exclude<Outcome, 'clear'>,
  categories: readonly { outcome: Outcome; score: number; severity: Severity }[],
): Risk {
  const likely = categories.map((one) =>
    one.outcome === 'clear' ? 0 : LIKELY[outcome][one.severity] * Math.min(1, Math.max(0, one.score)),
  )
  return { sum: -Math.log1p(-Math.max(0, ...likely)), at, signals: 1 }
}

/** Both together, in whatever order (but for the rounding of floating-point numbers). */
export function joinRisks(a: Readonly<Risk>, b: Readonly<Risk>): Risk {
  const at = a.at > b.at ? a.at : b.at
  return { sum: evidenceAt(a, at) + evidenceAt(b, at), at, signals: a.signals + b.signals }
}

/** As if the signs of `part` had never been among those of `whole`. */
export function withoutRisk(whole: Readonly<Risk>, part: Readonly<Risk>): Risk {
  const signals = Math.max(0, whole.signals - part.signals)
  if (signals === 0) return { ...NO_RISK, at: whole.at }
  const { at } = whole
  return { sum: Math.max(0, whole.sum - evidenceAt(part, at)), at, signals }
}

/** From 0 to 1 at an instant. Before the latest sign came it is what it was then. */
export function riskScore(risk: Readonly<Risk>, at: Date): number {
  return -Math.expm1(-evidenceAt(risk, at))
}

/** As the API shows it: as of the last full hour, or of the latest sign since, so that nothing changes while nothing happens. */
export function riskView(risk: Readonly<Risk>, now: Date): { score: number; at: Date; signals: number } {
  const hour = new Date(Math.floor(now.getTime() / HOUR) * HOUR)
  const at = risk.at > hour ? risk.at : hour
  return { score: riskScore(risk, at), at, signals: risk.signals }
}

const HOUR: Milliseconds = 3_600_000

function evidenceAt({ sum, at }: Readonly<Risk>, when: Date): number {
  return sum * 2 ** -(Math.max(0, when.getTime() - at.getTime()) / RISK_HALF_LIFE)
}
