import { RetryableError } from '#libs/runtime/errors'

/** More rounds than anybody loses to others; who needs more meets a fault, and the batch or request comes again. */
export const MAX_ROUNDS = 50

/**
 * Bounds how often a guarded change is tried that others may be faster with. Each round reads anew and ends with `return`
 * where it stored something or nothing is to be stored: `for (const rounds = new Rounds('The case'); ; rounds.next())`.
 */
export class Rounds {
  /** How many were lost. */
  lost = 0

  /** `what` is changed, as a sentence begins with it. */
  constructor(private readonly what: string) {}

  /** Begins another round. @throws RetryableError `contention` once `MAX_ROUNDS` were lost */
  next(): void {
    this.lost++
    if (this.lost >= MAX_ROUNDS) throw new RetryableError('contention', `${this.what} changes too fast.`)
  }
}
