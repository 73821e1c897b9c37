const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * Milliseconds before the first, second, … attempt, each counted from the one before: about 75 hours in all.
 * Source: Standard Webhooks specification, "Deliverability and reliability".
 */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

/** Jitter stretches a delay by at most this part, so that what failed together does not come back together. */
const JITTER_PART = 0.1
/** A receiver may not put us off for longer than this. */
const MAX_RETRY_AFTER_MS = 24 * HOUR

/**
 * Milliseconds to wait after `tries` attempts that failed, or null when that was the last one.
 * `jitter` is a random number from 0 to 1. A `retryAfterMs` that the receiver asked for is waited for, up to 24 h.
 */
export function retryDelayMs(tries: number, jitter: number, retryAfterMs: number | null): number | null {
  const delay = RETRY_DELAYS_MS[tries]
  if (delay === undefined) return null
  const stretched = Math.round(delay * (1 + JITTER_PART * jitter))
  return Math.max(stretched, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS))
}

/** Milliseconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or a date), or null if it says nothing. */
export function parseRetryAfter(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND
  const at = /GMT$/.test(header) ? Date.parse(header) : NaN
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime())
}
