import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import { Instant } from '#libs/contracts/fields'
import { Public } from '../auth/roles.decorator.js'
import { Clock } from '../clock.js'
import type { ServiceEnv } from '../env.js'
import { ENV } from '../tokens.js'
import { AnswerStore } from './answer.store.js'
import { notFound } from './problem.js'

class ClockSetting {
  @Instant() now!: string
}

/** Sets the clock of this process. Without `TEST_CLOCK=1` it is as if the route did not exist. */
@Public()
@ApiExcludeController()
@Controller('test/clock')
export class TestClockController {
  constructor(
    @Inject(ENV) private readonly env: ServiceEnv,
    private readonly clock: Clock,
    private readonly answers: AnswerStore,
  ) {}

  @Post()
  @HttpCode(200)
  async set(@Body() setting: ClockSetting): Promise<{ now: string }> {
    if (!this.env.TEST_CLOCK) throw notFound()
    this.clock.set(new Date(setting.now))
    const now = this.clock.now()
    // What the database forgets by its own clock. With that away, it does so later.
    await this.answers.forgetUntil(now).catch(() => undefined)
    return { now: now.toISOString() }
  }
}
