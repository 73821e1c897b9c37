import { Example, Text } from '#libs/contracts/fields'
import { type RefusalKind, RefusedError } from '../errors.js'

/** One thing that is wrong with a request: where and why. */
export class FieldProblem {
  /** JSON Pointer into the body, or the parameter's name. */
  @Example('/clause') @Text(2_000) readonly path!: string
  @Example('must be a clause of the policy in force') @Text(10_000) readonly reason!: string
}

/**
 * A request that is answered with RFC 9457 `application/problem+json`. `slug` is the stable `type`; `detail` is a sentence
 * for people and holds nothing that the caller did not send or may not know.
 */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly slug: string,
    readonly detail: string,
    readonly errors: readonly FieldProblem[] = [],
    /** Seconds after which to try again, sent as `Retry-After`. */
    readonly retryAfter?: number,
  ) {
    super(detail)
  }
}

const STATUS_OF: Readonly<Record<RefusalKind, number>> = {
  malformed: 400,
  forbidden: 403,
  conflict: 409,
  // RFC 6585, section 3.
  unseen: 428,
}

/** The problem that an error is, or that a rule's refusal comes to; null for everything else. */
export function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error
  if (!(error instanceof RefusedError)) return null
  return new Problem(STATUS_OF[error.kind], error.slug, error.message, error.fields)
}

/** 400: the request is malformed; `errors` names the fields. */
export function badRequest(slug: string, detail: string, errors: readonly FieldProblem[] = []): Problem {
  return new Problem(400, slug, detail, errors)
}

/** 401: no token, or one that is not accepted. The reason is not told. */
export function unauthenticated(): Problem {
  return new Problem(401, 'unauthenticated', 'A valid bearer token is needed.')
}

/** 403: the caller is known and may not do this. */
export function forbidden(detail = 'Your roles do not allow this.', slug = 'forbidden'): Problem {
  return new Problem(403, slug, detail)
}

/** 404: it does not exist, or is another's: the two cannot be told apart. */
export function notFound(detail = 'There is nothing here.', slug = 'not-found'): Problem {
  return new Problem(404, slug, detail)
}

/** 409: the state of the thing does not allow this now. */
export function conflict(slug: string, detail: string): Problem {
  return new Problem(409, slug, detail)
}

/** 422: understood, and refused for what it asks. */
export function unprocessable(slug: string, detail: string, errors: readonly FieldProblem[] = []): Problem {
  return new Problem(422, slug, detail, errors)
}

/** 503: something that we need is away for the moment. */
export function unavailable(detail = 'A part that is needed is away; try again.', retryAfter = 2): Problem {
  return new Problem(503, 'unavailable', detail, [], retryAfter)
}
