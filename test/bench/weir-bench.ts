import type { Kafka } from 'kafkajs'
import { Topics } from '#libs/contracts/catalogue'
import type { ServiceProcess } from '#libs/testing/service-process'
import { outsideKafka } from '../harness/outside-kafka.js'
import { eventually, WeirSystem } from '../harness/weir-system.js'
import { type Charged, drain, type Drained, handledBy } from './drain.js'
import { type Stage, startHop } from './hop.js'
import { loadBacklog } from './load-backlog.js'
import { messageMaker, type Mix } from './make-messages.js'
import { type Latency, openLoop } from './open-loop.js'
import { serviceStage } from './service-stage.js'
import { type StageTime, StageTimes } from './stage-times.js'

/** The platform of the benchmark. */
export const PLATFORM = 'b1'
export const INPUT = `weir.in.${PLATFORM}.messages.v1`
/** Another platform, which sends little, and sends it well. */
const NEIGHBOUR = 'b2'
const WARM_RECORDS = 60_000

/** Of a platform: alone, beside a process that only makes rubbish, and beside one that sends `rubbish` such records and as many good ones. */
export interface FloodLatency {
  readonly quiet: Latency
  readonly control: Latency
  readonly flooded: Latency
  readonly rubbish: number
}

/** All of Weir on this machine, to be measured. */
export class WeirBench {
  private runs = 0
  private readonly extra: { ingestion: ServiceProcess[]; classification: ServiceProcess[] } = {
    ingestion: [],
    classification: [],
  }

  private constructor(
    readonly system: WeirSystem,
    readonly kafka: Kafka,
    private readonly mix: Mix,
  ) {}

  /** `partitions`: of the topics that every message goes through; `processes`: of ingestion and of classification. */
  static async start(mix: Mix, { partitions = 8, processes = 1 } = {}): Promise<WeirBench> {
    const prepare = async (brokers: string): Promise<void> => {
      if (partitions !== 8) await createTopics(brokers, [INPUT, Topics.messages.name], partitions)
    }
    const system = await WeirSystem.start({}, { prepare })
    const kafka = outsideKafka(system.stack.kafkaBrokers)
    const bench = new WeirBench(system, kafka, mix)
    await system.register(PLATFORM)
    for (let i = 1; i < processes; i++) {
      bench.extra.ingestion.push(await system.startAnother('ingestion'))
      bench.extra.classification.push(await system.startAnother('classification'))
    }
    return bench
  }

  get machine(): Charged[] {
    const { kafka, mongo } = this.system.stack
    return [
      { name: 'kafka', pid: kafka!.pid },
      { name: 'mongod', pid: mongo!.pid },
    ]
  }

  private get ingestion(): Stage[] {
    const all = [this.system.services.ingestion, ...this.extra.ingestion]
    return all.map((service) => serviceStage(service, 'weir.in.<platformId>.messages.v1'))
  }

  private get classification(): Stage[] {
    const all = [this.system.services.classification, ...this.extra.classification]
    return all.map((service) => serviceStage(service, Topics.messages.name))
  }

  private get others(): Charged[] {
    return [this.system.services.enforcement, this.system.services.notification]
  }

  /** Compiles what is hot, in the services and in the broker. */
  async warm(): Promise<void> {
    await this.all(WARM_RECORDS)
    await this.all(WARM_RECORDS)
  }

  /** A backlog through all four services. */
  async all(records: number, mix = this.mix): Promise<Drained> {
    const stages = [this.ingestion, this.classification]
    const drained = await drain(stages, [...this.others, ...this.machine], records, () =>
      this.load(records, mix),
    )
    await this.system.drained([PLATFORM], 300)
    return drained
  }

  /** A backlog through ingestion and classification, as the stock peer has it: the others are halted, and then catch up. */
  async hops(records: number): Promise<Drained> {
    for (const { pid } of this.others) process.kill(pid, 'SIGSTOP')
    try {
      const stages = [this.ingestion, this.classification]
      return await drain(stages, this.machine, records, () => this.load(records, this.mix))
    } finally {
      for (const { pid } of this.others) process.kill(pid, 'SIGCONT')
      await this.system.drained([PLATFORM], 300)
    }
  }

