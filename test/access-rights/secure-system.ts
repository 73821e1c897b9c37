import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaConfig } from 'kafkajs'
import { mongo } from 'mongoose'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { runNeededTool } from '#libs/testing/run-tool'
import type { SecureStack } from '#libs/testing/secure-stack'
import { builtFile } from '#libs/testing/service-process'
import { startTemporarySecureStack } from '#libs/testing/temporary-stack'
import { outsideKafka } from '../harness/outside-kafka.js'
import { WeirSystem } from '../harness/weir-system.js'
import { readKafkaScript, readMongoScript } from './printed-grants.js'

const CLI = 'weir-cli'

/** All of Weir on servers that deny what is not granted, with just the users and rights that `weir users plan` prints. */
export class SecureSystem {
  private constructor(
    readonly system: WeirSystem,
    readonly stack: SecureStack,
    private readonly passwords: ReadonlyMap<string, string>,
    private readonly secrets: string,
  ) {}

  /** Topics of platforms are not created by the services: `applyTopics` does. `env` goes to every service. */
  static async start(platformIds: readonly string[], env: Record<string, string>): Promise<SecureSystem> {
    const secrets = await mkdtemp(join(tmpdir(), 'weir-secrets-'))
    const platforms = platformIds.flatMap((id) => ['--platform', id])
    const [own, theirs, mongoPlan] = await Promise.all([
      plan('--format', 'kafka'),
      plan('--format', 'kafka', ...platforms),
      plan('--format', 'mongo'),
    ])
    const grants = readKafkaScript(own + theirs)
    const passwords = new Map(grants.users.map((user) => [user, newPassword()]))
    const mongoPassword = newPassword()
    const stack = await startTemporarySecureStack({ kafkaUsers: Object.fromEntries(passwords) })
    const asUser = { KAFKA_BROKERS: stack.userBrokers, KAFKA_SSL: '1', KAFKA_SSL_CA_FILE: stack.caFile }
    const shared = {
      ...asUser,
      KAFKA_SASL: 'scram-sha-512',
      TOPICS_MANAGE: '0',
      MONGODB_INDEXES: '0',
      ...env,
    }
    const mongoUriOf = (user: string): string => stack.mongoUriOf(user, mongoPassword)
    const fileOf = (name: string): string => join(secrets, name)
    for (const service of SERVICES) {
      await writeFile(fileOf(`${service}-kafka`), `${passwords.get(`weir-${service}`)!}\n`)
      await writeFile(fileOf(`${service}-mongo`), `${mongoUriOf(`weir_${service}`)}\n`)
    }
    const envOf = (service: ServiceName): Record<string, string> => ({
      KAFKA_USERNAME: `weir-${service}`,
      KAFKA_PASSWORD: '',
      KAFKA_PASSWORD_FILE: fileOf(`${service}-kafka`),
      MONGODB_URI: '',
      MONGODB_URI_FILE: fileOf(`${service}-mongo`),
    })
    const prepare = async (administratorsBrokers: string): Promise<void> => {
      const admin = outsideKafka(administratorsBrokers).admin()
      await admin.connect()
      await admin.createAcls({ acl: [...grants.acls] })
      await admin.disconnect()
      await runCommands(
        stack.mongoUri,
        readMongoScript(mongoPlan, () => mongoPassword),
      )
      await Promise.all(SERVICES.map((service) => makeIndexes(service, mongoUriOf('weir_migrations'))))
    }
    const cli = { KAFKA_USERNAME: CLI, KAFKA_PASSWORD: passwords.get(CLI)! }
    const system = await WeirSystem.start({ ...shared, ...cli }, { stack, prepare, envOf })
    const all = new Map([...passwords, ...SERVICES.map((name) => [`weir_${name}`, mongoPassword] as const)])
    return new SecureSystem(system, stack, all.set('weir_migrations', mongoPassword), secrets)
  }

  /** How a user logs in to Kafka. */
  loginOf(user: string): Pick<KafkaConfig, 'ssl' | 'sasl'> {
    const password = this.passwords.get(user) ?? 'none'
    return {
      ssl: { ca: [readFileSync(this.stack.caFile, 'utf8')] },
      sasl: { mechanism: 'scram-sha-512', username: user, password },
    }
  }

  mongoUriOf(user: string): string {
    return this.stack.mongoUriOf(user, this.passwords.get(user)!)
  }

  async stop(): Promise<void> {
    await this.system.stop()
    await rm(this.secrets, { recursive: true, force: true })
  }
}

const newPassword = (): string => randomBytes(18).toString('base64url')

/** What `weir users plan` prints. */
function plan(...options: string[]): Promise<string> {
  return run([builtFile('apps/cli/main.js'), 'users', 'plan', ...options], {})
}

async function makeIndexes(service: ServiceName, uri: string): Promise<void> {
  await run([builtFile(`apps/${service}/main.js`), 'indexes'], { MONGODB_URI: uri })
}

function run(arguments_: string[], env: Record<string, string>): Promise<string> {
  return runNeededTool(process.execPath, arguments_, 'Node cannot be run.', {
    env: { ...process.env, ...env },
  })
}

async function runCommands(uri: string, commands: readonly mongo.Document[]): Promise<void> {
  const client = new mongo.MongoClient(uri)
  try {
    for (const command of commands) await client.db('admin').command(command)
  } finally {
    await client.close()
  }
}
