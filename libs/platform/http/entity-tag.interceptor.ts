import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { type Observable, tap } from 'rxjs'

/** Sends the `version` of what is answered as `ETag`, for `If-Match`. */
@Injectable()
export class EntityTagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      tap((answer: unknown) => {
        const version = (answer as { version?: unknown } | null | undefined)?.version
        if (typeof version !== 'number') return
        void context.switchToHttp().getResponse<FastifyReply>().header('etag', `"${version}"`)
      }),
    )
  }
}
