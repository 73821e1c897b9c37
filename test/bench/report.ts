import type { Drained } from './drain.js'
import type { GrowthPoint } from './growth.js'
import type { StepCost } from './micro.js'
import type { Latency } from './open-loop.js'
import type { PeerResult } from './peers.js'

/** All that a run has found; sections that were not asked for are absent. */
export interface Figures {
  machine: { cpus: number; model: string; memoryGiB: number; node: string }
  texts: string
  /** Mean length of the texts in characters. */
  meanLength: number
  bare?: PeerResult
  /** With Weir's codec of records in the place of kafkajs's. */
  bareFast?: PeerResult
  /** The second hop passes on as few as Weir acts on. */
  bareSparse?: PeerResult
  stock?: PeerResult
  weir?: { all: Drained; ingestion: Drained; classification: Drained }
  /** Classification of 100-character texts: the function by itself, the service by itself. */
  hundred?: { functionPerSecond: number; servicePerCoreSecond: number }
  latency?: { weir: Latency; weirRate: number; bare: Latency; bareRate: number }
  /** A platform at `rate` messages/s: alone, and beside one that has sent `rubbish` records meanwhile. */
  flood?: { rate: number; quiet: Latency; flooded: Latency; rubbish: number }
  steps?: StepCost[]
  growth?: GrowthPoint[]
  soak?: Record<string, number>[]
}

/** What is promised of the figures, and whether it holds. */
export interface Bar {
  readonly name: string
  readonly wanted: string
  readonly found: string
  readonly met: boolean
}

/** The bars that the figures can tell of. */
export function barsOf(figures: Figures): Bar[] {
  const { bare, stock, weir, hundred, latency, growth, soak } = figures
  const bars: Bar[] = []
  const atLeast = (name: string, found: number, bar: number, digits = 0) =>
    bars.push({ name, wanted: `≥ ${bar}`, found: found.toFixed(digits), met: found >= bar })
  const atMost = (name: string, found: number, bar: number, digits = 0) =>
    bars.push({ name, wanted: `≤ ${bar}`, found: found.toFixed(digits), met: found <= bar })
  if (weir) atLeast('all four services, messages/s', weir.all.perSecond, 20_000)
  if (weir && bare)
    atLeast('share of the bare kafkajs limit', weir.all.perSecond / bare.best.perSecond, 0.5, 2)
  if (weir && stock)
    atLeast('times the stock Nest transport', weir.all.perSecond / stock.best.perSecond, 5, 1)
  if (hundred) {
    atLeast('the classification function, messages/s', hundred.functionPerSecond, 50_000)
    atLeast('the classification service, messages per core-second', hundred.servicePerCoreSecond, 25_000)
  }
  if (latency) {
    atMost('p99 from intended send to directive, ms', latency.weir.p99, 250)
    atMost('times the p99 of bare kafkajs over two hops', latency.weir.p99 / latency.bare.p99, 4, 1)
  }
  if (figures.flood) {
    const { quiet, flooded } = figures.flood
    atMost('p99 beside a platform that sends rubbish, times the quiet one', flooded.p99 / quiet.p99, 2, 2)
  }
  if (growth) {
    atMost(
      'CPU at 1000000 accounts, times that at 1000',
      ratio(growth, '1000000 accounts', '1000 accounts'),
      1.3,
      2,
    )
    atMost('CPU at 100000 words, times that at 100', ratio(growth, '100000 words', '100 words'), 1.3, 2)
  }
  if (soak && soak.length > 2) {
    for (const name of Object.keys(soak[0]!)) {
      const half = soak.slice(soak.length >> 1).map((memory) => memory[name]!)
      atMost(`memory of ${name} at the end, times that at half-time`, half.at(-1)! / half[0]!, 1.15, 2)
    }
  }
  return bars
}

function ratio(growth: readonly GrowthPoint[], large: string, small: string): number {
  const cpuAt = (varied: string) => growth.find((point) => point.varied === varied)?.cpu ?? NaN
  return cpuAt(large) / cpuAt(small)
}

