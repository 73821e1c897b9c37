import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '#libs/testing/project-root'

/** What a process that stands for one hop is told. */
export interface HopOptions {
  readonly brokers: string
  readonly from: string
  readonly to: string
  readonly groupId: string
  /** Records given to the publisher at once. */
  readonly chunk: number
  /** Partitions worked on at the same time. */
  readonly concurrency: number
  /** One of so many records is passed on; 0: none. */
  readonly passOn: number
  /** Weir's codec of records in the place of kafkajs's. */
  readonly fastRecords?: boolean
}

/** A process whose records are counted while it works. */
export interface Stage {
  readonly name: string
  readonly pid: number
  /** Records handled so far. */
  handled(): Promise<number>
}

export interface Hop extends Stage {
  stop(): Promise<void>
}

/** Starts `dist/test/bench/<file>` as a process that ends when this one ends; resolves when it consumes. */
export async function startHop(name: string, file: string, options: HopOptions): Promise<Hop> {
  const child = fork(join(projectRoot, 'dist/test/bench', file), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let asked: ((handled: number) => void)[] = []
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message) => {
      if (message === 'ready') return resolve()
      const waiting = asked
      asked = []
      for (const answer of waiting) answer(message as number)
    })
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
  return {
    name,
    pid: child.pid!,
    handled: () =>
      new Promise((resolve) => {
        asked.push(resolve)
        child.send('handled?')
      }),
    stop: () => end(child),
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.disconnect()
  })
}

/** The child's side: reads the options, answers how much is handled, ends with its parent. */
export function hopProcess(handled: () => number): { options: HopOptions; ready: () => void } {
  process.on('message', () => process.send!(handled()))
  process.on('disconnect', () => process.exit(0))
  return { options: JSON.parse(process.argv[2]!) as HopOptions, ready: () => process.send!('ready') }
}
