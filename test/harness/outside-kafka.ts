import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { registerCodecs } from '#libs/runtime/kafka/codecs'
import { calmRequestQueues } from '#libs/runtime/kafka/kafka-client'

/** Kafka as somebody outside speaks it: plain kafkajs, without its idle timer, which Node warns of. */
export function outsideKafka(brokers: string, config: Partial<KafkaConfig> = {}): Kafka {
  registerCodecs()
  calmRequestQueues()
  return new Kafka({
    clientId: 'outside',
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    ...config,
  })
}
