import { spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Socket } from 'node:net'
import { StackError } from './stack-error.js'

/**
 * The shell turns into the command (same pid) after it has forked a guard. The guard reads file descriptor 3, whose other
 * end only our process holds: it ends when we end, in whatever way, kill -9 included. Then the guard ends the command.
 * The guard belongs to the command's process group, so the group's number, which is the pid, cannot be reused meanwhile.
 */
const GUARDED = `
(
  trap '' HUP INT TERM
  exec </dev/null >/dev/null 2>&1
  read -r _ <&3
  kill -TERM $$ || exit 0
  kill -CONT $$
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
    sleep 0.2
    kill -0 $$ || exit 0
  done
  kill -KILL $$
) &
exec "$@" 3<&-
`

interface ExitStatus {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A child in a session of its own (no Ctrl-C of the terminal reaches it) that never outlives this process. */
export interface GuardedProcess {
  readonly pid: number
  /** Settles once the process and its guard are both gone; never rejects. */
  readonly exited: Promise<ExitStatus>
  readonly running: boolean
  /** All that it has written to stdout and stderr. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** SIGTERM (also to one that is stopped), then SIGKILL after `graceMs` milliseconds. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>
}

export interface SpawnOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Where stdout and stderr are appended; by default a file without a name, which goes when this process goes. */
  logFile?: string
  /** As which user and group it runs; only root may say so. */
  uid?: number
  gid?: number
}

const alive = new Set<GuardedProcess>()
let ending = false

/**
 * Starts `command`. A command that cannot be found exits with code 127, as in a shell.
 * @throws StackError `ending` after `endAllProcesses`, `unsupported-system` where there is no POSIX shell.
 */
export function spawnGuarded(command: string, args: string[], options: SpawnOptions = {}): GuardedProcess {
  if (ending) throw new StackError('ending', 'Weir is stopping and starts nothing more.')
  const log = openLog(options.logFile)
  const child = spawn('/bin/sh', ['-c', GUARDED, 'sh', command, ...args], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
    env: options.env ?? process.env,
    cwd: options.cwd,
    uid: options.uid,
    gid: options.gid,
  })
  const { pid } = child
  if (pid === undefined) {
    child.on('error', () => undefined)
    closeSync(log.fd)
    throw new StackError(
      'unsupported-system',
      'Weir needs /bin/sh to start its servers, and it cannot be run here.',
    )
  }

  let status: ExitStatus | undefined
  const lifeline = child.stdio[3] as Socket
  lifeline.on('error', () => undefined)
  lifeline.resume()
  // A process whose guard has died would outlive a kill -9 of ours: it ends now instead.
  lifeline.on('end', () => {
    if (!status) process.kill(pid, 'SIGKILL')
  })
  const exited = new Promise<ExitStatus>((resolve) => {
    child.on('exit', (code, signal) => {
      status = { code, signal }
      lifeline.end()
    })
    child.on('close', (code, signal) => {
      alive.delete(guarded)
      log.finish()
      resolve({ code, signal })
    })
  })

  const guarded: GuardedProcess = {
    pid,
    exited,
    get running() {
      return !status
    },
    output: log.read,
    kill(signal) {
      if (!status) process.kill(pid, signal)
    },
    async stop(graceMs = 20_000) {
      guarded.kill('SIGTERM')
      guarded.kill('SIGCONT')
      const timer = setTimeout(() => guarded.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
  alive.add(guarded)
  return guarded
}

/** Stops everything that `spawnGuarded` has started and lets nothing more start: the last call of a program. */
export async function endAllProcesses(): Promise<void> {
  ending = true
  await Promise.all([...alive].map((one) => one.stop()))
}

function openLog(logFile: string | undefined) {
  const folder = logFile === undefined ? mkdtempSync(join(tmpdir(), 'weir-log-')) : undefined
  const path = logFile ?? join(folder ?? '', 'log')
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, 'a+')
  if (folder !== undefined) rmSync(folder, { recursive: true })
  const start = folder === undefined ? fstatSync(fd).size : 0
  let finished: string | undefined
  const read = () => finished ?? readFrom(fd, start)
  const finish = () => {
    finished = read()
    closeSync(fd)
  }
  return { fd, read, finish }
}

function readFrom(fd: number, start: number): string {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - start))
  const length = readSync(fd, bytes, 0, bytes.length, start)
  return bytes.toString('utf8', 0, length)
}
