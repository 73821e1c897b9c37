import { readFileSync } from 'node:fs'
import { endAllProcesses } from './guarded-process.js'
import { StackError } from './stack-error.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const LOOK_EVERY_MS = 500

/**
 * A program that runs until somebody stops it: by Ctrl-C, SIGTERM, SIGHUP, or a kill of the npm that launched it.
 * `start` brings everything up and returns what takes it down in order; the program then exits with 0. When `start` throws, or
 * later calls `fail`, a StackError is printed as its sentence and the exit code is 1. No child process is left either way.
 */
export async function runInForeground(
  start: (fail: (error: StackError) => void) => Promise<() => Promise<void>>,
): Promise<never> {
  const ended = Promise.withResolvers<'asked'>()
  onRequestToStop(() => ended.resolve('asked'))
  let code = 0
  let stop: (() => Promise<void>) | undefined
  try {
    const first = await Promise.race([start(ended.reject), ended.promise])
    if (first !== 'asked') {
      stop = first
      await ended.promise
    }
  } catch (error) {
    console.error(error instanceof StackError ? `weir: ${error.message}` : error)
    code = 1
  }
  await stop?.()
  await endAllProcesses()
  process.exit(code)
}

function onRequestToStop(ask: () => void): void {
  for (const signal of SIGNALS) process.on(signal, ask)
  if (process.env.npm_lifecycle_event === undefined) return
  const launchers = findLaunchers()
  const timer = setInterval(() => {
    if (findLaunchers() === launchers) return
    clearInterval(timer)
    ask()
  }, LOOK_EVERY_MS)
}

/** The pid of our parent, and where that is the shell in which npm runs a script, of its parent too. */
function findLaunchers(): string {
  try {
    const [, name, parent] =
      /\((.*)\) \S+ (\d+)/s.exec(readFileSync(`/proc/${process.ppid}/stat`, 'utf8')) ?? []
    return `${process.ppid} ${/^(da|ba)?sh$/.test(name ?? '') ? parent : ''}`
  } catch {
    return String(process.ppid)
  }
}
