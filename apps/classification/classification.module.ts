import { Module } from '@nestjs/common'
import { PlatformModule } from '#libs/platform/platform.module'
import { KafkaModule } from '#libs/platform/kafka/kafka.module'
import { ClassificationEnv } from './config.js'
import { Judges } from './judges.js'
import { MessagesConsumer } from './messages.consumer.js'
import { textModelProvider } from './text-model.provider.js'

/** What classification is made of. */
@Module({
  imports: [PlatformModule.forService('classification', ClassificationEnv), KafkaModule],
  providers: [textModelProvider, Judges, MessagesConsumer],
})
export class ClassificationModule {}
