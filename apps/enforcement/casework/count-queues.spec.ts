import { describe, expect, it } from 'vitest'
import type { Clock } from '#libs/runtime/clock'
import type { CaseStore } from '../ledger/cases/case.store.js'
import { CountQueues } from './count-queues.js'
import type { Queue } from '../ledger/cases/queue.js'

describe('the queues', () => {
  it('are counted once for all who ask, anew when the counts get old, and never given when too old', async () => {
    let now = 0
    const asked: { at: number; answer: (queues: Queue[]) => void; fail: (error: Error) => void }[] = []
    const store = {
      queues: (at: Date) =>
        new Promise<Queue[]>((answer, fail) => asked.push({ at: at.getTime(), answer, fail })),
    }
    const counts = new CountQueues(store as CaseStore, { now: () => new Date(now) } as Clock)
    const both = Promise.all([counts.count(), counts.count()])
    expect(asked).toHaveLength(1)
    asked[0]!.answer([])
    const [first, same] = await both
    expect(same).toBe(first)
    now = 4_999
    expect(await counts.count()).toBe(first)
    expect(asked).toHaveLength(1)
    now = 5_000
    expect(await counts.count()).toBe(first)
    expect(asked.map(({ at }) => at)).toEqual([0, 5_000])
    asked[1]!.fail(new Error('away'))
    await Promise.resolve()
    now = 30_000
    const late = counts.count()
    asked.at(-1)!.fail(new Error('away'))
    await expect(late).rejects.toThrow('away')
    const back = counts.count()
    asked.at(-1)!.answer([])
    expect((await back).at).toEqual(new Date(30_000))
  })
})
