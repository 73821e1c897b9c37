import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common'
import { ApiExcludeController } from '@nestjs/swagger'
import { Instant } from '#libs/contracts/fields'
import { Public } from '../auth/roles.decorator.js'
import { Clock } from '../clock.js'
import type { ServiceEnv } from '../env.js'
import { ENV } from '../tokens.js'
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
  ) {}

  @Post()
  @HttpCode(200)
  set(@Body() setting: ClockSetting): { now: string } {
    if (!this.env.TEST_CLOCK) throw notFound()
    this.clock.set(new Date(setting.now))
    return { now: this.clock.now().toISOString() }
  }
}
