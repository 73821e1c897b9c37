import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { type Observable, tap } from 'rxjs'

/** Sends the `version` of what is answered as `ETag`, for `If-Match`; of what has a version for people, its count of `changes`. */
@Injectable()
export class EntityTagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      tap((answer: unknown) => {
        const { version, changes } = (answer ?? {}) as { version?: unknown; changes?: unknown }
        const tag = typeof version === 'number' ? version : changes
        if (typeof tag !== 'number') return
        void context.switchToHttp().getResponse<FastifyReply>().header('etag', `"${tag}"`)
      }),
    )
  }
}
