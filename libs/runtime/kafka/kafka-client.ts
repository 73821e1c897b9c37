import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  Kafka,
  logLevel,
  type KafkaConfig,
  type LogEntry,
  type RetryOptions,
  type SASLOptions,
} from 'kafkajs'
import type { ServiceEnv } from '../env.js'
import type { Logger } from '../logger.js'
import { registerCodecs } from './codecs.js'

/** Settings of Kafka, out of those of a service. */
export type KafkaEnv = Pick<
  ServiceEnv,
  | 'KAFKA_BROKERS'
  | 'KAFKA_GROUP_PREFIX'
  | 'KAFKA_SSL'
  | 'KAFKA_SSL_CA_FILE'
  | 'KAFKA_SASL'
  | 'KAFKA_USERNAME'
  | 'KAFKA_PASSWORD'
  | 'KAFKA_REPLICATION'
  | 'KAFKA_PLATFORM_SHARDS'
  | 'KAFKA_CONCURRENCY'
  | 'KAFKA_BATCH_RECORDS'
  | 'KAFKA_FETCH_KIB'
  | 'KAFKA_SESSION_MS'
  | 'KAFKA_COMMIT_MS'
  | 'KAFKA_COMPRESSION'
  | 'KAFKA_PUBLISH_TIMEOUT_MS'
  | 'TOPICS_MANAGE'
  | 'NODE_ENV'
>

/** About 10 s of trying; who asked then decides. */
const SHORT_RETRY = { initialRetryTime: 200, maxRetryTime: 2_000, multiplier: 2, factor: 0.2, retries: 7 }

/**
 * Minutes of trying, for consumers: one that survives an outage keeps its place in the group, while a new one has to wait
 * until the group gives the old one up. A broker that is back is found within 2 s.
 */
export const LONG_RETRY = {
  ...SHORT_RETRY,
  retries: 60,
  restartOnFailure: () => Promise.resolve(false),
} satisfies RetryOptions

/** For a producer: who publishes has tries and a time limit of its own. */
export const QUICK_RETRY = {
  ...SHORT_RETRY,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: 2,
} satisfies RetryOptions

export interface ClientOptions {
  readonly retry?: RetryOptions
  /** Told when kafkajs reports trouble: a broker away, a request refused. */
  readonly onTrouble?: () => void
}

/** Makes kafkajs clients. Each consumer gets one of its own: clients share offsets among consumers of one group. */
export function createKafka(
  env: KafkaEnv,
  clientId: string,
  logger: Logger,
  { retry = SHORT_RETRY, onTrouble }: ClientOptions = {},
): Kafka {
  registerCodecs()
  calmRequestQueues()
  return new Kafka({
    clientId,
    brokers: env.KAFKA_BROKERS.split(',').map((broker) => broker.trim()),
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    requestTimeout: 30_000,
    retry,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      if (entry.level <= logLevel.WARN) onTrouble?.()
      toPino(logger, entry)
    },
    ...security(env),
  })
}

function security(env: KafkaEnv): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  const settings: Pick<KafkaConfig, 'ssl' | 'sasl'> = {}
  if (env.KAFKA_SSL) {
    settings.ssl = env.KAFKA_SSL_CA_FILE ? { ca: [readFileSync(env.KAFKA_SSL_CA_FILE, 'utf8')] } : true
  }
  if (env.KAFKA_SASL !== 'none') {
    const account = { username: env.KAFKA_USERNAME, password: env.KAFKA_PASSWORD }
    settings.sasl = { mechanism: env.KAFKA_SASL, ...account } as SASLOptions
  }
  return settings
}

/** kafkajs tells of every attempt as an error; whether one matters is said by who uses the client. */
function toPino(logger: Logger, { namespace, level, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _logger, ...rest } = log
  const text = `kafkajs ${namespace}: ${message}`
  const facts = pick(rest, ['groupId', 'broker', 'clientId', 'error', 'retryCount', 'retryTime', 'topic'])
  switch (level) {
    case logLevel.NOTHING:
      return
    case logLevel.ERROR:
    case logLevel.WARN:
      return logger.warn(facts, text)
    case logLevel.INFO:
    case logLevel.DEBUG:
      return logger.debug(facts, text)
  }
}

/** Only known fields: kafkajs also hands over whole requests, which may hold records. */
function pick(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
}

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests(): void
}
const CALM = Symbol('weir:calm')

/**
 * kafkajs 2.2.4 arms a timer of 1 ms again and again on every connection (its issues 1556, 1704, 1751). With nothing
 * pending and no throttling there is nothing to check: whatever is pushed later checks by itself.
 */
export function calmRequestQueues(): void {
  const require = createRequire(import.meta.url)
  const queue = (
    require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue & { [CALM]?: true } }
  ).prototype
  if (queue[CALM]) return
  const schedule = queue.scheduleCheckPendingRequests // eslint-disable-line @typescript-eslint/unbound-method -- called with this
  queue.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return
    schedule.call(this)
  }
  queue[CALM] = true
}
