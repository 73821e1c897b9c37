import { Module } from '@nestjs/common'
import { RuntimeModule } from '#libs/runtime/runtime.module'
import { ENV } from '#libs/runtime/tokens'
import { IngestionEnv } from './config.js'
import { KnownPlatforms } from './known-platforms.js'
import { MessagesConsumer } from './messages.consumer.js'
import { MessagesController } from './messages.controller.js'
import { RememberedRevisions } from './remembered-revisions.js'
import { StoreMessages } from './store-messages.js'

/** What ingestion does: takes messages from the platforms' topics and by REST. */
@Module({
  imports: [RuntimeModule.forService('ingestion', IngestionEnv)],
  controllers: [MessagesController],
  providers: [
    MessagesConsumer,
    KnownPlatforms,
    StoreMessages,
    {
      provide: RememberedRevisions,
      inject: [ENV],
      useFactory: (env: IngestionEnv) => new RememberedRevisions(env.REPEATS_REMEMBERED),
    },
  ],
})
export class IngestionModule {}
