import { join } from 'node:path'
import { freePort, needPort } from './free-port.js'
import { startKafka } from './kafka-server.js'
import { mongoUri, startMongo } from './mongo-server.js'
import type { RestartableProcess } from './restartable-process.js'
import { StackError } from './stack-error.js'

export interface LocalStackOptions {
  /** Data and logs; kept when the stack stops, and used on by the next. */
  dataDir: string
  kafkaPort: number | 'free'
  mongoPort: number | 'free'
  /** Told of downloads. */
  log?: (line: string) => void
  /** Own servers even where the environment names others: for tests that stop them. */
  alwaysOwn?: boolean
  /** Kafka broker settings over those of `kafka-server.ts`. */
  kafkaConfig?: Record<string, string>
}

/** One server of the stack. It comes back on the same port with the same data; its pid is then another. */
export interface StackServer {
  readonly pid: number
  readonly port: number
  /** SIGTERM, and SIGKILL after 20 s; resolves when it is gone. */
  stop(): Promise<void>
  /** Resolves when it is ready. @throws StackError */
  start(): Promise<void>
  /** Sends a signal and does not wait. */
  kill(signal: NodeJS.Signals): void
  /** Called when it ends though neither `stop` nor `kill` asked for it. */
  onUnexpectedEnd(listener: (error: StackError) => void): void
}

export interface LocalStack {
  /** For `KAFKA_BROKERS` and `MONGODB_URI`. */
  kafkaBrokers: string
  mongoUri: string
  /** Null where the environment names a server of the user's own, which is then used and left alone. */
  kafka: StackServer | null
  mongo: StackServer | null
  /** Resolves when all servers are gone. */
  stop: () => Promise<void>
}

/**
 * A Kafka and a MongoDB, ready for use: those named by `KAFKA_BROKERS` and `MONGODB_URI` where set, else servers of our own,
 * fetched at first use. They end when this process ends, in whatever way.
 * @throws StackError with a sentence for people; nothing is left running then.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const given = options.alwaysOwn ? {} : process.env
  const log = options.log ?? (() => undefined)
  const kafkaPort = given.KAFKA_BROKERS
    ? null
    : await choosePort(options.kafkaPort, 'Kafka', 'WEIR_KAFKA_PORT')
  const mongoPort = given.MONGODB_URI
    ? null
    : await choosePort(options.mongoPort, 'MongoDB', 'WEIR_MONGO_PORT')
  const folder = (name: string) => join(options.dataDir, name)

  const [kafka, mongo] = await bothOrNone(
    kafkaPort === null
      ? null
      : startKafka({ folder: folder('kafka'), port: kafkaPort, config: options.kafkaConfig ?? {}, log }),
    mongoPort === null ? null : startMongo({ folder: folder('mongo'), port: mongoPort, log }),
  )
  return {
    kafkaBrokers: given.KAFKA_BROKERS || `127.0.0.1:${kafkaPort}`,
    mongoUri: given.MONGODB_URI || mongoUri(Number(mongoPort)),
    kafka: toServer(kafka, kafkaPort),
    mongo: toServer(mongo, mongoPort),
    stop: async () => {
      await Promise.all([kafka?.stop(), mongo?.stop()])
    },
  }
}

async function choosePort(wanted: number | 'free', who: string, variable: string): Promise<number> {
  if (process.platform === 'win32') {
    throw new StackError(
      'unsupported-system',
      'The local stack runs on Linux and macOS; here, set KAFKA_BROKERS and MONGODB_URI to servers that run.',
    )
  }
  if (wanted === 'free') return freePort()
  await needPort(wanted, who, `end that one, or choose another port with ${variable}`)
  return wanted
}

type Started = RestartableProcess | null

/** Two servers once both are ready; where one fails the other is stopped, and it rejects. */
export async function bothOrNone(
  one: Promise<Started> | null,
  other: Promise<Started> | null,
): Promise<[Started, Started]> {
  const starting = [Promise.resolve(one), Promise.resolve(other)] as const
  try {
    return await Promise.all(starting)
  } catch (error) {
    for (const result of await Promise.allSettled(starting)) {
      if (result.status === 'fulfilled') await result.value?.stop()
    }
    throw error
  }
}

function toServer(server: Started, port: number | null): StackServer | null {
  return server && port !== null ? serverOf(server, port) : null
}

/** What others may do with a server that was started. */
export function serverOf(server: RestartableProcess, port: number): StackServer {
  return {
    get pid() {
      return server.pid
    },
    port,
    start: () => server.start(),
    stop: () => server.stop(),
    kill: (signal) => server.kill(signal),
    onUnexpectedEnd: (listener) => server.onUnexpectedEnd(listener),
  }
}
