import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './hop.js'
import { usageOf } from './process-usage.js'

/** A process whose share of the machine counts: a stage, the broker, the database. */
export interface Charged {
  readonly name: string
  readonly pid: number
}

/** What one drain of a backlog showed. */
export interface Drained {
  readonly records: number
  /** From the first record that the first stage handled to the last one of the last stage. */
  readonly seconds: number
  readonly perSecond: number
  /** CPU seconds per million records, by process; several processes of a stage together. */
  readonly cpu: Record<string, number>
  /** Resident memory at the end in MiB, by process. */
  readonly memory: Record<string, number>
}

/** Counting costs a service a little, so it is not asked more often. */
const LOOK_MS = 100

/**
 * Halts the processes of all stages, has the backlog written, lets them go and times how long they take for it. The writer is
 * done before the clock runs, so it takes nothing of the machine then. `before`: what each stage had handled, where it is
 * halted already and cannot be asked.
 */
export async function drain(
  stages: readonly (readonly Stage[])[],
  charged: readonly Charged[],
  records: number,
  write: () => Promise<void>,
  before?: readonly number[],
): Promise<Drained> {
  const processes = stages.flat()
  before ??= await Promise.all(stages.map(handledBy))
  signal(processes, 'SIGSTOP')
  try {
    await write()
  } finally {
    signal(processes, 'SIGCONT')
  }
  const all = [...processes, ...charged]
  let first: number | undefined
  let used = cpuOf(all)
  for (;;) {
    const handled = await Promise.all(stages.map(handledBy))
    const done = handled.map((count, i) => count - before[i]!)
    if (done[0]! === 0) used = cpuOf(all)
    else first ??= performance.now()
    if (first !== undefined && done.every((count) => count >= records)) {
      const seconds = (performance.now() - first) / 1000
      const now = cpuOf(all)
      const cpu = sums(all, (i) => ((now[i]! - used[i]!) / records) * 1e6)
      const memory = sums(all, (i) => usageOf(all[i]!.pid).memory)
      return { records, seconds, perSecond: records / seconds, cpu, memory }
    }
    await sleep(LOOK_MS)
  }
}

/** Records that the processes of a stage have handled together. */
export async function handledBy(stage: readonly Stage[]): Promise<number> {
  const counts = await Promise.all(stage.map((one) => one.handled()))
  return counts.reduce((sum, count) => sum + count, 0)
}

function signal(processes: readonly Charged[], name: NodeJS.Signals): void {
  for (const { pid } of processes) process.kill(pid, name)
}

function cpuOf(all: readonly Charged[]): number[] {
  return all.map(({ pid }) => usageOf(pid).cpuSeconds)
}

function sums(all: readonly Charged[], valueOf: (i: number) => number): Record<string, number> {
  const result: Record<string, number> = {}
  for (const [i, { name }] of all.entries()) result[name] = (result[name] ?? 0) + valueOf(i)
  return result
}
