import { type Kafka } from 'kafkajs'
import { Topics } from '#libs/contracts/catalogue'
import { createTopics, INPUT } from './weir-bench.js'
import { type Charged, drain, type Drained } from './drain.js'
import { type Hop, startHop } from './hop.js'
import { loadBacklog } from './load-backlog.js'
import { messageMaker, type Mix } from './make-messages.js'
import { type Latency, openLoop } from './open-loop.js'

export interface PeerSetting {
  readonly chunk: number
  readonly concurrency: number
  readonly fastRecords?: boolean
}

/** One peer, with the settings that were tried. */
export interface PeerResult {
  readonly best: Drained
  readonly setting: PeerSetting
  readonly tried: { readonly setting: PeerSetting; readonly perSecond: number }[]
}

export interface PeerBench {
  readonly kafka: Kafka
  readonly brokers: string
  readonly machine: readonly Charged[]
  readonly mix: Mix
}

/** What is swept for bare kafkajs: records per publish, and partitions at once. */
const BARE_SETTINGS: readonly PeerSetting[] = [
  { chunk: 200, concurrency: 8 },
  { chunk: 500, concurrency: 8 },
  { chunk: 1_000, concurrency: 8 },
  { chunk: 500, concurrency: 2 },
]
const STOCK_SETTINGS: readonly PeerSetting[] = [
  { chunk: 1, concurrency: 1 },
  { chunk: 1, concurrency: 8 },
]
let runs = 0

/**
 * Bare kafkajs over two hops; the second passes on one of `passOn` records. The best setting counts. `fastRecords`: with
 * Weir's codec of records.
 */
export async function bareKafkajs(
  bench: PeerBench,
  passOn: number,
  records: number,
  { fastRecords = false } = {},
): Promise<PeerResult> {
  const settings = BARE_SETTINGS.map((setting) => ({ ...setting, fastRecords }))
  return best(settings, async (setting) => {
    const { hops, input, stop } = await bareHops(bench, passOn, setting)
    try {
      await backlog(bench, hops, input, Math.ceil(records / 5))
      return await backlog(bench, hops, input, records)
    } finally {
      await stop()
    }
  })
}

/** Open-loop latency over two bare hops, of which the second passes on as many as Weir acts on. */
export async function bareLatency(
  bench: PeerBench,
  setting: PeerSetting,
  rate: number,
  seconds: number,
): Promise<Latency> {
  const every = Math.round(1000 / bench.mix.harmfulPerMille)
  const { hops, input, output, stop } = await bareHops(bench, every, setting)
  const run = `bare${runs}`
  const numberOf = (value: string) =>
    Number((JSON.parse(value) as { messageId: string }).messageId.split('-')[1])
  const total = Math.floor(rate * seconds)
  try {
    const make = messageMaker(bench.mix, run)
    // One of so many records of each partition: how many in all depends on how the keys spread.
    return await openLoop({
      kafka: bench.kafka,
      input,
      output,
      rate,
      seconds,
      make,
      numberOf,
      expected: Math.floor(total / every) - 8,
      charged: [...hops, ...bench.machine],
    })
  } finally {
    await stop()
  }
}

async function bareHops(bench: PeerBench, passOn: number, setting: PeerSetting) {
  const run = `bare${++runs}`
  const [input, middle, output] = [`${run}.0`, `${run}.1`, `${run}.2`] as const
  await createTopics(bench.brokers, [input, middle, output], 8)
  const { brokers } = bench
  const hops = await Promise.all([
    startHop('hop 1', 'bare-hop.js', {
      ...setting,
      brokers,
      from: input,
      to: middle,
      groupId: `${run}.a`,
      passOn: 1,
    }),
    startHop('hop 2', 'bare-hop.js', {
      ...setting,
      brokers,
      from: middle,
      to: output,
      groupId: `${run}.b`,
      passOn,
    }),
  ])
  return { hops, input, output, stop: () => stopAll(hops) }
}

/**
 * The same handlers behind Nest's stock transport. Its two processes take the input from the beginning, as new groups, so
 * that they do the work that ingestion and classification do: `records` of it.
 */
export async function stockNest(bench: PeerBench, records: number): Promise<PeerResult> {
  return best(STOCK_SETTINGS, async (setting) => {
    const run = `stock${++runs}`
    const { brokers } = bench
    const hops = await Promise.all([
      startHop('ingestion', 'stock-hop.js', {
        ...setting,
        brokers,
        from: INPUT,
        to: '',
        groupId: `${run}.a`,
        passOn: 1,
      }),
      startHop('classification', 'stock-hop.js', {
        ...setting,
        brokers,
        from: Topics.messages.name,
        to: '',
        groupId: `${run}.b`,
        passOn: 1,
      }),
    ])
    try {
      return await drain(
        hops.map((hop) => [hop]),
        bench.machine,
        records,
        () => Promise.resolve(),
      )
    } finally {
      await stopAll(hops)
    }
  })
}

async function backlog(
  bench: PeerBench,
  hops: readonly Hop[],
  input: string,
  records: number,
): Promise<Drained> {
  const make = messageMaker(bench.mix, `backlog${++runs}`)
  return drain(
    hops.map((hop) => [hop]),
    bench.machine,
    records,
    () => loadBacklog(bench.kafka, input, records, make),
  )
}

async function best(
  settings: readonly PeerSetting[],
  measure: (setting: PeerSetting) => Promise<Drained>,
): Promise<PeerResult> {
  const all: { setting: PeerSetting; drained: Drained }[] = []
  for (const setting of settings) all.push({ setting, drained: await measure(setting) })
  const { setting, drained } = all.reduce((a, b) => (b.drained.perSecond > a.drained.perSecond ? b : a))
  const tried = all.map((one) => ({ setting: one.setting, perSecond: one.drained.perSecond }))
  return { best: drained, setting, tried }
}

async function stopAll(hops: readonly Hop[]): Promise<void> {
  await Promise.all(hops.map((hop) => hop.stop()))
}
