import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { OutboxModule } from '../outbox/outbox.module.js'
import { PLATFORMS, PlatformSchema, PlatformStore } from './platform.store.js'
import { PlatformsController } from './platforms.controller.js'
import { RegisterPlatform } from './register-platform.js'
import { TellPlatforms } from './tell-platforms.js'

const collections = MongooseModule.forFeature([{ name: PLATFORMS, schema: PlatformSchema }])

/** The platforms that are registered, and what the other services are told of them. */
@Module({
  imports: [collections, OutboxModule],
  controllers: [PlatformsController],
  providers: [PlatformStore, RegisterPlatform, TellPlatforms],
  exports: [PlatformStore],
})
export class PlatformsModule {}
