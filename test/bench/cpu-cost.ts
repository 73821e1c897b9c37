/** One step of a message's way, and what it takes. */
export interface StepCost {
  readonly step: string
  readonly nanoseconds: number
}

/** Runs are repeated, and the fastest counts: what slows one down is not the step. */
const ATTEMPTS = 5
/** The clock of a thread's CPU time goes in steps of some milliseconds. */
const LEAST_MS = 150

/** Nanoseconds of CPU for each of the `count` that one pass does, in the fastest of several attempts. */
export async function nanosecondsEach(count: number, pass: () => void | Promise<void>): Promise<number> {
  let best = Infinity
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const start = cpuNanoseconds()
    let passes = 0
    for (const end = performance.now() + LEAST_MS; performance.now() < end; passes++) await pass()
    best = Math.min(best, (cpuNanoseconds() - start) / (passes * count))
  }
  return Math.round(best)
}

/** CPU time of this thread: other programs on the machine do not count. */
function cpuNanoseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) * 1_000
}
