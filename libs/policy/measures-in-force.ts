import type { AccountStatus, Measure } from '#libs/contracts/measures-in-force'
import type { Strike } from './ladder.js'

/** A measure that holds or held on an account: a step of the ladder or a decision. */
export interface Holding {
  id: string
  source: 'ladder' | 'decision'
  measure: Measure
  since: Date
  /** Exclusive; `null` is without end. */
  until: Date | null
}

/** The level of a banned account; no rung leads there, only a person's decision. */
export const BANNED_LEVEL = 5

/** Measures whose end a person may set. */
export const ENDING: readonly Measure[] = ['warn', 'limit', 'suspend']

/** How grave each measure is; an order, no quantity. */
const GRAVITY: Record<Measure, number> = {
  none: 0,
  label: 1,
  warn: 2,
  remove: 3,
  limit: 4,
  suspend: 5,
  ban: 6,
}

/** Below zero if `a` is the lesser measure; `none` < `label` < `warn` < `remove` < `limit` < `suspend` < `ban`. */
export function compareMeasures(a: Measure, b: Measure): number {
  return GRAVITY[a] - GRAVITY[b]
}

/** What holds at `now`, the gravest first; of equally grave ones that which holds longest, then by id. */
export function measuresInForce<T extends Holding>(holdings: readonly T[], now: Date): T[] {
  return holdings
    .filter((holding) => holding.until === null || now < holding.until)
    .sort(
      (a, b) =>
        compareMeasures(b.measure, a.measure) ||
        compareEnds(b.until, a.until) ||
        (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    )
}

/** What an account is called: by the gravest measure on it in force, else by whether strikes still count. */
export function accountStatus(inForce: readonly Holding[], level: number): AccountStatus {
  const holds = (measure: Measure): boolean => inForce.some((holding) => holding.measure === measure)
  if (holds('ban')) return 'banned'
  if (holds('suspend')) return 'suspended'
  if (holds('limit')) return 'limited'
  return level > 0 || holds('warn') ? 'warned' : 'active'
}

/** The next instant after `now` at which points or measures change by the clock alone; `null` if none is ahead. */
export function nextInstant(
  strikes: readonly Strike[],
  holdings: readonly Holding[],
  now: Date,
): Date | null {
  const ahead = [
    ...strikes.flatMap((strike) => (strike.reversedAt ? [] : [strike.at, strike.expiresAt])),
    ...holdings.flatMap((holding) => (holding.until ? [holding.until] : [])),
  ].filter((instant) => instant > now)
  return ahead.reduce<Date | null>((first, instant) => (first && first <= instant ? first : instant), null)
}

function compareEnds(a: Date | null, b: Date | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return a.getTime() - b.getTime()
}
