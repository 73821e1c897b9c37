import { Get, Header } from '@nestjs/common'
import { SkipThrottle } from '@nestjs/throttler'
import { register } from 'prom-client'
import { Public } from '../auth/roles.decorator.js'
import { PageController } from '../http/page.decorator.js'

/** What Prometheus scrapes: the default registry of prom-client. */
@Public()
@SkipThrottle()
@PageController('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', register.contentType)
  read(): Promise<string> {
    return register.metrics()
  }
}
