import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { spawnGuarded } from './guarded-process.js'
import type { GuardedProcess } from './guarded-process.js'
import { isAlive } from './is-alive.js'
import { startParent } from './parent.fixture.js'
import type { Parent } from './parent.fixture.js'

const GONE = { timeout: 20_000, interval: 50 }
const untilGone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), GONE)
const stubborn = ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done']

function childrenOf(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return rows.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

const groups = () => execFileSync('ps', ['-eo', 'pgid='], { encoding: 'utf8' }).split('\n').map(Number)

describe('a guarded process', () => {
  let guarded: GuardedProcess | undefined
  let parent: Parent | undefined
  afterEach(async () => {
    await guarded?.stop(0)
    parent?.kill('SIGKILL')
    guarded = parent = undefined
  })

  it('ends when its parent is killed with -9, also if it ignores SIGTERM', async () => {
    parent = await startParent(`
      const { spawnGuarded } = await import(folder + 'guarded-process.js')
      const meek = spawnGuarded('sleep', ['600'])
      const stubborn = spawnGuarded('sh', ${JSON.stringify(stubborn)})
      while (!stubborn.output().includes('ready')) await new Promise((resolve) => setTimeout(resolve, 20))
      say([meek.pid, stubborn.pid])
    `)
    const pids = parent.said as [number, number]
    expect(pids.map(isAlive)).toEqual([true, true])
    parent.kill('SIGKILL')
    await Promise.all(pids.map(untilGone))
  })

  it('ends when its parent ends by an error', async () => {
    parent = await startParent(`
      const { spawnGuarded } = await import(folder + 'guarded-process.js')
      say(spawnGuarded('sleep', ['600']).pid)
      throw new Error('not caught')
    `)
    await untilGone(parent.said as number)
  })

  it('ends when its guard is killed, rather than live on unguarded', async () => {
    guarded = spawnGuarded('sleep', ['600'])
    const { pid } = guarded
    const [guard] = await vi.waitFor(() => {
      const found = childrenOf(pid)
      expect(found).toHaveLength(1)
      return found
    })
    process.kill(guard!, 'SIGKILL')
    expect(await guarded.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('leads a process group of its own, which a Ctrl-C of the terminal does not reach', async () => {
    guarded = spawnGuarded('sh', ['-c', 'ps -o pgid= -p $$'])
    await guarded.exited
    expect(Number(guarded.output())).toBe(guarded.pid)
  })

  it('stops by SIGTERM, by SIGKILL after its time, and also while it is suspended', async () => {
    guarded = spawnGuarded('sleep', ['600'])
    guarded.kill('SIGSTOP')
    await guarded.stop()
    expect(await guarded.exited).toEqual({ code: null, signal: 'SIGTERM' })

    const other = spawnGuarded('sh', stubborn)
    guarded = other
    await vi.waitFor(() => expect(other.output()).toBe('ready\n'))
    await other.stop(200)
    expect(await other.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('tells its exit code and all it wrote, and leaves no guard', async () => {
    guarded = spawnGuarded('sh', ['-c', 'echo to stdout; echo to stderr >&2; exit 3'])
    expect(await guarded.exited).toEqual({ code: 3, signal: null })
    expect(guarded.output()).toBe('to stdout\nto stderr\n')
    const { pid } = guarded
    await vi.waitFor(() => expect(groups()).not.toContain(pid), GONE)
  })

  it('exits with 127 where there is no such program', async () => {
    guarded = spawnGuarded('no-such-program-here', [])
    expect(await guarded.exited).toEqual({ code: 127, signal: null })
  })
})
