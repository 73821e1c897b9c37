import { readFileSync } from 'node:fs'

/** Ticks of `/proc/<pid>/stat` in a second: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100

/** What a process has used of the machine so far. */
export interface Usage {
  /** User and system time of all its threads. */
  readonly cpuSeconds: number
  /** Resident memory in MiB. */
  readonly memory: number
}

/** Reads `/proc`; Linux only. @throws what reading a file throws when there is no such process */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name may hold spaces and brackets; what counts stands behind the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const memory = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, memory: Number(memory) / 1024 }
}
