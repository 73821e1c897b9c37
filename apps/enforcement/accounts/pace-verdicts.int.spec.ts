import 'reflect-metadata'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { PermanentError } from '#libs/platform/errors'
import { CaseEntryStore } from '../cases/case-entry.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { TwoInstances } from '../two-instances.fixture.js'
import { AccountStore } from './account.store.js'
import { aVerdict } from './a-verdict.js'
import { PaceVerdicts } from './pace-verdicts.js'
import { TakeVerdicts } from './take-verdicts.js'

const noop = async (): Promise<void> => undefined
const some = (account: string, from: number, to: number): Verdict[] =>
  Array.from({ length: to - from }, (_, i) => aVerdict(account, `m${from + i}`))
const LONG_AGO = new Date(Date.now() - 60_000)
const ALL = { platformId: 'p1' }

describe('verdicts that come faster than an account is changed, on a real MongoDB', () => {
  let instances: TwoInstances
  let pace: PaceVerdicts
  let other: PaceVerdicts
  let take: TakeVerdicts

  beforeAll(async () => {
    instances = await TwoInstances.start(PaceVerdicts)
    pace = instances.one(PaceVerdicts)
    other = instances.two(PaceVerdicts)
    take = instances.one(TakeVerdicts)
  })
  afterAll(() => instances.stop())

  const store = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const entries = () => instances.connection().collection<{ _id: string }>('case_entries')
  const waiting = (accountId: string) =>
    entries().countDocuments({ ...ALL, accountId, waitsSince: { $type: 'date' } })
  const taken = async (account: string): Promise<number> =>
    (await store(CaseEntryStore).ofAccount('p1', account, 1_000)).length
  const stateOf = async (account: string) => (await store(AccountStore).byKey(`p1/${account}`))!
  /** Nothing that waits is taken in until what it returns is called. */
  function hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const takeWaiting = take.takeWaiting.bind(take)
    const held = vi.spyOn(take, 'takeWaiting').mockImplementation(async (account) => {
      await promise
      await takeWaiting(account)
    })
    return () => {
      held.mockRestore()
      resolve()
    }
  }
  const settled = (account: string, verdicts: number) =>
    vi.waitFor(
      async () => expect([await taken(account), await waiting(account)]).toEqual([verdicts, 0]),
      10_000,
    )

  it('are taken in once, by few changes, and the account ends where it would have', async () => {
    const verdicts = some('p-fast', 0, 60)
    await pace.take(verdicts.slice(0, 1), noop)
    await Promise.all(verdicts.map((verdict) => pace.take([verdict], noop)))
    await settled('p-fast', 60)
    const paced = await stateOf('p-fast')
    await take.take(some('p-once', 0, 60), noop)
    const { points, level, status } = await stateOf('p-once')
    expect(paced).toMatchObject({ points, level, status, pending: [] })
    expect(points).toBe(60)
    // The first at once, those of each pause together.
    expect(paced.rev).toBeLessThan(30)
  })

  it('do not wait on an account that is at rest, nor many at once', async () => {
    await pace.take([aVerdict('p-calm', 'm0')], noop)
    expect(await taken('p-calm')).toBe(1)
    await pace.take(some('p-calm', 1, 60), noop)
    expect(await taken('p-calm')).toBe(60)
  })

  it('let the verdicts on other accounts go first', async () => {
    const release = hold()
    await pace.take([aVerdict('p-loud', 'm0')], noop)
    await pace.take([aVerdict('p-loud', 'm1'), aVerdict('p-other', 'm0')], noop)
    expect([await taken('p-other'), await taken('p-loud')]).toEqual([1, 1])
    expect(await waiting('p-loud')).toBe(1)
    release()
    await settled('p-loud', 2)
  })

  it('are taken in by another instance where theirs is gone', async () => {
    await store(CaseEntryStore).keepWaiting(some('p-left', 0, 130), LONG_AGO)
    await other.complete()
    await settled('p-left', 130)
    expect(await stateOf('p-left')).toMatchObject({ points: 130 })
  })

  it('are left to the instance that lets them wait', async () => {
    await store(CaseEntryStore).keepWaiting(some('p-young', 0, 3), new Date(Date.now() + 60_000))
    await other.complete()
    await sleep(300)
    expect([await taken('p-young'), await waiting('p-young')]).toEqual([0, 3])
    await entries().updateMany({ ...ALL, accountId: 'p-young' }, { $set: { waitsSince: LONG_AGO } })
    await other.complete()
    await settled('p-young', 3)
  })

  it('wait although their evidence was kept before, by an instance that went no further', async () => {
    const [first, again, late] = some('p-again', 0, 3) as [Verdict, Verdict, Verdict]
    await take.take([late], noop)
    await store(CaseEntryStore).keepEvidence([again])
    const release = hold()
    await pace.take([first], noop)
    await pace.take([again, late], noop)
    expect(await waiting('p-again')).toBe(1)
    release()
    await settled('p-again', 3)
    expect(await stateOf('p-again')).toMatchObject({ points: 3 })
  })

  it('are taken in before an instance stops', async () => {
    const stopping = await TwoInstances.start(PaceVerdicts)
    try {
      const paced = stopping.one(PaceVerdicts)
      await paced.take([aVerdict('p-stop', 'm0')], noop)
      await paced.take([aVerdict('p-stop', 'm1')], noop)
      await paced.beforeApplicationShutdown()
      expect(await stopping.one(CaseEntryStore).ofAccount('p1', 'p-stop', 10)).toHaveLength(2)
      await paced.take([aVerdict('p-stop', 'm2')], noop)
      expect(await stopping.one(CaseEntryStore).ofAccount('p1', 'p-stop', 10)).toHaveLength(3)
    } finally {
      await stopping.stop()
    }
  })

  it('do not wait for one that cannot be taken in', async () => {
    await store(CaseEntryStore).keepWaiting(some('p-bad', 0, 4), LONG_AGO)
    const [, bad] = some('p-bad', 0, 2)
    await entries().updateOne({ _id: bad!.verdictId }, { $set: { categories: null } })
    await other.complete()
    await vi.waitFor(
      async () => expect([await taken('p-bad'), await waiting('p-bad')]).toEqual([3, 1]),
      10_000,
    )
    await entries().updateOne({ _id: bad!.verdictId }, { $set: { categories: bad!.categories } })
    await other.complete()
    await settled('p-bad', 4)
  })

  it('are refused while their records can be kept as dead letters', async () => {
    await pace.take([aVerdict('p-policy', 'm0')], noop)
    const unknown = new PermanentError('unknown-policy', 'There is no policy of version 9.')
    const asked = vi.spyOn(store(PolicyStore), 'byVersions').mockRejectedValueOnce(unknown)
    const refused = aVerdict('p-policy', 'm1', { policyVersion: '9' })
    await expect(pace.take([refused], noop)).rejects.toBe(unknown)
    asked.mockRestore()
    expect(await entries().countDocuments({ ...ALL, accountId: 'p-policy' })).toBe(1)
  })
})
