import { applyDecorators, createParamDecorator, type ExecutionContext, HttpCode } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { callerOf } from '#libs/runtime/auth/caller'
import { Idempotent, requestIdOf } from '#libs/runtime/http/idempotency'
import { documentIfMatch, ifMatchOf } from '#libs/runtime/http/if-match'
import type { WorkRequest } from './work-on-cases.js'

/** Parameter decorator: who asks, the id of the request, and the version that `If-Match` names. */
export const AsksForWork = createParamDecorator(
  (_data: unknown, context: ExecutionContext): WorkRequest => {
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    return {
      caller: callerOf(request),
      requestId: requestIdOf(request),
      ifMatch: ifMatchOf(request.headers['if-match']),
    }
  },
  [documentIfMatch],
)

/** A route that changes a case: 200 with the case, once for each `Idempotency-Key`. */
export function ChangesCase(): MethodDecorator {
  return applyDecorators(HttpCode(200), Idempotent())
}
