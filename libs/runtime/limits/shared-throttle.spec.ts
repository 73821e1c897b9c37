import { expect, it } from 'vitest'
import type { Instances } from './instances.js'
import type { LeaseStore } from './lease.store.js'
import { SharedThrottle } from './shared-throttle.js'

const START = 1_700_000_000_250

/** A throttle with a clock that stands still, among `instances`, over a store that does as `ask` says. */
function throttleAmong(instances: number, ask: (requests: number, window: string) => Promise<number>) {
  const asked: number[] = []
  let reachable = true
  const world = { now: START, errors: 0 }
  const others = {
    now: () => world.now,
    company: () => ({ instances, settled: true, reachable }),
    lost: () => {
      reachable = false
      world.errors++
    },
  }
  const store = {
    ask: async (key: string, endsAt: number, requests: number) => {
      asked.push(requests)
      return ask(requests, `${key}@${endsAt}`)
    },
  }
  const throttle = new SharedThrottle(others as unknown as Instances, store as unknown as LeaseStore)
  const call = async (times: number, limit = 100) => {
    const calls = Array.from({ length: times }, () => throttle.increment('k', 1_000, limit))
    return (await Promise.all(calls)).filter(({ isBlocked }) => !isBlocked).length
  }
  return { throttle, world, asked, call }
}

function poolOf(): (requests: number, window: string) => Promise<number> {
  const totals = new Map<string, number>()
  return async (requests, window) => {
    const total = (totals.get(window) ?? 0) + requests
    totals.set(window, total)
    return total
  }
}

it('a caller far below the limit costs no call', async () => {
  const { call, asked } = throttleAmong(2, poolOf())
  expect(await call(8)).toBe(8)
  expect(asked).toEqual([])
})

it('many that come at once wait for one lease after the other, and the limit passes', async () => {
  const { call, asked } = throttleAmong(2, poolOf())
  expect(await call(1_000)).toBe(100)
  expect(asked.length).toBeLessThan(25)
  const before = asked.length
  expect(await call(1_000)).toBe(0)
  expect(asked.length).toBe(before)
})

it('who is refused is told the seconds until the window ends, and passes then', async () => {
  const { call, throttle, world } = throttleAmong(1, poolOf())
  await call(100)
  expect(await throttle.increment('k', 1_000, 100)).toMatchObject({ isBlocked: true, timeToBlockExpire: 1 })
  expect(await throttle.increment('h', 60_000, 1)).toMatchObject({ isBlocked: false })
  // 22:13:20.250: the minute ends in 39.75 s.
  expect(await throttle.increment('h', 60_000, 1)).toMatchObject({ isBlocked: true, timeToBlockExpire: 40 })
  world.now += 1_000
  expect((await throttle.increment('k', 1_000, 100)).isBlocked).toBe(false)
})

it('with the database away each instance lets its even share pass, and asks no more', async () => {
  const { call, asked, world } = throttleAmong(4, () => Promise.reject(new Error('away')))
  expect(await call(1_000)).toBe(25)
  expect([asked.length, world.errors]).toEqual([1, 1])
  world.now += 1_000
  expect(await call(1_000)).toBe(25)
  expect(asked.length).toBe(1)
})

it('with a database that does not answer nobody waits for ever', async () => {
  const { call, world } = throttleAmong(2, () => new Promise(() => undefined))
  expect(await call(200)).toBe(50)
  expect(world.errors).toBe(1)
})
