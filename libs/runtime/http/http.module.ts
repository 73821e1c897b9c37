import { Module } from '@nestjs/common'
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core'
import { MongooseModule } from '@nestjs/mongoose'
import { AuthGuard } from '../auth/auth.guard.js'
import { Answer, AnswerSchema, AnswerStore } from './answer.store.js'
import { EntityTagInterceptor } from './entity-tag.interceptor.js'
import { IdempotencyInterceptor } from './idempotency.js'
import { IfMatchGuard } from './if-match.js'
import { ProblemFilter } from './problem.filter.js'
import { RateLimitGuard, RateLimitModule } from './rate-limit.js'
import { TestClockController } from './test-clock.controller.js'
import { RequestPipe } from './validation.pipe.js'

/** What every request passes through. */
@Module({
  imports: [RateLimitModule, MongooseModule.forFeature([{ name: Answer.name, schema: AnswerSchema }])],
  controllers: [TestClockController],
  providers: [
    AnswerStore,
    // In this order: the limit counts by caller.
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    { provide: APP_GUARD, useClass: IfMatchGuard },
    { provide: APP_PIPE, useClass: RequestPipe },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_INTERCEPTOR, useClass: EntityTagInterceptor },
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
})
export class HttpModule {}
