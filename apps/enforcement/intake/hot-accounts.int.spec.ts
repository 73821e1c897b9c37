import 'reflect-metadata'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { PermanentError } from '#libs/runtime/errors'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { TwoInstances } from '../two-instances.fixture.js'
import { AccountStore } from '../ledger/account.store.js'
import { AccountLedger } from '../ledger/account-ledger.js'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { HotAccounts } from './hot-accounts.js'
import { TakeVerdicts } from './take-verdicts.js'

const noop = async (): Promise<void> => undefined
const some = (account: string, from: number, to: number): Verdict[] =>
  Array.from({ length: to - from }, (_, i) => aVerdict(account, `m${from + i}`))
const LONG_AGO = new Date(Date.now() - 60_000)
const ALL = { platformId: 'p1' }

describe('verdicts that come faster than an account is changed, on a real MongoDB', () => {
  let instances: TwoInstances
  let hot: HotAccounts
  let other: HotAccounts
  let take: TakeVerdicts

  beforeAll(async () => {
    instances = await TwoInstances.start()
    hot = instances.one(HotAccounts)
    other = instances.two(HotAccounts)
    take = instances.one(TakeVerdicts)
    await hot.complete()
  })
  afterAll(() => instances.stop())

  const store = <T>(type: new (...args: never[]) => T): T => instances.one(type)
  const entries = () => instances.connection().collection<{ _id: string }>('case_entries')
  const waiting = (accountId: string) =>
    entries().countDocuments({ ...ALL, accountId, waitsSince: { $type: 'date' } })
  const taken = async (account: string): Promise<number> =>
    (await store(CaseEntryStore).ofAccount('p1', account, 1_000)).length
  const stateOf = async (account: string) => (await store(AccountStore).byKey(`p1/${account}`))!
  /** Nothing that waits is taken in until `during` is over. */
  async function held(during: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const takeWaiting = take.takeWaiting.bind(take)
    const spy = vi.spyOn(take, 'takeWaiting').mockImplementation(async (account) => {
      await promise
      await takeWaiting(account)
    })
    await during().finally(() => {
      spy.mockRestore()
      resolve()
    })
  }
  const settled = (account: string, verdicts: number) =>
    vi.waitFor(
      async () => expect([await taken(account), await waiting(account)]).toEqual([verdicts, 0]),
      10_000,
    )

  it('are taken in once, by few changes, and the account ends where it would have', async () => {
    const verdicts = some('p-fast', 0, 60)
    await hot.take(verdicts.slice(0, 1), noop)
    await Promise.all(verdicts.map((verdict) => hot.take([verdict], noop)))
    await settled('p-fast', 60)
    await take.take(some('p-once', 0, 60), noop)
    const { points, level, status } = await stateOf('p-once')
    expect(points).toBe(60)
    await vi.waitFor(async () =>
      expect(await stateOf('p-fast')).toMatchObject({ points, level, status, pending: [] }),
    )
    // The first at once, those of each pause together.
    expect((await stateOf('p-fast')).rev).toBeLessThan(30)
  })

  it('do not wait on an account that is at rest, nor many at once', async () => {
    await hot.take([aVerdict('p-calm', 'm0')], noop)
    expect(await taken('p-calm')).toBe(1)
    await hot.take(some('p-calm', 1, 60), noop)
    expect(await taken('p-calm')).toBe(60)
  })

  it('let the verdicts on other accounts go first', async () => {
    await held(async () => {
      await hot.take([aVerdict('p-loud', 'm0')], noop)
      await hot.take([aVerdict('p-loud', 'm1'), aVerdict('p-other', 'm0')], noop)
      expect([await taken('p-other'), await taken('p-loud')]).toEqual([1, 1])
      expect(await waiting('p-loud')).toBe(1)
    })
    await settled('p-loud', 2)
  })

  it('hold up whoever brings more than can be worked off', async () => {
    let isTaken = false
    const more = Promise.withResolvers<void>()
    await held(async () => {
      await hot.take([aVerdict('p-flood', 'm0')], noop)
      await hot.take([aVerdict('p-flood', 'm1')], noop)
      void hot.take(some('p-flood', 2, 600), noop).then(() => {
        isTaken = true
        more.resolve()
      }, more.reject)
      await vi.waitFor(async () => expect(await waiting('p-flood')).toBe(599), 10_000)
      expect(isTaken).toBe(false)
    })
    await more.promise
    expect([await taken('p-flood'), await waiting('p-flood')]).toEqual([600, 0])
  })

  it('are taken in by another instance where theirs is gone', async () => {
    await store(CaseEntryStore).keepWaiting(some('p-left', 0, 130), LONG_AGO)
    await other.complete()
    await settled('p-left', 130)
    expect(await stateOf('p-left')).toMatchObject({ points: 130 })
  })

  it('are left to the instance that lets them wait', async () => {
    const takeWaiting = vi.spyOn(instances.two(TakeVerdicts), 'takeWaiting')
    await store(CaseEntryStore).keepWaiting(some('p-young', 0, 3), new Date())
    await other.complete()
    expect(takeWaiting).not.toHaveBeenCalled()
    takeWaiting.mockRestore()
    await entries().updateMany({ ...ALL, accountId: 'p-young' }, { $set: { waitsSince: LONG_AGO } })
    await other.complete()
    await settled('p-young', 3)
  })

  it('do not wait where nobody could find them', async () => {
    const [first, second, third, fourth] = some('p-blind', 0, 4) as [Verdict, Verdict, Verdict, Verdict]
    await hot.take([first], noop)
    const broken = new Error('The index is missing.')
    const looking = vi.spyOn(store(CaseEntryStore), 'waitingSince').mockRejectedValueOnce(broken)
    await expect(hot.complete()).rejects.toBe(broken)
    looking.mockRestore()
    await hot.take([second], noop)
    expect(await taken('p-blind')).toBe(2)
    await hot.complete()
    await held(async () => {
      await hot.take([third], noop)
      await hot.take([fourth], noop)
      expect(await waiting('p-blind')).toBeGreaterThan(0)
    })
    await settled('p-blind', 4)
  })

  it('do not wait on one account after the other without end', async () => {
    const accounts = Array.from({ length: 30 }, (_, i) => `p-many${i}`)
    const round = (messageId: string) =>
      hot.take(
        accounts.map((account) => aVerdict(account, messageId)),
        noop,
      )
    await round('m0')
    await held(async () => {
      await round('m1')
      const waits = await Promise.all(accounts.map(waiting))
      const all = waits.reduce((sum, count) => sum + count)
      expect(all).toBeGreaterThan(0)
      expect(all).toBeLessThanOrEqual(16)
    })
    for (const account of accounts) await settled(account, 2)
  })

  it('come again soon after an outage', async () => {
    await store(CaseEntryStore).keepWaiting(some('p-outage', 0, 3), LONG_AGO)
    const make = vi
      .spyOn(instances.two(AccountLedger), 'change')
      .mockRejectedValueOnce(new Error('no primary'))
    await other.complete()
    await vi.waitFor(() => expect(make).toHaveBeenCalledTimes(1))
    make.mockRestore()
    await vi.waitFor(async () => {
      await other.complete()
      expect(await taken('p-outage')).toBe(3)
    }, 10_000)
  })

  it('wait although their evidence was kept before, by an instance that went no further', async () => {
    const [first, again, late] = some('p-again', 0, 3) as [Verdict, Verdict, Verdict]
    await take.take([late], noop)
    await store(CaseEntryStore).keepEvidence([again])
    await held(async () => {
      await hot.take([first], noop)
      await hot.take([again, late], noop)
      expect(await waiting('p-again')).toBe(1)
    })
    await settled('p-again', 3)
    expect(await stateOf('p-again')).toMatchObject({ points: 3 })
  })

  it('are taken in before an instance stops', async () => {
    const stopping = await TwoInstances.start()
    try {
      const ending = stopping.one(HotAccounts)
      await ending.complete()
      await ending.take([aVerdict('p-stop', 'm0')], noop)
      await ending.take([aVerdict('p-stop', 'm1')], noop)
      await ending.beforeApplicationShutdown()
      expect(await stopping.one(CaseEntryStore).ofAccount('p1', 'p-stop', 10)).toHaveLength(2)
      await ending.take([aVerdict('p-stop', 'm2')], noop)
      expect(await stopping.one(CaseEntryStore).ofAccount('p1', 'p-stop', 10)).toHaveLength(3)
    } finally {
      await stopping.stop()
    }
  })

  it('do not wait for some that cannot be taken in', async () => {
    const verdicts = some('p-bad', 0, 70)
    const bad = verdicts.slice(0, 55).map(({ verdictId }) => verdictId)
    await store(CaseEntryStore).keepWaiting(verdicts, LONG_AGO)
    await entries().updateMany({ _id: { $in: bad } }, { $set: { categories: null } })
    await other.complete()
    await vi.waitFor(
      async () => expect([await taken('p-bad'), await waiting('p-bad')]).toEqual([15, 55]),
      10_000,
    )
    await entries().updateMany({ _id: { $in: bad } }, { $set: { categories: verdicts[0]!.categories } })
    await vi.waitFor(async () => {
      await other.complete()
      expect(await taken('p-bad')).toBe(70)
    }, 10_000)
  })

  it('are refused while their records can be kept as dead letters', async () => {
    await hot.take([aVerdict('p-policy', 'm0')], noop)
    const unknown = new PermanentError('unknown-policy', 'There is no policy of version 9.')
    const asked = vi.spyOn(store(PolicyStore), 'byVersions').mockRejectedValueOnce(unknown)
    const refused = aVerdict('p-policy', 'm1', { policyVersion: '9' })
    await expect(hot.take([refused], noop)).rejects.toBe(unknown)
    asked.mockRestore()
    expect(await entries().countDocuments({ ...ALL, accountId: 'p-policy' })).toBe(1)
  })
})
