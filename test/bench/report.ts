import { barsOf } from './bars.js'
import type { Drained } from './drain.js'
import type { Figures } from './figures.js'
import type { Latency } from './open-loop.js'

const LATENCY_COLUMNS = [
  'messages/s',
  'cores busy',
  'timed',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'longest ms',
  'missing',
]

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
  drained('Weir, two hops: enforcement and notification halted', figures.weir?.hops)
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
      ['open loop, 50 % of its limit', ...LATENCY_COLUMNS],
      [
        latencyRow('bare kafkajs, two hops', bareRate, bare),
        latencyRow('Weir, to the directive', weirRate, weir),
      ],
    )
    table(
      ['Weir: part of the way', 'p50 ms', 'p99 ms'],
      weir.stages.map(({ stage, p50, p99 }) => [stage, p50.toFixed(0), p99.toFixed(0)]),
    )
  }
  if (figures.openLoop) {
    const { rate, runs } = figures.openLoop
    table(
      ['open loop, run', ...LATENCY_COLUMNS],
      runs.map((run, i) => latencyRow(String(i + 1), rate, run)),
    )
  }
  if (figures.flood) {
    const { rate, quiet, control, flooded, rubbish } = figures.flood
    table(
      ['a platform', ...LATENCY_COLUMNS],
      [
        latencyRow('alone', rate, quiet),
        latencyRow('beside a process that makes such records and sends none', rate, control),
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
  const bars = barsOf(figures)
  if (bars.length > 0) {
    table(
      ['bar', 'wanted', 'found', ''],
      bars.map(({ name, wanted, found, met }) => [name, wanted, found, met ? 'met' : 'missed']),
    )
  }
  return lines.join('\n')
}

function latencyRow(name: string, rate: number, one: Latency): (string | number)[] {
  const times = [one.p50, one.p99, one.p999, one.max].map((ms) => ms.toFixed(1))
  return [name, thousands(rate), one.cores.toFixed(2), one.count, ...times, one.missing]
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
