import type { AttemptResult } from './attempt.rules.js'

const HOUR = 3_600_000
/** So long every attempt must have failed before a webhook is taken out of use. */
export const DISABLE_AFTER_MS = 24 * HOUR
/** How often one that is out of use for failing is tried. */
export const PROBE_EVERY_MS = HOUR

/** Why a webhook is out of use: its receiver answered 410, or nothing but failures. */
export const DISABLED_FOR = ['gone', 'failing'] as const

/** How a webhook fares. */
export interface WebhookHealth {
  /** Since when every attempt has failed; null while the last one was taken. */
  failingSince: Date | null
  disabledAt: Date | null
  disabledFor: (typeof DISABLED_FOR)[number] | null
  /** When the next single attempt is due, where it is out of use for failing. */
  probeAt: Date | null
}

export const HEALTHY: WebhookHealth = Object.freeze({
  failingSince: null,
  disabledAt: null,
  disabledFor: null,
  probeAt: null,
})

/** How a webhook fares after an attempt at `now`; null where that changes nothing. */
export function healthAfter(
  { failingSince, disabledAt }: WebhookHealth,
  { kind, statusCode }: AttemptResult,
  now: Date,
): WebhookHealth | null {
  if (kind === 'delivered') return failingSince || disabledAt ? HEALTHY : null
  if (statusCode === 410) return { failingSince, disabledAt: now, disabledFor: 'gone', probeAt: null }
  if (kind !== 'retry' || disabledAt) return null
  if (!failingSince) return { ...HEALTHY, failingSince: now }
  if (now.getTime() - failingSince.getTime() < DISABLE_AFTER_MS) return null
  const probeAt = new Date(now.getTime() + PROBE_EVERY_MS)
  return { failingSince, disabledAt: now, disabledFor: 'failing', probeAt }
}
