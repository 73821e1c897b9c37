import { Global, Module } from '@nestjs/common'
import { Startup } from '../startup.js'
import { HealthController } from './health.controller.js'
import { Health } from './health.js'
import { MetricsController } from './metrics.controller.js'

@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [Startup, Health],
  exports: [Startup, Health],
})
export class HealthModule {}