  /** A backlog through ingestion alone, and then what it left through classification alone. */
  async apart(records: number, mix = this.mix): Promise<{ ingestion: Drained; classification: Drained }> {
    const halted = this.classification
    const before = [await handledBy(halted)]
    for (const { pid } of halted) process.kill(pid, 'SIGSTOP')
    try {
      const ingestion = await drain([this.ingestion], this.machine, records, () => this.load(records, mix))
      const charged = [...this.others, ...this.machine]
      const classification = await drain([halted], charged, records, () => Promise.resolve(), before)
      return { ingestion, classification }
    } finally {
      for (const { pid } of halted) process.kill(pid, 'SIGCONT')
      await this.system.drained([PLATFORM], 300)
    }
  }

  /**
   * From the instant at which a harmful message is to be sent until its first directive, at `rate` messages a second of a
   * platform.
   */
  async latency(
    rate: number,
    seconds: number,
    { platform = PLATFORM, mix = this.mix } = {},
  ): Promise<Latency & { stages: StageTime[] }> {
    const run = this.nextRun()
    const total = Math.floor(rate * seconds)
    const every = Math.round(1000 / mix.harmfulPerMille)
    const stages = new StageTimes(this.kafka)
    await stages.start()
    const latency = await openLoop({
      kafka: this.kafka,
      input: `weir.in.${platform}.messages.v1`,
      output: `weir.out.${platform}.directives.v1`,
      rate,
      seconds,
      make: messageMaker(mix, run),
      expected: Math.floor(total / every),
      charged: [...this.ingestion, ...this.classification, ...this.others, ...this.machine],
      numberOf: (value) => {
        const [messageId = ''] = (JSON.parse(value) as { messageIds: string[] }).messageIds
        const n = messageId.startsWith(`${run}-`) ? Number(messageId.slice(run.length + 1)) : NaN
        // Some of the ordinary texts are acted on, too.
        return n % every === every - 1 ? n : undefined
      },
      onSeen: (n, timestamp) => stages.directive(`${run}-${n}`, timestamp),
    })
    return { ...latency, stages: await stages.stop() }
  }

  /**
   * The latency of a platform while nobody else sends, while its neighbour sends rubbish at full speed, and as a control while
   * the neighbour only makes it: what its sender takes of this machine.
   */
  async besideFlood(rate: number, seconds: number): Promise<FloodLatency> {
    await this.system.register(NEIGHBOUR)
    const options = { platform: NEIGHBOUR, mix: { ...this.mix, harmfulPerMille: 50 } }
    await this.latency(rate, seconds / 2, options)
    const quiet = await this.latency(rate, seconds, options)
    const beside = async (passOn: number): Promise<{ latency: Latency; records: number }> => {
      const { kafkaBrokers: brokers } = this.system.stack
      const settings = { brokers, from: '', to: INPUT, groupId: '', chunk: 500, concurrency: 1, passOn }
      const sender = await startHop('flood', 'flood-sender.js', settings)
      try {
        const latency = await this.latency(rate, seconds, options)
        return { latency, records: await sender.handled() }
      } finally {
        await sender.stop()
      }
    }
    const control = await beside(0)
    const flood = await beside(1)
    return { quiet, control: control.latency, flooded: flood.latency, rubbish: flood.records / 2 }
  }

  /** More records, a tenth at a time, and the memory of each process after each. */
  async soak(records: number, onTenth: (memory: Record<string, number>) => void): Promise<void> {
    for (let tenth = 0; tenth < 10; tenth++) onTenth((await this.all(Math.ceil(records / 10))).memory)
  }

  private async load(records: number, mix: Mix): Promise<void> {
    await loadBacklog(this.kafka, INPUT, records, messageMaker(mix, this.nextRun()))
  }

  private nextRun(): string {
    return `run${++this.runs}`
  }

  /** Ends the services; broker and database stay. */
  async endServices(): Promise<void> {
    const all = [
      ...Object.values(this.system.services),
      ...this.extra.ingestion,
      ...this.extra.classification,
    ]
    await Promise.all(all.map((service) => service.stop()))
  }

  stop(): Promise<void> {
    return this.system.stop()
  }
}

/** Makes topics with a number of partitions of their own, and waits until they have leaders. */
export async function createTopics(
  brokers: string,
  topics: readonly string[],
  partitions: number,
): Promise<void> {
  const admin = outsideKafka(brokers).admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: partitions })) })
    await eventually('topics have leaders', async () => {
      const { topics: made } = await admin.fetchTopicMetadata({ topics: [...topics] })
      return made.every((topic) => topic.partitions.every(({ leader }) => leader >= 0))
    })
  } finally {
    await admin.disconnect()
  }
}
