import 'reflect-metadata'
import { writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { useFastRecords } from '#libs/runtime/kafka/fast-records'
import { StackError } from '#libs/testing/stack-error'
import { barsOf } from './bars.js'
import { type BenchOptions, parseOptions, USAGE } from './bench-options.js'
import type { Figures } from './figures.js'
import { growthByMessages, growthByPartitions, growthByPolicy, type GrowthPoint } from './growth.js'
import type { Mix } from './make-messages.js'
import { stepCosts } from './micro.js'
import type { Latency } from './open-loop.js'
import { bareKafkajs, bareLatency, type PeerBench, stockNest } from './peers.js'
import { pageOf } from './report.js'
import { HARMFUL, loadTexts, textsOfLength } from './texts.js'
import { WeirBench } from './weir-bench.js'

const HARMFUL_PER_MILLE = 5
const LATENCY_SECONDS = 30
const OPEN_LOOP_RUNS = 3
/** Its 99th percentile is to be more than a handful of messages. */
const FLOOD_SECONDS = 60
/** Messages a second of the platform whose neighbour sends rubbish. */
const FLOOD_RATE = 500
const STOCK_RECORDS = 4_000
const say = (line: string) => void process.stderr.write(`${line}\n`)

/** Runs what was asked for and gives the figures. */
async function bench(options: BenchOptions): Promise<Figures> {
  const { texts, about } = await loadTexts(options.data, say)
  const mix: Mix = { texts, harmful: HARMFUL, accounts: 100_000, harmfulPerMille: HARMFUL_PER_MILLE }
  const figures: Figures = {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.versions.node,
    },
    texts: about,
    meanLength: texts.reduce((sum, text) => sum + text.length, 0) / texts.length,
  }
  if (options.rate > 0) return { ...figures, openLoop: await onlyOpenLoop(mix, options.rate) }
  say('The cost of each step …')
  figures.steps = await stepCosts(textsOfLength(texts, 100))
  if (options.micro) return figures
  // The load stands for other machines: making it is to take as little of this one as it can.
  useFastRecords()
  const weir = await WeirBench.start(mix)
  try {
    await measure(weir, mix, options, figures)
  } finally {
    await weir.stop()
  }
  await measureGrowth(mix, options, figures)
  return figures
}

/** A run before the others is not told: it warms up. */
async function onlyOpenLoop(mix: Mix, rate: number): Promise<NonNullable<Figures['openLoop']>> {
  useFastRecords()
  const weir = await WeirBench.start(mix)
  try {
    await weir.warm()
    await weir.latency(rate, LATENCY_SECONDS / 2)
    const runs: Latency[] = []
    for (let i = 0; i < OPEN_LOOP_RUNS; i++) runs.push(await weir.latency(rate, LATENCY_SECONDS))
    return { rate, runs }
  } finally {
    await weir.stop()
  }
}

/** What takes long comes last, so that what is compared with peers is measured within minutes of them: machines change speed. */
async function measureGrowth(mix: Mix, options: BenchOptions, figures: Figures): Promise<void> {
  const { growth, soak, records } = options
  const tell = (point: GrowthPoint) => void (figures.growth ??= []).push(point)
  if (growth || soak > 0) {
    const weir = await WeirBench.start(mix)
    try {
      await weir.warm()
      if (growth) {
        say('Longer texts, more accounts, a larger backlog …')
        await growthByMessages(weir, mix, Math.ceil(records / 3), tell)
      }
      if (soak > 0) {
        say('A long run …')
        await weir.soak(soak, (memory) => {
          say(JSON.stringify(memory))
          ;(figures.soak ??= []).push(memory)
        })
      }
    } finally {
      await weir.stop()
    }
  }
  if (growth) {
    say('More words and rules …')
    await growthByPolicy(mix.texts, tell)
    say('More partitions and processes …')
    await growthByPartitions(mix, Math.ceil(records / 3), tell)
  }
}

async function measure(weir: WeirBench, mix: Mix, options: BenchOptions, figures: Figures): Promise<void> {
  const { records } = options
  say('Weir …')
  await weir.warm()
  const all = await weir.all(records)
  say(`all four services: ${Math.round(all.perSecond)}/s`)
  figures.weir = { all, hops: await weir.hops(records), ...(await weir.apart(records)) }
  const weirRate = Math.round(all.perSecond / 2)
  const latency = await weir.latency(weirRate, LATENCY_SECONDS)
  figures.hundred = await hundred(weir, mix, records, figures)
  say('Beside a platform that sends rubbish …')
  figures.flood = { rate: FLOOD_RATE, ...(await weir.besideFlood(FLOOD_RATE, FLOOD_SECONDS)) }
  await weir.endServices()
  say('The peers …')
  const peers: PeerBench = {
    kafka: weir.kafka,
    brokers: weir.system.stack.kafkaBrokers,
    machine: weir.machine,
    mix,
  }
  figures.bare = await bareKafkajs(peers, 1, records)
  figures.bareFast = await bareKafkajs(peers, 1, records, { fastRecords: true })
  figures.bareSparse = await bareKafkajs(peers, 1000 / HARMFUL_PER_MILLE, records)
  figures.stock = await stockNest(peers, STOCK_RECORDS)
  const bareRate = Math.round(figures.bare.best.perSecond / 2)
  const bare = await bareLatency(peers, figures.bare.setting, bareRate, LATENCY_SECONDS)
  figures.latency = { weir: latency, weirRate, bare, bareRate }
}

/** Classification of 100-character texts: the whole function, and the service with Kafka, by its own CPU seconds. */
async function hundred(
  weir: WeirBench,
  mix: Mix,
  records: number,
  { steps }: Figures,
): Promise<NonNullable<Figures['hundred']>> {
  const whole = steps!.find(({ step }) => step === 'classification: the whole function')!
  const { classification } = await weir.apart(records, { ...mix, texts: textsOfLength(mix.texts, 100) })
  return {
    functionPerSecond: 1e9 / whole.nanoseconds,
    servicePerCoreSecond: 1e6 / classification.cpu['classification']!,
  }
}

function optionsOrUsage(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`)
    process.exit(1)
  }
}

const options = optionsOrUsage()
try {
  const figures = await bench(options)
  process.stdout.write(`${pageOf(figures)}\n`)
  const bars = barsOf(figures)
  if (options.json) await writeFile(options.json, `${JSON.stringify({ ...figures, bars }, null, 2)}\n`)
  process.exit(options.assert && bars.some(({ met }) => !met) ? 1 : 0)
} catch (error) {
  if (!(error instanceof StackError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}
