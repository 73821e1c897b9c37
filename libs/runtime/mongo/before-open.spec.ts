import 'reflect-metadata'
import { Schema } from 'mongoose'
import { expect, it } from 'vitest'
import { readEnv, ServiceEnv } from '../env.js'
import { createLogger } from '../logger.js'
import { Startup } from '../startup.js'
import { openConnection } from './mongo.module.js'
import { isOutage } from './outage.js'

/** Nobody listens there. */
const NOWHERE = 'mongodb://127.0.0.1:1/?directConnection=true'

it('a call fails at once, as an outage, while a database that is away was never reached', async () => {
  const startup = new Startup(createLogger('test', 'silent'))
  const connection = await openConnection(
    readEnv(ServiceEnv, { MONGODB_URI: NOWHERE }),
    'enforcement',
    startup,
  )
  const { collection } = connection.model('Thing', new Schema({ _id: String }, { collection: 'things' }))
  const calls: (() => Promise<unknown>)[] = [
    () => collection.find({}).sort({ _id: 1 }).toArray(),
    () => collection.findOne({}),
  ]
  for (const call of calls) {
    const error: unknown = await Promise.resolve()
      .then(call)
      .catch((failure: unknown) => failure)
    expect(error).toMatchObject({ name: 'MongooseError' })
    expect(isOutage(error)).toBe(true)
  }
  startup.beforeApplicationShutdown()
})
