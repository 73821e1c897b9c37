import { type Kafka, type Message, Partitioners } from 'kafkajs'
import type { MadeMessage } from './make-messages.js'

/** Records of one request: kafkajs sorts them into partitions in quadratic time. */
const REQUEST = 1_000

/** Writes `count` messages to a topic as fast as it goes. */
export async function loadBacklog(
  kafka: Kafka,
  topic: string,
  count: number,
  make: (n: number, sentAt: number) => MadeMessage,
): Promise<void> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  try {
    for (let from = 0; from < count; from += REQUEST) {
      const messages: Message[] = []
      for (let n = from; n < Math.min(count, from + REQUEST); n++) messages.push(make(n, Date.now()))
      await producer.send({ topic, messages, acks: 1 })
    }
  } finally {
    await producer.disconnect()
  }
}
