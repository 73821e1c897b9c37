import type { Consumer, Kafka } from 'kafkajs'
import { randomUUID } from 'node:crypto'
import { Topics } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import { percentile } from '../demo/percentile.js'

/** Milliseconds that a part of the way takes. */
export interface StageTime {
  readonly stage: string
  readonly p50: number
  readonly p99: number
}

interface Instants {
  readonly sent: number
  readonly received: number
  readonly judged: number
}

/** Follows verdicts while messages are timed, to tell where on the way the time goes. Instants are the brokers' and records' own. */
export class StageTimes {
  private readonly judged = new Map<string, Instants>()
  private readonly ways: (Instants & { readonly ordered: number })[] = []
  private readonly consumer: Consumer

  constructor(kafka: Kafka) {
    this.consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 })
  }

  async start(): Promise<void> {
    await this.consumer.connect()
    await this.consumer.subscribe({ topics: [Topics.verdicts.name], fromBeginning: true })
    await this.consumer.run({
      autoCommit: false,
      eachMessage: async ({ message: { value, timestamp } }) => {
        const { messageId, message, receivedAt } = JSON.parse(value!.toString()) as Verdict
        const [sent, received] = [Date.parse(message.sentAt), Date.parse(receivedAt)]
        this.judged.set(messageId, { sent, received, judged: Number(timestamp) })
      },
    })
  }

  /** The directive for a message was published at `ordered`. */
  directive(messageId: string, ordered: number): void {
    const instants = this.judged.get(messageId)
    if (instants) this.ways.push({ ...instants, ordered })
  }

  async stop(): Promise<StageTime[]> {
    await this.consumer.disconnect()
    const stage = (name: string, of: (way: Instants & { ordered: number }) => number): StageTime => {
      const times = this.ways.map(of)
      return { stage: name, p50: percentile(times, 50) ?? NaN, p99: percentile(times, 99) ?? NaN }
    }
    return [
      stage('intended to received by the broker', ({ sent, received }) => received - sent),
      stage('received to verdict', ({ received, judged }) => judged - received),
      stage('verdict to directive', ({ judged, ordered }) => ordered - judged),
    ]
  }
}
