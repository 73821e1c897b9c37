import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { applyTopics } from '#libs/testing/apply-topics'
import { freePort } from '#libs/testing/free-port'
import { localServiceEnv } from '#libs/testing/local-service-env'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import type { StackError } from '#libs/testing/stack-error'
import { startTemporaryStack } from '#libs/testing/temporary-stack'
import type { CleanUp } from './clean-up.js'

/** Weir as the demo runs it. */
export interface DemoSystem {
  readonly brokers: string
  readonly mongoUri: string
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>
  /** Where the key is that signs tokens. */
  readonly keys: string
  /** Not our own Kafka, or not our own MongoDB: they may hold something already. */
  readonly borrowed: boolean
}

export interface DemoSystemOptions {
  readonly smtpUrl: string
  readonly log: (line: string) => void
  /** Told when a server or service ends by itself. */
  readonly fail: (error: StackError) => void
}

/**
 * Starts a Kafka and a MongoDB, unless `KAFKA_BROKERS` and `MONGODB_URI` name some, and the four services as processes of
 * their own, all on free ports. @throws StackError
 */
export async function startDemoSystem(
  cleanUp: CleanUp,
  { smtpUrl, log, fail }: DemoSystemOptions,
): Promise<DemoSystem> {
  const stack = await startTemporaryStack({ log })
  cleanUp.add(() => stack.stop())
  for (const server of [stack.kafka, stack.mongo]) server?.onUnexpectedEnd(fail)
  const keys = await mkdtemp(join(tmpdir(), 'weir-demo-keys-'))
  cleanUp.add(() => rm(keys, { recursive: true, force: true }))

  const ports = await Promise.all(SERVICES.map(() => freePort()))
  const env = {
    ...localServiceEnv(stack),
    LOCAL_KEY_DIR: keys,
    LOG_LEVEL: 'warn',
    SMTP_URL: smtpUrl,
    // A database that knows of policies which a new Kafka has not would never publish them again.
    ...(stack.kafka && !stack.mongo ? { MONGODB_SUFFIX: `_demo_${stack.kafka.pid}` } : {}),
    PUBLIC_URL: `http://127.0.0.1:${ports[SERVICES.indexOf('enforcement')]}`,
  }
  log('creating topics')
  await applyTopics(env)
  log('starting the four services')
  const started = await Promise.all(
    SERVICES.map((name, i) => startService(name, { ...env, PORT: String(ports[i]) })),
  )
  cleanUp.add(() => Promise.all(started.map((service) => service.stop())))
  for (const service of started) service.onUnexpectedEnd(fail)
  return {
    brokers: stack.kafkaBrokers,
    mongoUri: stack.mongoUri,
    services: Object.fromEntries(started.map((one) => [one.name, one])) as DemoSystem['services'],
    keys,
    borrowed: stack.kafka === null || stack.mongo === null,
  }
}
