import 'reflect-metadata'
import { pino } from 'pino'
import { register } from 'prom-client'
import { expect, it } from 'vitest'
import { Clock } from '#libs/runtime/clock'
import { RetryableError } from '#libs/runtime/errors'
import { Health } from '#libs/runtime/health/health'
import { Startup } from '#libs/runtime/startup'
import type { Judge } from './judge.js'
import type { Judges } from './judges.js'
import { PolicyWaits } from './policy-waits.js'

it('is not ready while no policy is in force or a partition waits for one, names it, and goes on by itself', async () => {
  let since = Infinity
  const judges = {
    inForce: (at: Date) => at.getTime() >= since,
    judgeOf: ({ receivedAt }: { receivedAt: string }) => {
      if (Date.parse(receivedAt) < since) throw new RetryableError('no-policy', 'No live policy applies.')
      return {} as Judge
    },
  } as unknown as Judges
  const health = new Health(new Startup(pino({ level: 'silent' })))
  const waits = new PolicyWaits(judges, new Clock(), health)
  const ready = async () => (await health.report()).parts['policy']!
  const waiting = async () =>
    /weir_classification_partitions_without_policy (\d+)/.exec(await register.metrics())?.[1]

  expect(await ready()).toEqual({ status: 'down', detail: 'no live policy is in force' })
  since = Date.parse('2026-01-01T00:00:00Z')
  expect(await ready()).toEqual({ status: 'up' })
  waits.begin('weir.messages.v1/3', {
    platformId: 'p1',
    accountId: 'a',
    receivedAt: '2025-12-31T00:00:00Z',
  })
  expect((await ready()).detail).toMatch(
    /waiting for a policy: weir\.messages\.v1\/3 .*2025-12-31.*No live policy/,
  )
  expect(await waiting()).toBe('1')
  since = 0
  expect(await ready()).toEqual({ status: 'up' })
  expect([await waiting(), waits.any]).toEqual(['0', false])
})
