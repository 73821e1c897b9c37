import kafkajs, { type Kafka, type Message, type Producer } from 'kafkajs'
import { RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { type DeadLetter, redriveMark, redrivenRecord } from './dead-letter.js'
import { createKafka, type KafkaEnv } from './kafka-client.js'
import type { PlainRecord } from './publisher.js'

/** A larger value can have come only in a batch that was compressed, and has to leave so. */
const COMPRESS_ABOVE = 900_000

/** Puts dead letters back where they came from. */
export class DeadLetterRedriver {
  private constructor(
    private readonly kafka: Kafka,
    private readonly producer: Producer,
  ) {}

  /** Close it. @throws RetryableError `kafka-away` */
  static async open(env: KafkaEnv, logger: Logger): Promise<DeadLetterRedriver> {
    const kafka = createKafka(env, 'weir-dead-letters', logger)
    const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false })
    try {
      await producer.connect()
    } catch (error) {
      throw new RetryableError('kafka-away', 'Kafka does not answer.', { cause: error })
    }
    return new DeadLetterRedriver(kafka, producer)
  }

  /** How many partitions each of these topics has; those that do not exist are left out. */
  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const admin = this.kafka.admin()
    try {
      await admin.connect()
      const existing = new Set(await admin.listTopics())
      const present = topics.filter((topic) => existing.has(topic))
      if (present.length === 0) return new Map()
      const metadata = await admin.fetchTopicMetadata({ topics: present })
      return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]))
    } catch (error) {
      throw new RetryableError('kafka-away', 'Kafka does not answer.', { cause: error })
    } finally {
      await admin.disconnect().catch(() => undefined)
    }
  }

  /**
   * Resolves when the broker has all of them, and then a mark beside each letter. Where it rejects, some may be stored and
   * not marked: redriving them again does no harm. Not for truncated letters; their topics and partitions must exist.
   * @throws RetryableError `not-redriven`
   */
  async redrive(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.send(letters.map(redrivenRecord))
      await this.send(letters.map(redriveMark))
    } catch (error) {
      throw new RetryableError('not-redriven', 'Kafka did not take the records.', { cause: error })
    }
  }

  async close(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined)
  }

  private async send(records: readonly (PlainRecord & { partition: number })[]): Promise<void> {
    const large = records.some(({ value }) => (value?.length ?? 0) > COMPRESS_ABOVE)
    const topics = Map.groupBy(records, ({ topic }) => topic)
    await this.producer.sendBatch({
      acks: -1,
      compression: large ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
      topicMessages: [...topics].map(([topic, some]) => ({ topic, messages: some.map(toMessage) })),
    })
  }
}

function toMessage({ partition, key, value, headers }: PlainRecord & { partition: number }): Message {
  return { partition, key, value, ...(headers ? { headers } : {}) }
}