/** The figures as a page of tables in Markdown. */
export function pageOf(figures: Figures): string {
  const { machine, texts, meanLength } = figures
  const lines = [
    `${machine.cpus} cores (${machine.model}), ${machine.memoryGiB} GiB, Node ${machine.node}; broker and database on the same cores.`,
    `Texts: ${texts}, ${meanLength.toFixed(0)} characters on average.`,
    '',
  ]
  const table = (heads: string[], rows: (string | number)[][]) =>
    lines.push(
      `| ${heads.join(' | ')} |`,
      `|${' --- |'.repeat(heads.length)}`,
      ...rows.map((row) => `| ${row.join(' | ')} |`),
      '',
    )
  const throughput: (string | number)[][] = []
  const drained = (name: string, one: Drained | undefined) => {
    if (one) throughput.push([name, thousands(one.perSecond), cpuText(one.cpu), memoryText(one.memory)])
  }
  drained('bare kafkajs, two hops', figures.bare?.best)
  drained('bare kafkajs with Weir’s codec of records, two hops', figures.bareFast?.best)
  drained('bare kafkajs, the second hop sparse', figures.bareSparse?.best)
  drained('stock Nest transport, two hops', figures.stock?.best)
  drained('Weir, ingestion alone', figures.weir?.ingestion)
  drained('Weir, classification alone', figures.weir?.classification)
  drained('Weir, all four services', figures.weir?.all)
  if (throughput.length > 0)
    table(['a backlog', 'messages/s', 'CPU seconds per million messages', 'memory, MiB'], throughput)
  for (const [name, peer] of [
    ['bare', figures.bare],
    ['bare with Weir’s codec', figures.bareFast],
    ['bare, sparse', figures.bareSparse],
    ['stock', figures.stock],
  ] as const) {
    if (peer)
      lines.push(
        `Tried for ${name}: ${peer.tried.map(({ setting, perSecond }) => `${setting.chunk} records at once, ${setting.concurrency} partitions: ${thousands(perSecond)}/s`).join('; ')}.`,
        '',
      )
  }
  if (figures.latency) {
    const { weir, weirRate, bare, bareRate } = figures.latency
    table(
      [
        'open loop, 50 % of its limit',
        'messages/s',
        'timed',
        'p50 ms',
        'p99 ms',
        'p99.9 ms',
        'longest ms',
        'missing',
      ],
      [
        latencyRow('bare kafkajs, two hops', bareRate, bare),
        latencyRow('Weir, to the directive', weirRate, weir),
      ],
    )
  }
  if (figures.flood) {
    const { rate, quiet, flooded, rubbish } = figures.flood
    table(
      ['a platform', 'messages/s', 'timed', 'p50 ms', 'p99 ms', 'p99.9 ms', 'longest ms', 'missing'],
      [
        latencyRow('alone', rate, quiet),
        latencyRow(`beside ${thousands(rubbish)} records of rubbish and as many good ones`, rate, flooded),
      ],
    )
  }
  if (figures.steps)
    table(
      ['step, 100-character texts', 'ns of CPU'],
      figures.steps.map(({ step, nanoseconds }) => [step, nanoseconds]),
    )
  if (figures.growth)
    table(
      ['varied', 'messages/s', 'CPU seconds per million messages'],
      figures.growth.map(({ varied, perSecond, cpu }) => [
        varied,
        perSecond === undefined ? '' : thousands(perSecond),
        cpu.toFixed(1),
      ]),
    )
  if (figures.soak) {
    const names = Object.keys(figures.soak[0] ?? {})
    table(
      ['tenth of a long run', ...names.map((name) => `${name}, MiB`)],
      figures.soak.map((memory, i) => [i + 1, ...names.map((name) => memory[name]!.toFixed(0))]),
    )
  }
  table(
    ['bar', 'wanted', 'found', ''],
    barsOf(figures).map(({ name, wanted, found, met }) => [name, wanted, found, met ? 'met' : 'missed']),
  )
  return lines.join('\n')
}

function latencyRow(name: string, rate: number, one: Latency): (string | number)[] {
  const times = [one.p50, one.p99, one.p999, one.max].map((ms) => ms.toFixed(1))
  return [name, thousands(rate), one.count, ...times, one.missing]
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}

function cpuText(cpu: Record<string, number>): string {
  const total = Object.values(cpu).reduce((sum, each) => sum + each, 0)
  return `${total.toFixed(1)} (${Object.entries(cpu)
    .map(([name, each]) => `${name} ${each.toFixed(1)}`)
    .join(', ')})`
}

function memoryText(memory: Record<string, number>): string {
  return Object.entries(memory)
    .map(([name, each]) => `${name} ${each.toFixed(0)}`)
    .join(', ')
}
