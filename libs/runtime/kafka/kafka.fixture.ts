import { Global, Module, type Provider } from '@nestjs/common'
import type { INestMicroservice } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Kafka } from 'kafkajs'
import type { ServiceName } from '#libs/contracts/catalogue'
import { readEnv, ServiceEnv } from '../env.js'
import { HealthModule } from '../health/health.module.js'
import { ALONE } from '../limits/alone.fixture.js'
import { SharedSpending } from '../limits/shared-spending.js'
import { createLogger } from '../logger.js'
import { ENV, LOGGER, SERVICE_NAME } from '../tokens.js'
import { BatchTransport } from './batch-transport.js'
import { useFastRecords } from './fast-records.js'
import { createKafka } from './kafka-client.js'
import { KafkaModule } from './kafka.module.js'

const logger = createLogger('test', process.env['LOG_LEVEL'] ?? 'silent')

// As in a service.
useFastRecords()

/** The settings of a service under test, on the broker that the test run has started. */
export function testEnv(settings: Record<string, string> = {}): Readonly<ServiceEnv> {
  return readEnv(ServiceEnv, { ...process.env, ...settings })
}

/** A prefix for groups that no other test uses. */
export function freshPrefix(): string {
  return `t${randomBytes(6).toString('hex')}`
}

/** A module with the Kafka side of a service and the given providers, listening. Close it. */
export async function startService(
  service: ServiceName,
  env: Readonly<ServiceEnv>,
  providers: Provider[],
): Promise<INestMicroservice> {
  @Global()
  @Module({
    providers: [
      { provide: ENV, useValue: env },
      { provide: SERVICE_NAME, useValue: service },
      { provide: LOGGER, useValue: logger },
      { provide: SharedSpending, useValue: ALONE },
    ],
    exports: [ENV, SERVICE_NAME, LOGGER, SharedSpending],
  })
  class Settings {}

  const module = await Test.createTestingModule({
    imports: [Settings, HealthModule, KafkaModule],
    providers,
  }).compile()
  const app = module.createNestMicroservice({ strategy: module.get(BatchTransport) })
  await app.listen()
  return app
}

/** A client of the test's own. */
export function testKafka(env = testEnv()): Kafka {
  return createKafka(env, 'test', logger)
}

/** A topic with a name of its own. */
export async function freshTopic(name: string, partitions = 1): Promise<string> {
  const admin = testKafka().admin()
  await admin.connect()
  const topic = `${name}.${randomBytes(6).toString('hex')}`
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false })
  const isKnown = (): Promise<boolean> =>
    admin.fetchTopicMetadata({ topics: [topic] }).then(
      () => true,
      () => false,
    )
  await until(isKnown, `${topic} exists`)
  await admin.disconnect()
  return topic
}

/** Sends records as a platform would. */
export async function send(
  topic: string,
  messages: {
    key?: string | null
    value: string | Buffer | null
    partition?: number
    headers?: Record<string, string>
  }[],
  compression = kafkajs.CompressionTypes.None,
  env = testEnv(),
): Promise<void> {
  const producer = testKafka(env).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages, compression })
  await producer.disconnect()
}

/** What a group has committed, partition by partition. */
export async function committed(groupId: string, topic: string): Promise<string[]> {
  const admin = testKafka().admin()
  await admin.connect()
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] })
  await admin.disconnect()
  return [...(offsets?.partitions ?? [])]
    .sort((a, b) => a.partition - b.partition)
    .map(({ offset }) => offset)
}

/** Waits until `condition` holds. Throws with `what` when it does not within the time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 30_000,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await sleep(25)
  }
}
