import { type ExecutionContext, Injectable } from '@nestjs/common'
import { ThrottlerGuard, type ThrottlerLimitDetail, ThrottlerModule } from '@nestjs/throttler'
import type { FastifyRequest } from 'fastify'
import { callerKey, callerOf } from '../auth/caller.js'
import type { ServiceEnv } from '../env.js'
import { SharedThrottle } from '../limits/shared-throttle.js'
import { ENV } from '../tokens.js'
import { Problem } from './problem.js'

/** At most so many requests a second to one route of the service, by one caller; by one address where there is no token. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return context.getType() !== 'http'
  }

  protected override async getTracker(request: FastifyRequest): Promise<string> {
    const { subject } = callerOf(request)
    return subject === '' ? super.getTracker(request) : callerKey(callerOf(request))
  }

  protected override async throwThrottlingException(
    _context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    const wait = Math.max(1, detail.timeToBlockExpire)
    throw new Problem(429, 'too-many-requests', 'You are calling too often; wait a little.', [], wait)
  }
}

/** Windows of a second over all instances of the service: no block beyond the end of one. */
export const RateLimitModule = ThrottlerModule.forRootAsync({
  inject: [ENV, SharedThrottle],
  useFactory: (env: ServiceEnv, storage: SharedThrottle) => ({
    throttlers: [{ ttl: 1_000, limit: env.RATE_LIMIT_PER_SECOND, blockDuration: 0 }],
    setHeaders: false,
    storage,
  }),
})
