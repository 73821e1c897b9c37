import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { describe, expect, it, vi } from 'vitest'
import { freshPrefix, freshTopic, send, testKafka, until } from './kafka.fixture.js'

const { None, GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes
const CODECS = { none: None, gzip: GZIP, snappy: Snappy, lz4: LZ4, zstd: ZSTD }

/** The records of a topic, as many as are asked for, in their order. */
async function read(topic: string, count: number): Promise<string[]> {
  const found: string[] = []
  const consumer = testKafka().consumer({ groupId: freshPrefix(), maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => void found.push(message.value!.toString()) })
  await until(() => found.length >= count, `${count} records of ${topic}`)
  await consumer.disconnect()
  return found
}

describe('the Kafka client', () => {
  it.each(Object.entries(CODECS))('reads what was written with %s', async (_name, codec) => {
    const topic = await freshTopic('codec')
    const texts = Array.from({ length: 200 }, (_, i) => `${i} 你好 ${'x'.repeat(i * 20)}`)
    await send(
      topic,
      texts.map((value) => ({ key: null, value })),
      codec,
    )
    expect(await read(topic, texts.length)).toEqual(texts)
  })

  it('arms no timer again and again on connections that have nothing to do', async () => {
    const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
      prototype: { checkPendingRequests(): void }
    }
    const producer = testKafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    const topic = await freshTopic('idle')
    await producer.connect()
    await producer.send({ topic, messages: [{ value: 'x' }] })
    const checks = vi.spyOn(queue.prototype, 'checkPendingRequests')
    await sleep(500)
    expect(checks.mock.calls.length).toBeLessThan(10)
    await producer.disconnect()
  })
})
