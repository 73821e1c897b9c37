import { randomFrom } from '../faults/workload.js'

/** One fault of a run, all that is left to chance decided. */
export interface PlannedFault {
  readonly kind: string
  /** For what the fault itself draws: which service, which batch. */
  readonly seed: number
  /** How long it lasts until it is healed. */
  readonly holdMs: number
  /** Calm after it. */
  readonly pauseMs: number
  /** Whether the calm begins only when the backlog is gone; else the next fault may come into the recovery. */
  readonly awaitsCatchUp: boolean
}

type Range = readonly [least: number, most: number]
/** How long a fault lasts, and the calm after it, milliseconds. */
export interface Pace {
  readonly holdMs: Range
  readonly pauseMs: Range
}
export const STEADY: Pace = { holdMs: [500, 6_000], pauseMs: [500, 4_000] }
export const HURRIED: Pace = { holdMs: [200, 2_000], pauseMs: [200, 800] }
/** One fault in four is followed by the next before Weir has caught up. */
const OVERLAP = 0.25

/** Faults without end, the same for the same seed: every kind once in random order, then all again in another. */
export function* planFaults(
  seed: number,
  kinds: readonly string[],
  { holdMs, pauseMs }: Pace = STEADY,
): Generator<PlannedFault> {
  const random = randomFrom(seed)
  const between = ([least, most]: Range): number => Math.round(least + random() * (most - least))
  for (;;) {
    for (const kind of shuffled(kinds, random)) {
      yield {
        kind,
        seed: between([1, 2 ** 31 - 1]),
        holdMs: between(holdMs),
        pauseMs: between(pauseMs),
        awaitsCatchUp: random() >= OVERLAP,
      }
    }
  }
}

/** The same items in an order drawn from `random` (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
