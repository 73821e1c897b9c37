import {
  applyDecorators,
  type CallHandler,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { ApiHeader } from '@nestjs/swagger'
import canonicalize from 'canonicalize'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createHash, randomUUID } from 'node:crypto'
import { from, lastValueFrom, type Observable } from 'rxjs'
import { derivedId } from '#libs/contracts/ids'
import { callerOf } from '../auth/caller.js'
import type { Logger } from '../logger.js'
import { LOGGER } from '../tokens.js'
import { inspect } from '../json/inspect.js'
import { AnswerStore } from './answer.store.js'
import { badRequest, Problem } from './problem.js'
import { MAX_DEPTH } from './validation.pipe.js'

/** The header's name. */
export const IDEMPOTENCY_KEY = 'Idempotency-Key'
const IDEMPOTENT_KEY = 'weir:idempotent'
/** Visible ASCII, as draft-ietf-httpapi-idempotency-key-header leaves to each API; quotes around it are dropped. */
const KEY = /^[\x21-\x7e]{1,200}$/

/** How an answer is kept that repeats something of the request that must not be kept. */
export interface AnswerMemory {
  /** The answer without it. */
  readonly kept: (answer: unknown) => unknown
  /** The answer as it was given, from what was kept of it and the request, which has come again. */
  readonly given: (kept: unknown, body: unknown) => unknown
}

const AS_IT_IS: AnswerMemory = { kept: (answer) => answer, given: (kept) => kept }

interface Idempotence {
  memory: AnswerMemory
  /** Requests that change nothing: they are answered anew each time, and nothing is kept. */
  unless: (request: FastifyRequest) => boolean
}

/**
 * The route honours `Idempotency-Key`: the same key with the same request gives the same answer and has one effect; with
 * another request it is a 422 `idempotency-key-reused`; while the first still runs, a 409 `in-progress`. The answer is
 * kept for a day. Where the process dies between effect and stored answer, the handler runs again under the same
 * `@RequestId()`, from which it must derive the ids of what it makes.
 */
export function Idempotent({
  memory = AS_IT_IS,
  unless = () => false,
}: Partial<Idempotence> = {}): MethodDecorator {
  return applyDecorators(
    SetMetadata(IDEMPOTENT_KEY, { memory, unless } satisfies Idempotence),
    ApiHeader({
      name: IDEMPOTENCY_KEY,
      required: false,
      description: 'The same key with the same request has one effect and one answer, for a day.',
      schema: { type: 'string', pattern: KEY.source },
    }),
  )
}

/**
 * Parameter decorator: the id from which the effects of this request derive theirs. The same for every try under one
 * `Idempotency-Key`; random without a key or on a route that is not `@Idempotent()`.
 */
export const RequestId = createParamDecorator((_data: unknown, context: ExecutionContext): string =>
  requestIdOf(context.switchToHttp().getRequest<FastifyRequest>()),
)

/** What `@RequestId()` gives. */
export function requestIdOf(request: FastifyRequest): string {
  return (request.effectId ??= `req_${randomUUID()}`)
}

/** The key in an `Idempotency-Key` header; undefined where there is none. Throws a 400 on one that is malformed. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : ''
  if (!KEY.test(key)) {
    throw badRequest('bad-idempotency-key', 'An Idempotency-Key is 1 to 200 visible ASCII characters.', [
      { path: 'Idempotency-Key', reason: 'must be 1 to 200 visible ASCII characters' },
    ])
  }
  return key
}

/** A digest of what is asked: equal for requests that mean the same, whatever the order of their fields. */
export function requestDigest(query: unknown, body: unknown, ifMatch?: string): string {
  const asked = [query ?? null, body ?? null, ...(ifMatch === undefined ? [] : [ifMatch])]
  return createHash('sha256').update(canonicalText(asked)).digest('hex')
}

/** A text with half of a surrogate pair has no canonical form (RFC 8785, section 3.2.2.2): there the order counts. */
function canonicalText(value: unknown): string {
  try {
    return canonicalize(value) ?? ''
  } catch {
    return JSON.stringify(value)
  }
}

/** Whose key it is: callers choose theirs freely, so one's key never meets another's, nor that of the same for another. */
function keySpace(request: FastifyRequest): string[] {
  const { subject, platform = '', authority = '' } = callerOf(request)
  return subject === '' ? ['address', request.ip] : ['subject', subject, platform, authority]
}

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly answers: AnswerStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const idempotence = this.reflector.get<Idempotence | undefined>(IDEMPOTENT_KEY, context.getHandler())
    if (!idempotence) return next.handle()
    const { memory, unless } = idempotence
    const http = context.switchToHttp()
    const request = http.getRequest<FastifyRequest>()
    const key = idempotencyKeyOf(request.headers['idempotency-key'])
    if (key === undefined || unless(request)) return next.handle()
    const path = request.url.split('?')[0]!
    const id = derivedId('req', ...keySpace(request), request.method, path, key)
    request.effectId = id
    return from(this.once(id, memory, request, http.getResponse<FastifyReply>(), next))
  }

  private async once(
    id: string,
    memory: AnswerMemory,
    request: FastifyRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    inspect(request.body, { maxDepth: MAX_DEPTH })
    const digest = requestDigest(request.query, request.body, request.headers['if-match'])
    const claim = await this.answers.claim(id, digest)
    switch (claim.kind) {
      case 'reused':
        throw new Problem(
          422,
          'idempotency-key-reused',
          'This Idempotency-Key was used with another request.',
        )
      case 'running':
        throw new Problem(409, 'in-progress', 'A request with this Idempotency-Key is still running.', [], 1)
      case 'answered':
        void reply.status(claim.status).header('idempotency-replayed', 'true')
        return memory.given(claim.body, request.body)
      case 'claimed':
        return this.run(id, memory, claim.lease, reply, next)
    }
  }

  private async run(
    id: string,
    memory: AnswerMemory,
    lease: string,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    let body: unknown
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined })
    } catch (error) {
      await this.answers.release(id, lease).catch((failure: unknown) => this.notKept(id, failure))
      throw error
    }
    // The effect stands: an answer that cannot be kept only means that a retry runs again, under the same ids.
    await this.answers
      .keep(id, lease, reply.statusCode, memory.kept(body))
      .catch((failure: unknown) => this.notKept(id, failure))
    return body
  }

  private notKept(id: string, error: unknown): void {
    this.logger.warn({ err: error, requestId: id }, 'could not store the answer for an idempotency key')
  }
}
