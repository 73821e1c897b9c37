import { describe, expect, it } from 'vitest'
import { barsOf } from './bars.js'
import type { Drained } from './drain.js'
import type { Figures } from './figures.js'
import type { Latency } from './open-loop.js'
import { pageOf } from './report.js'

const drained = (perSecond: number): Drained => ({
  records: 1_000,
  seconds: 1,
  perSecond,
  cpu: { ingestion: 20, kafka: 5 },
  memory: { ingestion: 300 },
})
const peer = (perSecond: number) => ({
  best: drained(perSecond),
  setting: { chunk: 500, concurrency: 8 },
  tried: [{ setting: { chunk: 500, concurrency: 8 }, perSecond }],
})
const latency = (p99: number): Latency => ({
  count: 10,
  missing: 0,
  p50: 1,
  p99,
  p999: p99 + 10,
  max: p99 + 20,
  cores: 1.5,
})
const machine: Figures['machine'] = { cpus: 2, model: 'made up', memoryGiB: 24, node: '24' }
const figures = (all: number, p99: number): Figures => ({
  machine,
  texts: '3 texts',
  meanLength: 20,
  weir: { all: drained(all), hops: drained(all), ingestion: drained(all), classification: drained(all) },
  bare: peer(40_000),
  stock: peer(1_000),
  latency: { weir: { ...latency(p99), stages: [] }, weirRate: 10_000, bare: latency(60), bareRate: 20_000 },
  growth: [
    { varied: '1000 accounts', cpu: 50 },
    { varied: '1000000 accounts', cpu: 60 },
    { varied: '100 words', cpu: 10 },
    { varied: '100000 words', cpu: 14 },
  ],
})

describe('the bars of a benchmark', () => {
  it('are met or missed by their figures, each by itself', () => {
    const missed = (of: Figures) => barsOf(of).flatMap(({ name, met }) => (met ? [] : [name]))
    const words = 'CPU at 100000 words, times that at 100'
    expect(missed(figures(20_000, 240))).toEqual([words])
    expect(missed(figures(19_999, 240))).toEqual([
      'all four services, messages/s',
      'share of the bare kafkajs limit',
      'share of the bare kafkajs limit, the same two hops',
      words,
    ])
    expect(missed(figures(20_000, 251))).toEqual([
      'p99 from intended send to directive, ms',
      'times the p99 of bare kafkajs over two hops',
      words,
    ])
  })

  it('are told only where they were measured', () => {
    expect(barsOf({ machine, texts: '', meanLength: 1, steps: [] })).toEqual([])
  })

  it('stand on the page with the figures', () => {
    const page = pageOf(figures(20_000, 240))
    expect(page).toContain('| Weir, all four services | 20,000 | 25.0 (ingestion 20.0, kafka 5.0) |')
    expect(page).toContain('| share of the bare kafkajs limit | ≥ 0.5 | 0.50 | met |')
    expect(page).toContain(
      '| Weir, to the directive | 10,000 | 1.50 | 10 | 1.0 | 240.0 | 250.0 | 260.0 | 0 |',
    )
  })
})
