import { Module } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { OutboxModule } from '../outbox/outbox.module.js'
import { Timer } from './timer.js'

/** Runs what is due by the clock, wherever the service declares it. */
@Module({
  imports: [DiscoveryModule, OutboxModule],
  providers: [Timer],
})
export class TimersModule {}
