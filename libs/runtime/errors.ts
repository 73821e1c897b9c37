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
