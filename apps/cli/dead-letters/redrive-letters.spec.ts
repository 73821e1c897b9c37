import { describe, expect, it } from 'vitest'
import type { DeadLetter, DeadLetterRecord } from '#libs/runtime/kafka/dead-letter'
import type { DeadLetterReader, LetterRange } from '#libs/runtime/kafka/dead-letter-reader'
import { aLetter } from './a-letter.fixture.js'
import { planRedrive, redrive, type RedriveRequest } from './redrive-letters.js'

const letters = Array.from({ length: 40 }, (_, i) =>
  aLetter({ address: `${i % 2}/${i >> 1}`, at: new Date(1_790_000_000_000 + i), reason: i < 10 ? 'a' : 'b' }),
)
const mark = (address: string): DeadLetterRecord => ({ is: 'mark', address })

/** A topic of letters and marks in memory. */
function readerOf(marks: DeadLetterRecord[] = [], stored: Iterable<DeadLetter> = letters): DeadLetterReader {
  return {
    ranges: async () => [0, 1].map((partition) => ({ partition, from: 0n, to: 1_000n })),
    read: async (ranges: LetterRange[], visit: (one: DeadLetterRecord) => unknown, signal?: AbortSignal) => {
      for (const letter of stored) {
        const [partition, offset] = letter.address.split('/')
        const range = ranges.find((one) => one.partition === Number(partition))
        if (signal?.aborted || !range || BigInt(offset!) < range.from || BigInt(offset!) >= range.to) continue
        await visit({ is: 'letter', letter })
      }
      for (const one of marks) await visit(one)
    },
  } as unknown as DeadLetterReader
}

const counts = { partitionCounts: async () => new Map([['weir.in.p1.messages.v1', 4]]) }
const all: RedriveRequest = { addresses: new Set(), filter: {}, again: false, limit: Infinity }
const addressesOf = (some: readonly DeadLetter[]): string[] => some.map(({ address }) => address)

describe('the plan', () => {
  it('holds what the filter means, the oldest first, but what was redriven', async () => {
    const request = { ...all, filter: { reason: 'a' } }
    const plan = await planRedrive(readerOf([mark('0/0'), mark('1/19')]), counts, request)
    expect(addressesOf(plan.letters)).toEqual(addressesOf(letters.slice(1, 10)))
    expect(plan.refused.map(({ letter }) => letter.address)).toEqual(['0/0'])
    const few = await planRedrive(readerOf(), counts, { ...request, limit: 3 })
    expect(addressesOf(few.letters)).toEqual(addressesOf(letters.slice(0, 3)))
  })

  it('holds what is named, and nothing is done where one is not there', async () => {
    const request = { ...all, addresses: new Set(['1/3', '0/5']) }
    expect(addressesOf((await planRedrive(readerOf(), counts, request)).letters)).toEqual(['1/3', '0/5'])
    const wrong = { ...all, addresses: new Set(['1/3', '0/500', '7/1']) }
    await expect(planRedrive(readerOf(), counts, wrong)).rejects.toThrow('there is no letter at 0/500, 7/1')
  })
})

describe('redriving', () => {
  const run = async (
    some: readonly DeadLetter[],
    {
      stopAfter = Infinity,
      stopBefore = Infinity,
      failAt = Infinity,
      stored = letters,
      rate = 100_000,
      unfit = [] as string[],
    } = {},
  ) => {
    function* upTo() {
      for (const [i, letter] of stored.entries()) {
        if (i === stopBefore) stop.abort()
        yield letter
      }
    }
    const chunks: string[][] = []
    let told = 0
    const stop = new AbortController()
    const redriver = {
      redrive: async (chunk: readonly DeadLetter[]) => {
        if (chunks.length === failAt) throw new Error('away')
        chunks.push(addressesOf(chunk))
        if (chunks.flat().length >= stopAfter) stop.abort()
        return chunk
          .filter(({ address }) => unfit.includes(address))
          .map((letter) => ({ letter, why: 'unfit' }))
      },
    }
    const done = redrive(readerOf([], upTo()), redriver, some, rate, (sent) => (told = sent), stop.signal)
    const [error, failed] = await done.then(
      (bad) => [undefined, bad.map(({ letter }) => letter.address)],
      (reason: Error) => [reason.message, []],
    )
    return { chunks, told, error, failed }
  }

  it('sends each letter of the plan once and no other', async () => {
    const some = letters.filter((_, i) => i % 3 === 0)
    const { chunks, told } = await run(some)
    expect(chunks.flat().sort()).toEqual(addressesOf(some).sort())
    expect(told).toBe(some.length)
  })

  it('goes on after letters that cannot be sent, and names them', async () => {
    const { chunks, told, failed } = await run(letters, { unfit: ['0/1', '1/7'], rate: 90 })
    expect(chunks.flat()).toHaveLength(40)
    expect([failed, told]).toEqual([['0/1', '1/7'], 38])
  })

  it('sends no more at once than a broker takes', async () => {
    const large = letters.slice(0, 6).map((letter) => ({ ...letter, value: Buffer.alloc(200_000) }))
    expect((await run(large, { stored: large })).chunks.map((chunk) => chunk.length)).toEqual([2, 2, 2])
  })

  it('stops between records, and tells how far it got', async () => {
    const { chunks, told, error } = await run(letters, { stopAfter: 3, rate: 1_000_000_000 })
    expect([chunks.flat().length >= 3, told, error]).toEqual([true, chunks.flat().length, undefined])
    expect((await run(letters, { stopBefore: 5, rate: 1_000 })).chunks).toEqual([])
    const slow = await run(letters, { stopAfter: 3, rate: 9 })
    expect([slow.chunks.flat().length, slow.told]).toEqual([3, 3])
  })

  it('ends with the failure of the broker, and tells how far it got', async () => {
    const { told, error } = await run(letters, { failAt: 2, rate: 90 })
    expect([told, error]).toEqual([18, 'away'])
  })
})
