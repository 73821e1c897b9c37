/** What every failure of ours carries: a stable slug for machines and a sentence for people. */
export interface Failure {
  readonly slug: string
  readonly retryable: boolean
  readonly message: string
}

/** Trying again cannot help: the record is kept as a dead letter, the request is refused. */
export class PermanentError extends Error implements Failure {
  override readonly name = 'PermanentError'
  readonly retryable = false

  /** `path` names the offending field, JSON Pointer style, where there is one. */
  constructor(
    readonly slug: string,
    message: string,
    readonly path: string | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Something that we depend on is away: the same work is tried again until it is back. */
export class RetryableError extends Error implements Failure {
  override readonly name = 'RetryableError'
  readonly retryable = true

  constructor(
    readonly slug: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * Why a rule refuses: what is asked is no possible request, is not for who asks, does not fit how things stand, or does not say of what it
 * was seen.
 */
export type RefusalKind = 'malformed' | 'forbidden' | 'conflict' | 'unseen'

/** One field of what was asked, and what is wrong with it. `path`: JSON Pointer. */
export interface RefusedField {
  readonly path: string
  readonly reason: string
}

/**
 * A rule refuses what is asked of it. Rules know nothing of HTTP: an edge says it in its own terms (`asProblem`). `slug` is
 * stable, the message a sentence for people.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'

  constructor(
    readonly kind: RefusalKind,
    readonly slug: string,
    message: string,
    readonly fields: readonly RefusedField[] = [],
  ) {
    super(message)
  }
}

/**
 * Whether trying again may help. Our errors say it themselves; errors of the language (a bug met by one record) never
 * go away by trying; everything else (drivers, network) is taken for an outage.
 */
export function isRetryable(error: unknown): boolean {
  if (error instanceof PermanentError || error instanceof RetryableError) return error.retryable
  return !(
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError
  )
}
