import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLogger } from '../logger.js'
import { Instances } from './instances.js'
import type { InstanceStore } from './instances.store.js'

const SERVER_NOW = 1_800_000_000_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const NEVER = 100_000_000

function instancesOver(store: { count: number; away: boolean; connected?: boolean }): Instances {
  const answer = async <T>(value: T): Promise<T> => {
    if (store.away) throw new Error('away')
    return value
  }
  const fake = {
    connected: store.connected ?? true,
    signOff: () => answer(undefined),
    sign: () => answer(undefined),
    look: () => answer({ count: store.count, now: SERVER_NOW }),
  }
  return new Instances(fake as unknown as InstanceStore, createLogger('test', 'silent'), {
    beat: NEVER,
    retry: NEVER,
  })
}

it('lets nothing pass unasked before all that saw the others without it have looked again', async () => {
  const instances = instancesOver({ count: 3, away: false })
  await instances.beat()
  expect(instances.company()).toEqual({ instances: 3, settled: false, reachable: true })
  vi.advanceTimersByTime(4_000)
  await instances.beat()
  vi.advanceTimersByTime(1_000)
  expect(instances.company().settled).toBe(false)
  vi.advanceTimersByTime(1)
  expect(instances.company().settled).toBe(true)
})

it('trusts no old look, and comes anew after a long silence', async () => {
  const instances = instancesOver({ count: 3, away: false })
  for (let i = 0; i < 3; i++) {
    await instances.beat()
    vi.advanceTimersByTime(3_000)
  }
  expect(instances.company().settled).toBe(true)
  vi.advanceTimersByTime(2_000)
  expect(instances.company().settled).toBe(false)
  await instances.beat()
  expect(instances.company().settled).toBe(true)
  vi.advanceTimersByTime(5_001)
  await instances.beat()
  expect(instances.company().settled).toBe(false)
})

it('counts on those that it saw last while the database is away, and is back with the next beat', async () => {
  const store = { count: 4, away: false }
  const instances = instancesOver(store)
  await instances.beat()
  store.away = true
  await instances.beat()
  expect(instances.company()).toMatchObject({ instances: 4, reachable: false })
  store.away = false
  await instances.beat()
  expect(instances.company()).toMatchObject({ instances: 4, reachable: true })
  instances.lost(new Error('no lease'))
  expect(instances.company().reachable).toBe(false)
})

it('is alone as far as it knows while it has never reached its database', async () => {
  const instances = instancesOver({ count: 4, away: false, connected: false })
  await instances.beat()
  expect(instances.company()).toEqual({ instances: 1, settled: false, reachable: false })
})

it('tells the time of the server', async () => {
  const instances = instancesOver({ count: 1, away: false })
  await instances.beat()
  expect(instances.now()).toBe(SERVER_NOW)
  vi.advanceTimersByTime(1_500)
  expect(instances.now()).toBe(SERVER_NOW + 1_500)
})

it('looks again at once when a call has failed', async () => {
  const instances = instancesOver({ count: 2, away: false })
  await instances.onModuleInit()
  instances.lost(new Error('no lease'))
  expect(instances.company().reachable).toBe(false)
  await vi.waitFor(() => expect(instances.company().reachable).toBe(true), { timeout: 30_000 })
  await instances.beforeApplicationShutdown()
})
