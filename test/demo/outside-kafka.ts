import { Kafka, logLevel } from 'kafkajs'
import { registerCodecs } from '#libs/platform/kafka/codecs'
import { calmRequestQueues } from '#libs/platform/kafka/kafka-client'

/** Kafka as a platform's own program speaks it: plain kafkajs, without its idle timer, which Node warns of. */
export function outsideKafka(brokers: string): Kafka {
  registerCodecs()
  calmRequestQueues()
  return new Kafka({ clientId: 'weir-demo', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
}
