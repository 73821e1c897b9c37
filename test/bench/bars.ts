import type { Figures } from './figures.js'
import type { GrowthPoint } from './growth.js'

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
  if (weir && bare) {
    const share = (of: number) => of / bare.best.perSecond
    atLeast('share of the bare kafkajs limit', share(weir.all.perSecond), 0.5, 2)
    atLeast('share of the bare kafkajs limit, the same two hops', share(weir.hops.perSecond), 0.5, 2)
  }
  if (weir && stock)
    atLeast('times the stock Nest transport, two hops', weir.hops.perSecond / stock.best.perSecond, 5, 1)
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
