import type { Drained } from './drain.js'
import type { GrowthPoint } from './growth.js'
import type { StepCost } from './cpu-cost.js'
import type { Latency } from './open-loop.js'
import type { FloodLatency } from './weir-bench.js'
import type { PeerResult } from './peers.js'
import type { StageTime } from './stage-times.js'

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
  weir?: { all: Drained; hops: Drained; ingestion: Drained; classification: Drained }
  /** Classification of 100-character texts: the function by itself, the service by itself. */
  hundred?: { functionPerSecond: number; servicePerCoreSecond: number }
  latency?: { weir: Latency & { stages: StageTime[] }; weirRate: number; bare: Latency; bareRate: number }
  /** Weir in open loop, run by run, where nothing else was asked for. */
  openLoop?: { rate: number; runs: Latency[] }
  /** Of a platform that sends `rate` messages/s. */
  flood?: { rate: number } & FloodLatency
  steps?: StepCost[]
  growth?: GrowthPoint[]
  soak?: Record<string, number>[]
}
