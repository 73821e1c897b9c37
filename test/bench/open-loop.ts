import { build, type Histogram } from 'hdr-histogram-js'
import { type Kafka, Partitioners } from 'kafkajs'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Charged } from './drain.js'
import type { MadeMessage } from './make-messages.js'
import { usageOf } from './process-usage.js'

/** What is sent, and where what follows from it is seen. */
export interface OpenLoop {
  readonly kafka: Kafka
  readonly input: string
  readonly output: string
  /** Messages per second, and for how long. */
  readonly rate: number
  readonly seconds: number
  readonly make: (n: number, sentAt: number) => MadeMessage
  /** The number of the message that a record of the output follows from; undefined where it follows from none of this run. */
  readonly numberOf: (value: string) => number | undefined
  /** How many of the messages lead to a record of the output. */
  readonly expected: number
  /** Whose share of the machine counts, beside the process that sends. */
  readonly charged: readonly Pick<Charged, 'pid'>[]
  /** Told of each message that led to something, with the timestamp of that record. */
  readonly onSeen?: (n: number, timestamp: number) => void
}

/** Milliseconds from when a message was to be sent until what follows from it was seen. */
export interface Latency {
  readonly count: number
  readonly missing: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** How many cores it all kept busy while messages were sent, the sender included. */
  readonly cores: number
}

const TICK_MS = 5
/** Left out: connections are made and code is compiled. */
const WARM_SHARE = 0.25
const PATIENCE_MS = 20_000

/**
 * Sends at a fixed rate, whatever becomes of it, and times what follows from the instant at which each message was to be
 * sent: a system that falls behind is charged for it (Tene, "How not to measure latency": no coordinated omission).
 */
export async function openLoop(run: OpenLoop): Promise<Latency> {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000 })
  const seen = new Set<number>()
  const first = Math.ceil(run.rate * run.seconds * WARM_SHARE)
  let start = Infinity
  const consumer = run.kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 })
  const producer = run.kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await Promise.all([consumer.connect(), producer.connect()])
  try {
    const ends = await endsOf(run)
    await consumer.subscribe({ topics: [run.output] })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message: { value, timestamp } }) => {
        const n = run.numberOf(value!.toString())
        if (n === undefined || seen.has(n)) return
        seen.add(n)
        if (n >= first) run.onSeen?.(n, Number(timestamp))
        const late = performance.now() - (start + (n * 1_000) / run.rate)
        if (n >= first) histogram.recordValue(Math.max(1, Math.round(late * 1_000)))
      },
    })
    // What is there already is not read: after a flood that would take longer than the run.
    for (const { partition, high } of ends) consumer.seek({ topic: run.output, partition, offset: high })
    await sleep(1_000)
    start = performance.now()
    const before = cpuSecondsOf(run.charged)
    await send(run, start, (messages) => producer.send({ topic: run.input, messages, acks: -1 }))
    const cores = ((cpuSecondsOf(run.charged) - before) * 1_000) / (performance.now() - start)
    for (const end = performance.now() + PATIENCE_MS; seen.size < run.expected && performance.now() < end;)
      await sleep(50)
    return { ...summary(histogram), cores, missing: Math.max(0, run.expected - seen.size) }
  } finally {
    await Promise.all([consumer.disconnect(), producer.disconnect()])
  }
}

async function endsOf({ kafka, output }: OpenLoop): Promise<{ partition: number; high: string }[]> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await admin.fetchTopicOffsets(output)
  } finally {
    await admin.disconnect()
  }
}

async function send(
  { rate, seconds, make }: OpenLoop,
  start: number,
  produce: (messages: MadeMessage[]) => Promise<unknown>,
): Promise<void> {
  const total = Math.floor(rate * seconds)
  const sending = new Set<Promise<unknown>>()
  const epoch = Date.now() - performance.now()
  for (let n = 0; n < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1_000) + 1)
    const messages: MadeMessage[] = []
    for (; n < due; n++) messages.push(make(n, epoch + start + (n * 1_000) / rate))
    if (messages.length > 0) {
      const sent = produce(messages)
      sending.add(sent)
      void sent.finally(() => sending.delete(sent))
    }
    await sleep(TICK_MS)
  }
  await Promise.all(sending)
}

function cpuSecondsOf(charged: readonly Pick<Charged, 'pid'>[]): number {
  return [process, ...charged].reduce((sum, { pid }) => sum + usageOf(pid).cpuSeconds, 0)
}

function summary(histogram: Histogram): Omit<Latency, 'missing' | 'cores'> {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000
  return {
    count: histogram.totalCount,
    p50: at(50),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue / 1_000,
  }
}
