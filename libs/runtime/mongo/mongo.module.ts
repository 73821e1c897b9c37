import {
  type DynamicModule,
  Global,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common'
import { getConnectionToken, InjectConnection } from '@nestjs/mongoose'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, type ConnectOptions, createConnection, mongo, STATES } from 'mongoose'
import type { ServiceName } from '#libs/contracts/catalogue'
import { databaseName } from '#libs/contracts/mongo-access'
import type { ServiceEnv } from '../env.js'
import { PermanentError } from '../errors.js'
import { Health } from '../health/health.js'
import { Startup } from '../startup.js'
import { ENV, SERVICE_NAME } from '../tokens.js'
import { declareModels } from './declare-models.js'
import { wakeWriters } from './wake-writers.js'

/** How long a call waits for a database that is away before it fails as an outage. */
const PATIENCE_MS = 5_000

/** How long a start waits for its database before it goes on without it. */
const START_PATIENCE_MS = 2_000

function optionsOf(env: ServiceEnv, service: ServiceName): ConnectOptions {
  return {
    dbName: databaseName(service, env.MONGODB_SUFFIX),
    appName: `weir-${service}`,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    retryWrites: true,
    serverSelectionTimeoutMS: PATIENCE_MS,
    autoIndex: false,
    autoCreate: false,
  }
}

/**
 * A connection that is opened for as long as it takes; after that the driver mends it. What starts after this finds it
 * open, unless the database is away. Until then calls fail at once: mongoose's own buffer knows no cursors, and would
 * let requests wait for nothing. Exported for its test.
 */
export async function openConnection(
  env: ServiceEnv,
  service: ServiceName,
  startup: Startup,
): Promise<Connection> {
  wakeWriters()
  const connection = createConnection()
  // `set` keeps it among options that nothing reads.
  ;(connection.config as Record<string, unknown>)['bufferCommands'] = false
  const open = async (): Promise<void> => {
    try {
      await connection.openUri(env.MONGODB_URI, optionsOf(env, service))
    } catch (error) {
      if (!(error instanceof mongo.MongoParseError)) throw error
      throw new PermanentError('bad-environment', `MONGODB_URI: ${error.message}`, null, { cause: error })
    }
  }
  const enough = new AbortController()
  const opened = startup.run('mongodb', open).finally(() => enough.abort())
  await Promise.race([
    opened,
    sleep(START_PATIENCE_MS, undefined, { signal: enough.signal }).catch(() => undefined),
  ])
  return connection
}

/**
 * Creates the missing indexes of all collections that a service's module declares, with a connection of its own that is closed then:
 * by a user who may do nothing else. Rejects where MongoDB is away or refuses.
 */
export async function createIndexesOf(
  module: Type | DynamicModule,
  service: ServiceName,
  env: ServiceEnv,
): Promise<void> {
  const connection = await createConnection(env.MONGODB_URI, optionsOf(env, service)).asPromise()
  try {
    declareModels(connection, module)
    await createIndexes(connection)
  } finally {
    await connection.close()
  }
}

async function createIndexes(connection: Connection): Promise<void> {
  for (const model of Object.values(connection.models)) await model.createIndexes()
}

/** The service's database: the connection that `MongooseModule.forFeature` takes its models from. */
@Global()
@Module({
  providers: [
    { provide: getConnectionToken(), inject: [ENV, SERVICE_NAME, Startup], useFactory: openConnection },
  ],
  exports: [getConnectionToken()],
})
export class MongoModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @InjectConnection() private readonly connection: Connection,
    @Inject(ENV) private readonly env: ServiceEnv,
    private readonly startup: Startup,
    health: Health,
  ) {
    health.register('mongodb', async () => {
      if (!connection.db) return { status: 'down', detail: 'not connected' }
      await connection.db.command({ ping: 1 })
      return { status: 'up' }
    })
  }

  onApplicationBootstrap(): void {
    const wanted = this.env.MONGODB_INDEXES ?? this.env.NODE_ENV !== 'production'
    if (wanted) void this.startup.run('indexes', () => createIndexes(this.connection))
  }

  async onApplicationShutdown(): Promise<void> {
    const closed = this.connection.close()
    if (
      this.connection.readyState === STATES.connected ||
      this.connection.readyState === STATES.disconnecting
    ) {
      return closed
    }
    // One that never opened has nothing to lose, and would be waited for until its attempt fails.
    closed.catch(() => undefined)
  }
}
