import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { makeCertificates } from './certificates.js'
import { freePort } from './free-port.js'
import { startKafka } from './kafka-server.js'
import { bothOrNone, type LocalStack, serverOf } from './local-stack.js'
import { mongoUri, startMongo } from './mongo-server.js'

const { MongoClient } = mongoose.mongo

/** A stack as production has it: users log in over TLS, and may do what they were granted. */
export interface SecureStack extends LocalStack {
  /** Where users log in to Kafka (SASL_SSL, SCRAM-SHA-512). `kafkaBrokers` is for the administrator: without login, on 127.0.0.1. */
  readonly userBrokers: string
  /** PEM of the authority that signed the servers' certificates. */
  readonly caFile: string
  /** `MONGODB_URI` of a user of `admin`. `mongoUri` is that of the administrator. */
  mongoUriOf(user: string, password: string): string
}

export interface SecureStackOptions {
  /** Password of each user that Kafka knows; what they may do is up to the administrator. */
  readonly kafkaUsers: Readonly<Record<string, string>>
}

const ROOT = 'root'
const quiet = (): void => undefined

/** One broker that denies what is not allowed, and one mongod that asks who is there, both over TLS. @throws StackError */
export async function startSecureStack(
  dataDir: string,
  { kafkaUsers }: SecureStackOptions,
): Promise<SecureStack> {
  await mkdir(dataDir, { recursive: true })
  const { caFile, serverFile } = await makeCertificates(dataDir)
  const keyFile = join(dataDir, 'members.key')
  await writeFile(keyFile, randomBytes(48).toString('base64'), { mode: 0o600 })
  const [port, userPort, controllerPort, mongoPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const [kafka, mongo] = await bothOrNone(
    startKafka({
      folder: join(dataDir, 'kafka'),
      port,
      config: brokerConfig(port, userPort, controllerPort, serverFile),
      scramUsers: kafkaUsers,
      log: quiet,
    }),
    startMongo({
      folder: join(dataDir, 'mongo'),
      port: mongoPort,
      security: { caFile, serverFile, keyFile },
      log: quiet,
    }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all([kafka?.stop(), mongo?.stop()])
  }
  const uriOf = (user: string, password: string): string => {
    const uri = mongoUri(mongoPort).replace('//', `//${user}:${encodeURIComponent(password)}@`)
    return `${uri}&authSource=admin&tls=true&tlsCAFile=${encodeURIComponent(caFile)}`
  }
  const password = randomBytes(18).toString('base64url')
  try {
    await createRoot(mongoPort, caFile, password)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    kafkaBrokers: `127.0.0.1:${port}`,
    userBrokers: `127.0.0.1:${userPort}`,
    mongoUri: uriOf(ROOT, password),
    mongoUriOf: uriOf,
    caFile,
    kafka: serverOf(kafka!, port),
    mongo: serverOf(mongo!, mongoPort),
    stop,
  }
}

/** Who comes from this machine may make the first user, and nothing else. */
async function createRoot(port: number, caFile: string, password: string): Promise<void> {
  const client = new MongoClient(mongoUri(port), { directConnection: true, tls: true, tlsCAFile: caFile })
  try {
    await client.db('admin').command({ createUser: ROOT, pwd: password, roles: ['root'] })
  } finally {
    await client.close()
  }
}

function brokerConfig(
  port: number,
  userPort: number,
  controllerPort: number,
  serverFile: string,
): Record<string, string> {
  const forAdministrator = `PLAINTEXT://127.0.0.1:${port}`
  const forUsers = `USERS://127.0.0.1:${userPort}`
  return {
    listeners: `${forAdministrator},${forUsers},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `${forAdministrator},${forUsers}`,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,USERS:SASL_SSL,CONTROLLER:PLAINTEXT',
    'listener.name.users.ssl.keystore.type': 'PEM',
    'listener.name.users.ssl.keystore.location': serverFile,
    'listener.name.users.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.users.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'false',
    // Who does not log in: the broker itself and the administrator, on listeners that no user is told of.
    'super.users': 'User:ANONYMOUS',
  }
}
