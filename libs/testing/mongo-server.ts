import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { wakeWriters } from '#libs/runtime/mongo/wake-writers'
import { getMongod } from './get-mongod.js'
import { spawnGuarded } from './guarded-process.js'
import { RestartableProcess } from './restartable-process.js'

const { MongoClient, MongoServerError } = mongoose.mongo

const REPLICA_SET = 'rs0'
/** Not yet initialized; or nobody may ask before there is a user (unauthorized). */
const MAY_BE_NEW = new Set<number | string | undefined>([94, 13])

export interface MongoOptions {
  /** Holds log and data; data of an earlier run is used on. */
  folder: string
  port: number
  /** The ports of all members of its replica set, its own among them; by default it is the only one. */
  members?: readonly number[]
  /** Clients then need TLS and, once there is a user, one; by default neither. */
  security?: MongoSecurity
  log: (line: string) => void
}

/** Files of a server that asks its clients to log in over TLS. */
export interface MongoSecurity {
  /** PEM of the authority that signed its certificate. */
  readonly caFile: string
  /** PEM of its key and certificate. */
  readonly serverFile: string
  /** The secret by which the members of a replica set know each other. */
  readonly keyFile: string
}

/** The address for clients of servers that `startMongo` has started. */
export function mongoUri(...ports: number[]): string {
  return `mongodb://${ports.map(hostOf).join()}/?replicaSet=${REPLICA_SET}`
}

const hostOf = (port: number): string => `127.0.0.1:${port}`

/**
 * Fetches what is missing and starts a member of a replica set on 127.0.0.1. The first of `members` makes the set; all must
 * be started at once, since none is ready before there is a majority. @throws StackError
 */
export async function startMongo({
  folder,
  port,
  members = [port],
  security,
  log,
}: MongoOptions): Promise<RestartableProcess> {
  // Tests and chaos end servers that their own clients are writing to.
  wakeWriters()
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
  }
  const parameters = [
    'diagnosticDataCollectionEnabled=false',
    // Nobody reads the past: the versions of the last five minutes, kept by default, are a good part of what is written.
    'minSnapshotHistoryWindowInSeconds=0',
    // A member that is stopped has then at most one answer of the primary waiting for it, not a stream of them.
    ...(members.length > 1 ? ['oplogFetcherUsesExhaust=false'] : []),
  ]
  const arguments_ = [
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
  ]
  const server = new RestartableProcess({
    name: 'MongoDB',
    graceMs: 20_000,
    launch: () =>
      spawnGuarded(mongod, [...arguments_, ...securityArguments(security), '--nounixsocket', '--quiet'], {
        logFile: join(folder, 'mongod.log'),
      }),
    isReady: () => hasSeat(port, members, security?.caFile),
  })
  await server.start()
  return server
}

function securityArguments(security: MongoSecurity | undefined): string[] {
  if (!security) return []
  const { caFile, serverFile, keyFile } = security
  const tls = ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', serverFile, '--tlsCAFile', caFile]
  // Clients show a password, not a certificate.
  return [...tls, '--tlsAllowConnectionsWithoutCertificates', '--keyFile', keyFile]
}

/**
 * Whether the server is the primary, or a secondary of several. Makes the replica set if there is none, and a set of one
 * anew where its data was made on another port.
 */
async function hasSeat(
  port: number,
  members: readonly number[],
  caFile: string | undefined,
): Promise<boolean> {
  const client = new MongoClient(`mongodb://${hostOf(port)}/`, {
    directConnection: true,
    serverSelectionTimeoutMS: 1000,
    ...(caFile === undefined ? {} : { tls: true, tlsCAFile: caFile }),
  })
  const admin = client.db('admin')
  try {
    const { isWritablePrimary, secondary } = await admin.command({ hello: 1 })
    if (isWritablePrimary === true || (secondary === true && members.length > 1)) return true
    if (port === members[0]) await takeSeat((command) => admin.command(command), members.map(hostOf))
    return false
  } catch {
    return false
  } finally {
    await client.close()
  }
}

async function takeSeat(
  run: (command: mongoose.mongo.Document) => Promise<mongoose.mongo.Document>,
  hosts: readonly string[],
) {
  const members = hosts.map((host, _id) => ({ _id, host }))
  try {
    const { config } = (await run({ replSetGetConfig: 1 })) as { config: { members: { host: string }[] } }
    if (config.members[0]?.host !== hosts[0])
      await run({ replSetReconfig: { ...config, members }, force: true })
  } catch (error) {
    if (!(error instanceof MongoServerError) || !MAY_BE_NEW.has(error.code)) throw error
    const settings = hosts.length > 1 ? { electionTimeoutMillis: 3_000 } : {}
    await run({ replSetInitiate: { _id: REPLICA_SET, members, settings } })
  }
}
