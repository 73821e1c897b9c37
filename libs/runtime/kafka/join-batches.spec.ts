import fc from 'fast-check'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { PermanentError, RetryableError } from '../errors.js'
import type { Batch, InRecord } from './batch.js'
import { joinBatches } from './join-batches.js'

type Kind = 'good' | 'poison' | 'dead'

/** A batch of one record for each kind, and what it was told. */
function batchOf(
  partition: number,
  kinds: readonly Kind[],
): Batch<unknown> & { dead: unknown[]; beats: number } {
  const records = kinds.map(
    (value, offset) =>
      ({ value, partition, offset: String(offset), topic: 't' }) as unknown as InRecord<unknown>,
  )
  const batch = {
    topic: 't',
    platformId: null,
    records,
    dead: [] as unknown[],
    beats: 0,
    deadLetter: (record: InRecord<unknown>) => void batch.dead.push(record),
    heartbeat: async () => void batch.beats++,
  }
  return batch
}

/** A handler that fails for good on poison, and gives dead ones up. */
const handle = async (batch: Batch<unknown>): Promise<void> => {
  await Promise.resolve()
  for (const record of batch.records) {
    if (record.value === 'dead') batch.deadLetter(record, new PermanentError('bad', 'Bad.'))
    if (record.value === 'poison') throw new PermanentError('poison', 'Poison.')
  }
}

describe('joined batches', () => {
  it('settle as each would have alone, whatever comes together', async () => {
    const kinds = fc.array(fc.constantFrom<Kind>('good', 'poison', 'dead'), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { maxLength: 9 }),
        fc.integer({ min: 1, max: 12 }),
        async (all, most) => {
          const join = joinBatches(handle, most)
          const batches = all.map((some, i) => batchOf(i, some))
          const alone = all.map((some, i) => batchOf(i, some))
          const settled = await Promise.allSettled(batches.map(join))
          const expected = await Promise.allSettled(alone.map(handle))
          expect(settled.map(({ status }) => status)).toEqual(expected.map(({ status }) => status))
          for (const [i, { dead }] of batches.entries())
            if (settled[i]!.status === 'fulfilled') expect(new Set(dead)).toEqual(new Set(alone[i]!.dead))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('go together where they come together, up to a number of records', async () => {
    const sizes: number[] = []
    const join = joinBatches(async (batch) => {
      sizes.push(batch.records.length)
      await Promise.resolve()
    }, 5)
    const all = [1, 2, 2, 2, 9, 1]
    await Promise.all(all.map((count, i) => join(batchOf(i, Array<Kind>(count).fill('good')))))
    expect(sizes).toEqual([5, 2, 9, 1])
  })

  it('go together where they come while the handler is at work', async () => {
    const sizes: number[] = []
    const later: Promise<void>[] = []
    const join = joinBatches(async (batch) => {
      sizes.push(batch.records.length)
      if (sizes.length > 1) return
      later.push(join(batchOf(1, ['good', 'good'])))
      await nextTurn()
      later.push(join(batchOf(2, ['good'])))
    }, 5)
    await join(batchOf(0, ['good']))
    await Promise.all(later)
    expect(sizes).toEqual([1, 3])
  })

  it('all come again when something is away, and are not tried one by one', async () => {
    const handler = vi.fn(async () => {
      await Promise.resolve()
      throw new RetryableError('away', 'Away.')
    })
    const join = joinBatches(handler, 100)
    const settled = await Promise.allSettled([1, 1, 1].map((_, i) => join(batchOf(i, ['good']))))
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('keep every member of the group alive', async () => {
    const join = joinBatches((batch) => batch.heartbeat(), 100)
    const batches = [batchOf(0, ['good']), batchOf(1, ['good']), batchOf(2, ['good'])]
    await Promise.all(batches.map(join))
    expect(batches.map(({ beats }) => beats)).toEqual([1, 1, 1])
  })
})
