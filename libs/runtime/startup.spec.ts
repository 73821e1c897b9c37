import { afterEach, describe, expect, it, vi } from 'vitest'
import { PermanentError, RetryableError } from './errors.js'
import { Health } from './health/health.js'
import { createLogger } from './logger.js'
import { Startup } from './startup.js'

afterEach(() => {
  vi.useRealTimers()
})

const make = () => {
  const startup = new Startup(createLogger('test', 'silent'))
  return { startup, health: new Health(startup) }
}

describe('work at start', () => {
  it('is tried until it succeeds; until then the service is not ready and says why', async () => {
    const { startup, health } = make()
    let away = true
    const done = startup.run('topics', async () => {
      if (away) throw new RetryableError('kafka-away', 'Kafka is away.')
    })
    await Promise.resolve()
    expect(await health.report()).toStrictEqual({
      status: 'down',
      parts: { topics: { status: 'down', detail: 'Kafka is away.' } },
    })
    away = false
    await done
    expect(await health.report()).toStrictEqual({ status: 'up', parts: {} })
  })

  it('that can never succeed is told to whoever waits', async () => {
    const { startup } = make()
    const task = vi.fn(async () => {
      throw new PermanentError('bad-environment', 'Wrong.')
    })
    await expect(startup.run('x', task)).rejects.toThrow('Wrong.')
    expect(task).toHaveBeenCalledTimes(1)
  })

  it('is given up when the service stops', async () => {
    const { startup } = make()
    const task = vi.fn(async () => {
      throw new Error('away')
    })
    const done = startup.run('x', task)
    await Promise.resolve()
    startup.beforeApplicationShutdown()
    await done
    expect(task).toHaveBeenCalledTimes(1)
  })
})

describe('health', () => {
  it('a part that throws or does not answer is down, and hides no other', async () => {
    vi.useFakeTimers()
    const { health } = make()
    health.register('good', () => ({ status: 'up' }))
    health.register('bad', () => {
      throw new Error('broken')
    })
    health.register('silent', () => new Promise(() => undefined))
    const report = health.report()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await report).toStrictEqual({
      status: 'down',
      parts: {
        good: { status: 'up' },
        bad: { status: 'down', detail: 'broken' },
        silent: { status: 'down', detail: 'no answer' },
      },
    })
  })

  it('stopping is not ready, but alive', async () => {
    const { health } = make()
    health.beginStopping()
    expect((await health.report()).status).toBe('down')
    expect((await health.alive()).status).toBe('up')
  })
})
