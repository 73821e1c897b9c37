import { Get, HttpStatus, Res } from '@nestjs/common'
import { SkipThrottle } from '@nestjs/throttler'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/roles.decorator.js'
import { PageController } from '../http/page.decorator.js'
import { Health, type HealthReport } from './health.js'

/** For probes: not alive means restart me, not ready means send me no work. */
@Public()
@SkipThrottle()
@PageController('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('live')
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return answer(reply, await this.health.alive())
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return answer(reply, await this.health.report())
  }
}

function answer(reply: FastifyReply, report: HealthReport): HealthReport {
  void reply.status(report.status === 'up' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
  return report
}
