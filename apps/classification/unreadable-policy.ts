import { RetryableError } from '#libs/runtime/errors'

/**
 * A published document that this version of the service cannot read: it must not judge at all, rather than judge wrongly. What
 * it would judge waits for a version of the service that can, or for another policy.
 */
export class UnreadablePolicyError extends RetryableError {
  constructor(message: string) {
    super('unreadable-policy', message)
  }
}
