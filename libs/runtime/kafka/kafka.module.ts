import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { Health } from '../health/health.js'
import { Startup } from '../startup.js'
import { ENV } from '../tokens.js'
import { BatchTransport } from './batch-transport.js'
import { CompactedTables } from './compacted-table.js'
import { DeadLetters } from './dead-letters.js'
import { useFastRecords } from './fast-records.js'
import { FindHandlers } from './find-handlers.js'
import type { KafkaEnv } from './kafka-client.js'
import { KafkaHealth } from './kafka-health.js'
import { Publisher } from './publisher.js'
import { TopicsAdmin } from './topics-admin.js'

// Before anything of this process speaks to a broker.
useFastRecords()

/** Kafka in and out, for every service. Needs ENV, SERVICE_NAME and LOGGER, and the health module. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    TopicsAdmin,
    Publisher,
    DeadLetters,
    CompactedTables,
    FindHandlers,
    BatchTransport,
    KafkaHealth,
  ],
  exports: [TopicsAdmin, Publisher, DeadLetters, CompactedTables, BatchTransport, KafkaHealth],
})
export class KafkaModule implements OnApplicationBootstrap {
  constructor(
    @Inject(ENV) private readonly env: KafkaEnv,
    private readonly admin: TopicsAdmin,
    private readonly kafka: KafkaHealth,
    private readonly health: Health,
    private readonly startup: Startup,
  ) {}

  onApplicationBootstrap(): void {
    this.health.register('kafka', () => {
      const { ok, reasons } = this.kafka.ready()
      return ok ? { status: 'up' } : { status: 'down', detail: reasons.join('; ') }
    })
    if (this.env.TOPICS_MANAGE) void this.startup.run('topics', () => this.admin.createMissing())
  }
}
