import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { Counter } from 'prom-client'
import { mergeMap, type Observable } from 'rxjs'
import { callerOf } from '#libs/runtime/auth/caller'
import { Clock } from '#libs/runtime/clock'
import { requestIdOf } from '#libs/runtime/http/idempotency'
import type { Logger } from '#libs/runtime/logger'
import { LOGGER } from '#libs/runtime/tokens'
import { shownIn, type ShownEntry } from './exposure.rules.js'
import { ExposureStore } from './exposure.store.js'

const uncounted = new Counter({
  name: 'weir_enforcement_exposure_uncounted_total',
  help: "Views of evidence that could not be counted towards the viewer's exposure.",
})

/**
 * The route shows evidence (`entries` of its answer): it is counted for who looks. Stands below `@ViewsEvidence`, so that
 * what cannot be audited is neither shown nor counted.
 */
export function CountsExposure(): MethodDecorator {
  return applyDecorators(UseInterceptors(CountExposure))
}

@Injectable()
export class CountExposure implements NestInterceptor {
  constructor(
    private readonly exposures: ExposureStore,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>()
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        await this.count(request, answer)
        return answer
      }),
    )
  }

  /** A view that cannot be counted is answered all the same: who works is not to wait for a counter. */
  private async count(request: FastifyRequest, answer: unknown): Promise<void> {
    const { entries = [] } = (answer ?? {}) as { entries?: ShownEntry[] }
    const shown = shownIn(entries)
    await this.exposures
      .count(requestIdOf(request), callerOf(request).subject, this.clock.now(), shown)
      .catch((error: unknown) => {
        uncounted.inc()
        this.logger.warn(
          { err: error },
          'could not count a view of evidence towards the exposure of its viewer',
        )
      })
  }
}
