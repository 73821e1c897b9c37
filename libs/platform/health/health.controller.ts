import { Get, HttpStatus, Res } from '@nestjs/common'
import { SkipThrottle } from '@nestjs/throttler'
import type { FastifyReply } from 'fastify'
import { Public } from '../auth/roles.decorator.js'
import { PageController } from '../http/page.decorator.js'
import { Health, type HealthReport } from './health.js'

/** For probes: alive means that the event loop turns, ready that work can be done. */
@Public()
@SkipThrottle()
@PageController('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('live')
  live(): { status: 'up' } {
    return { status: 'up' }
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.report()
    void reply.status(report.status === 'up' ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
    return report
  }
}
