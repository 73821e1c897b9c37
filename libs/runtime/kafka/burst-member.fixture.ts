import 'reflect-metadata'
import { Injectable } from '@nestjs/common'
import type { MessageIn } from '#libs/contracts/message-in'
import { PlatformBatchHandler } from './batch-handler.js'
import type { Batch } from './batch.js'
import { startService, testEnv, until } from './kafka.fixture.js'
import { KafkaHealth } from './kafka-health.js'

/** Tells on stdout of each message that it gets. */
@Injectable()
class Handler {
  @PlatformBatchHandler('messages')
  async onMessages(batch: Batch<MessageIn>): Promise<void> {
    for (const { value } of batch.records)
      process.stdout.write(`got ${batch.platformId} ${value.messageId}\n`)
  }
}

/** One instance of a service, in a process of its own, so that a test can stop it. Its settings come as variables. */
export async function runMember(): Promise<void> {
  const app = await startService('ingestion', testEnv(), [Handler])
  process.on('SIGTERM', () => void app.close().then(() => process.exit(0)))
  await until(() => app.get(KafkaHealth).ready().ok, 'ready', 60_000)
  process.stdout.write('ready\n')
}
