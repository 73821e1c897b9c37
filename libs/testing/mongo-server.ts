import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { getMongod } from './get-mongod.js'
import { spawnGuarded } from './guarded-process.js'
import { RestartableProcess } from './restartable-process.js'

const { MongoClient, MongoServerError } = mongoose.mongo

const REPLICA_SET = 'rs0'
const NOT_YET_INITIALIZED = 94

export interface MongoOptions {
  /** Holds log and data; data of an earlier run is used on. */
  folder: string
  port: number
  log: (line: string) => void
}

/** The address for clients of a server that `startMongo` has started. */
export function mongoUri(port: number): string {
  return `mongodb://127.0.0.1:${port}/?replicaSet=${REPLICA_SET}`
}

/** Fetches what is missing and starts a replica set of one on 127.0.0.1. @throws StackError */
export async function startMongo({ folder, port, log }: MongoOptions): Promise<RestartableProcess> {
  const mongod = await getMongod(log)
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  const settings = {
    dbpath: data,
    port: String(port),
    bind_ip: '127.0.0.1',
    replSet: REPLICA_SET,
    oplogSize: '990',
    wiredTigerCacheSizeGB: '1',
    setParameter: 'diagnosticDataCollectionEnabled=false',
  }
  const arguments_ = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const server = new RestartableProcess({
    name: 'MongoDB',
    graceMs: 20_000,
    launch: () =>
      spawnGuarded(mongod, [...arguments_, '--nounixsocket', '--quiet'], {
        logFile: join(folder, 'mongod.log'),
      }),
    isReady: () => isPrimary(port),
  })
  await server.start()
  return server
}

/** Makes the server the only member of its replica set if it is not, also where its data was made on another port. */
async function isPrimary(port: number): Promise<boolean> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: 1000,
  })
  const admin = client.db('admin')
  try {
    const { isWritablePrimary } = await admin.command({ hello: 1 })
    if (isWritablePrimary === true) return true
    await takeSeat((command) => admin.command(command), `127.0.0.1:${port}`)
    return false
  } catch {
    return false
  } finally {
    await client.close()
  }
}

async function takeSeat(
  run: (command: mongoose.mongo.Document) => Promise<mongoose.mongo.Document>,
  host: string,
) {
  const members = [{ _id: 0, host }]
  try {
    const { config } = (await run({ replSetGetConfig: 1 })) as { config: { members: { host: string }[] } }
    if (config.members[0]?.host !== host) await run({ replSetReconfig: { ...config, members }, force: true })
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NOT_YET_INITIALIZED) throw error
    await run({ replSetInitiate: { _id: REPLICA_SET, members } })
  }
}
