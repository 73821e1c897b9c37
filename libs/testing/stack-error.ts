export type StackErrorSlug =
  | 'tool-missing'
  | 'tool-failed'
  | 'hash-mismatch'
  | 'unsupported-system'
  | 'port-taken'
  | 'ended-early'
  | 'not-ready'
  | 'not-built'
  | 'unknown-service'
  | 'ending'

/** Why the local stack or a service could not be started; the message is a sentence for the person at the keyboard. */
export class StackError extends Error {
  override readonly name = 'StackError'

  constructor(
    readonly slug: StackErrorSlug,
    message: string,
  ) {
    super(message)
  }
}
