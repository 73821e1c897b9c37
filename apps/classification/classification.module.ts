import { Module } from '@nestjs/common'
import { RuntimeModule } from '#libs/runtime/runtime.module'
import { ClassifyController } from './classify.controller.js'
import { ClassificationEnv } from './config.js'
import { Judges } from './judges.js'
import { MessagesConsumer } from './messages.consumer.js'
import { PolicyWaits } from './policy-waits.js'
import { textModelProvider } from './text-model.provider.js'

/** What classification is made of. */
@Module({
  imports: [RuntimeModule.forService('classification', ClassificationEnv)],
  controllers: [ClassifyController],
  providers: [textModelProvider, Judges, PolicyWaits, MessagesConsumer],
})
export class ClassificationModule {}
