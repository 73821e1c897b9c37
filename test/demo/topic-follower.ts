import { randomUUID } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'

/** A record as somebody outside reads it. */
export interface FollowedRecord {
  readonly topic: string
  readonly partition: number
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  /** The broker's or the producer's time, as the topic has it. */
  readonly timestamp: number
}

/** Offsets by partition. */
export type Offsets = Map<number, number>

/** Reads topics from their beginning and keeps what it reads. */
export class TopicFollower {
  private readonly records = new Map<string, FollowedRecord[]>()
  private readonly read = new Map<string, Offsets>()
  private readonly consumer: Consumer

  constructor(kafka: Kafka) {
    this.consumer = kafka.consumer({
      groupId: `weir-demo-${randomUUID()}`,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
    })
  }

  async start(topics: string[]): Promise<void> {
    await this.consumer.connect()
    await this.consumer.subscribe({ topics, fromBeginning: true })
    await this.consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const kept = this.records.get(topic) ?? []
        this.records.set(topic, kept)
        for (const { value, headers, timestamp } of messages) {
          const texts = Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])
          kept.push({
            topic,
            partition,
            value,
            headers: Object.fromEntries(texts) as Record<string, string>,
            timestamp: Number(timestamp),
          })
        }
        const read = this.read.get(topic) ?? new Map<number, number>()
        this.read.set(topic, read.set(partition, Number(messages.at(-1)!.offset) + 1))
      },
    })
  }

  of(topic: string): readonly FollowedRecord[] {
    return this.records.get(topic) ?? []
  }

  /** The parsed values of a topic. */
  values<T>(topic: string): T[] {
    return this.of(topic).map(({ value }) => JSON.parse(value?.toString() ?? 'null') as T)
  }

  /** Whether it has read a topic up to these offsets. */
  hasReached(topic: string, ends: Offsets): boolean {
    const read = this.read.get(topic)
    return [...ends].every(([partition, end]) => end === 0 || (read?.get(partition) ?? 0) >= end)
  }

  stop(): Promise<void> {
    return this.consumer.disconnect()
  }
}
