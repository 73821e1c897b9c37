import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { EXPOSURES, ExposureSchema, ExposureStore } from './exposure.store.js'
import { ReadExposure } from './read-exposure.js'

const collections = MongooseModule.forFeature([{ name: EXPOSURES, schema: ExposureSchema }])

/** What each person was shown, and how much of it a day. */
@Module({
  imports: [collections],
  providers: [ExposureStore, ReadExposure],
  exports: [ExposureStore, ReadExposure],
})
export class ExposureModule {}
