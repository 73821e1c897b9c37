import { requestDigest } from '#libs/runtime/http/idempotency'
import { Problem } from '#libs/runtime/http/problem'
import type { GivenDecision } from './given-decision.js'

export const KEY_REUSED = 'idempotency-key-reused'

/** A digest of a decision that somebody asks for: the same for what means the same, whichever way it is written. */
export function digestOfDecision(
  by: string,
  {
    measure,
    clause,
    reasons,
    messageIds,
    until,
    notBefore,
  }: Omit<GivenDecision, 'messageIds'> & {
    messageIds?: readonly string[]
  },
  about?: unknown,
): string {
  const instant = (text: string | undefined): string | null => (text ? new Date(text).toISOString() : null)
  return requestDigest(by, [
    measure,
    clause ?? null,
    [reasons.zh, reasons.en],
    messageIds ? [...new Set(messageIds)].sort() : null,
    instant(until),
    instant(notBefore),
    about ?? null,
  ])
}

/** A key names one request for ever, also when its answer is kept no longer. */
export function keyReused(): Problem {
  return new Problem(422, KEY_REUSED, 'This Idempotency-Key was used with another request.')
}
