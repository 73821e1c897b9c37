import type { DeliveryState } from './delivery.js'
import { retryDelayMs } from './retry-schedule.rules.js'

/** What came of one attempt, before it is decided what follows from it. */
export interface AttemptResult {
  readonly kind: 'delivered' | 'retry' | 'permanent' | 'held'
  /** A stable slug for the delivery log: `accepted`, `http-status`, `timeout`, … */
  readonly outcome: string
  /** The HTTP or SMTP status, where there was an answer. */
  readonly statusCode: number | null
  /** For one that is held: until when. */
  readonly retryAfterMs: number | null
}

/** Nothing was tried: its destination is out of use for so long. */
export function held(outcome: string, ms: number): AttemptResult {
  return { kind: 'held', outcome, statusCode: null, retryAfterMs: ms }
}

export function delivered(statusCode: number | null): AttemptResult {
  return { kind: 'delivered', outcome: 'accepted', statusCode, retryAfterMs: null }
}

/** Something that may be better next time. */
export function tryAgain(
  outcome: string,
  statusCode: number | null = null,
  retryAfterMs: number | null = null,
): AttemptResult {
  return { kind: 'retry', outcome, statusCode, retryAfterMs }
}

/** Trying again cannot help. */
export function hopeless(outcome: string, statusCode: number | null = null): AttemptResult {
  return { kind: 'permanent', outcome, statusCode, retryAfterMs: null }
}

/** What an HTTP status means: any 2xx is receipt, 410 that the receiver wants no more; the rest may pass. */
export function fromHttpStatus(status: number, retryAfterMs: number | null): AttemptResult {
  if (status >= 200 && status < 300) return delivered(status)
  if (status === 410) return hopeless('gone', status)
  if (status >= 300 && status < 400) return tryAgain('redirect-refused', status)
  return tryAgain('http-status', status, retryAfterMs)
}

/** The parts of an error of the mail client that tell what happened. */
export interface MailFailure {
  code?: string
  responseCode?: number
  command?: string
}

/**
 * What a failed submission means. A 5xx is final where it is about this recipient or this message; a 5xx about our own
 * login or sender address is ours to mend and is tried again.
 */
export function fromMailFailure(failure: MailFailure): AttemptResult {
  const status = failure.responseCode ?? null
  const aboutThisMail =
    (failure.code === 'EENVELOPE' && failure.command !== 'MAIL FROM') || failure.code === 'EMESSAGE'
  if (status !== null && status >= 500 && aboutThisMail) return hopeless('refused', status)
  if (status !== null) return tryAgain('smtp-status', status)
  return tryAgain(failure.code === 'ETIMEDOUT' || failure.code === 'ABORT_ERR' ? 'timeout' : 'unreachable')
}

export interface Settled {
  readonly state: DeliveryState
  /** Null once the state is final. */
  readonly nextAttemptAt: Date | null
}

/** Where a delivery stands after its `tries`th attempt (counted since it was last made pending). */
export function afterAttempt(result: AttemptResult, tries: number, now: Date, jitter: number): Settled {
  switch (result.kind) {
    case 'held':
      return { state: 'pending', nextAttemptAt: new Date(now.getTime() + (result.retryAfterMs ?? 0)) }
    case 'delivered':
      return { state: 'delivered', nextAttemptAt: null }
    case 'permanent':
      return { state: 'failed', nextAttemptAt: null }
    case 'retry': {
      const delay = retryDelayMs(tries, jitter, result.retryAfterMs)
      if (delay === null) return { state: 'failed', nextAttemptAt: null }
      return { state: 'pending', nextAttemptAt: new Date(now.getTime() + delay) }
    }
  }
}
