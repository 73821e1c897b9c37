import type { Signal } from '#libs/contracts/verdict'
import type { Standing } from '#libs/policy/rule-environment'

export type { Signal, Standing }

/** A signal as a detector gives it: with what acting may rest on it, which does not leave the service. */
export type DetectorSignal = Signal & { standing?: Standing }

/** The contract keeps at most this many spans per signal; detectors report the first ones in the text. */
export const MAX_SPANS = 50
