import 'reflect-metadata'
import kafkajs from 'kafkajs'
import { ServiceEnv, readEnv } from '#libs/runtime/env'
import { createKafka } from '#libs/runtime/kafka/kafka-client'
import { useFastRecords } from '#libs/runtime/kafka/fast-records'
import { Publisher } from '#libs/runtime/kafka/publisher'
import { createLogger } from '#libs/runtime/logger'
import { hopProcess } from './hop.js'

/**
 * The limit: consume, JSON.parse, produce the same bytes, nothing else. kafkajs as it is (with the repaired timer), Weir's
 * publisher, all acknowledgements, offsets committed behind them.
 */
let handled = 0
const { options, ready } = hopProcess(() => handled)
if (options.fastRecords) useFastRecords()
const env = readEnv(ServiceEnv, { KAFKA_BROKERS: options.brokers })
const logger = createLogger('bare', 'warn')
const publisher = new Publisher(env, 'ingestion', logger)
const consumer = createKafka(env, 'bare', logger).consumer({
  groupId: options.groupId,
  maxWaitTimeInMs: 250,
  allowAutoTopicCreation: false,
  partitionAssigners: [kafkajs.PartitionAssigners.roundRobin],
})
await consumer.connect()
await consumer.subscribe({ topics: [options.from], fromBeginning: true })
await consumer.run({
  partitionsConsumedConcurrently: options.concurrency,
  eachBatchAutoResolve: false,
  autoCommitInterval: 200,
  eachBatch: async (payload) => {
    const { messages } = payload.batch
    for (let start = 0; start < messages.length; start += options.chunk) {
      const part = messages.slice(start, start + options.chunk)
      const out = []
      for (const { offset, key, value } of part) {
        JSON.parse(value!.toString('utf8'))
        if (Number(offset) % options.passOn === 0)
          out.push({ topic: options.to, key, value, headers: undefined })
      }
      await publisher.publishPlain(out)
      payload.resolveOffset(part.at(-1)!.offset)
      handled += part.length
      await payload.heartbeat()
    }
  },
})
ready()
