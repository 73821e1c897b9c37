import type { Signal } from '#libs/contracts/verdict'

export type { Signal }

/** The contract keeps at most this many spans per signal; detectors report the first ones in the text. */
export const MAX_SPANS = 50
