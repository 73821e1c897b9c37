import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  Ctx,
  EventPattern,
  KafkaContext,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices'
import { readFileSync } from 'node:fs'
import { Topics } from '#libs/contracts/catalogue'
import { ServiceEnv, readEnv } from '#libs/runtime/env'
import type { Batch, RawRecord } from '#libs/runtime/kafka/batch'
import { contractDecoder } from '#libs/runtime/kafka/decode-json'
import { KafkaRecord } from '#libs/runtime/kafka/in-record'
import { calmRequestQueues } from '#libs/runtime/kafka/kafka-client'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { createLogger } from '#libs/runtime/logger'
import { TextModel } from '../../apps/classification/detectors/text-model.js'
import type { Judges } from '../../apps/classification/judges.js'
import type { PolicyWaits } from '../../apps/classification/policy-waits.js'
import { MessagesConsumer as Classification } from '../../apps/classification/messages.consumer.js'
import { checkMessage } from '../../apps/ingestion/check-message.rules.js'
import { MessagesConsumer as Ingestion } from '../../apps/ingestion/messages.consumer.js'
import { RememberedRevisions } from '../../apps/ingestion/remembered-revisions.js'
import { hopProcess } from './hop.js'
import { defaultDocuments, judgeOf } from '../../apps/classification/default-judge.fixture.js'

/**
 * What a user would build instead: Weir's own handlers of ingestion and classification behind Nest's stock Kafka transport,
 * which hands over one record at a time.
 */
let handled = 0
const { options, ready } = hopProcess(() => handled)
const publisher = new Publisher(
  readEnv(ServiceEnv, { KAFKA_BROKERS: options.brokers }),
  'ingestion',
  createLogger('stock', 'warn'),
)
const handle = options.from === Topics.messages.name ? classification() : ingestion()

@Controller()
class StockController {
  @EventPattern(options.from)
  async on(@Payload() value: unknown, @Ctx() context: unknown): Promise<void> {
    const { offset, timestamp, key, headers } = (context as KafkaContext).getMessage()
    const place = { topic: options.from, partition: (context as KafkaContext).getPartition() }
    // Nest parses keys and headers, which no handler of ours looks at.
    await handle({ ...place, offset, timestamp, key, value: value as Buffer, headers })
    handled++
  }
}

@Module({ controllers: [StockController] })
class StockModule {}

function batchOf<T>(raw: RawRecord, value: T): Batch<T> {
  return {
    topic: raw.topic,
    platformId: 'b1',
    records: [new KafkaRecord(raw, value)],
    deadLetter: () => undefined,
    heartbeat: () => Promise.resolve(),
  }
}

function ingestion(): (raw: RawRecord) => Promise<void> {
  const consumer = new Ingestion(publisher, new RememberedRevisions(500_000))
  return (raw) => consumer.onMessages(batchOf(raw, checkMessage(raw.value)))
}

function classification(): (raw: RawRecord) => Promise<void> {
  const { policy, banks } = defaultDocuments()
  const judge = judgeOf(policy, banks)
  const judges: Pick<Judges, 'judgeOf' | 'reachBounds'> = { judgeOf: () => judge, reachBounds: () => [] }
  const model = TextModel.load(readFileSync('models/text-v1.bin'))
  const waits = { any: false } as PolicyWaits
  const consumer = new Classification(judges as Judges, waits, publisher, model)
  const decode = contractDecoder(Topics.messages.event)
  return (raw) => consumer.onMessages(batchOf(raw, decode(raw)))
}

calmRequestQueues()
const app = await NestFactory.createMicroservice<MicroserviceOptions>(StockModule, {
  logger: ['error', 'warn'],
  transport: Transport.KAFKA,
  options: {
    client: { brokers: [options.brokers], clientId: 'stock' },
    consumer: { groupId: options.groupId, maxWaitTimeInMs: 250, allowAutoTopicCreation: false },
    subscribe: { fromBeginning: true },
    run: { partitionsConsumedConcurrently: options.concurrency },
    parser: { keepBinary: true },
  },
})
await app.listen()
ready()
