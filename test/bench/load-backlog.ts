import { type Kafka, type Message, Partitioners } from 'kafkajs'
import type { MadeMessage } from './make-messages.js'

/** Records of one request: kafkajs sorts them into partitions in quadratic time. */
const MAX_RECORDS = 1_000
/** Bytes of one request, all of which may go to one partition: the broker takes 1 MB. */
const MAX_BYTES = 800_000

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
    let messages: Message[] = []
    let bytes = 0
    const send = async (): Promise<void> => {
      if (messages.length > 0) await producer.send({ topic, messages, acks: 1 })
      messages = []
      bytes = 0
    }
    for (let n = 0; n < count; n++) {
      const message = make(n, Date.now())
      if (messages.length === MAX_RECORDS || bytes + message.value.length > MAX_BYTES) await send()
      messages.push(message)
      bytes += message.value.length
    }
    await send()
  } finally {
    await producer.disconnect()
  }
}
