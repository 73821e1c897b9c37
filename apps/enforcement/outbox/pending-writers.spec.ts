import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryableError } from '#libs/runtime/errors'
import { WiringError } from '#libs/runtime/wiring'
import type { PendingWrite } from './pending.js'
import { type FoundTaker, wireWriters } from './pending-writers.js'
import type { TakesPending } from './writes-pending.js'

function taker(
  name: string,
  role: TakesPending['role'],
  kinds: string[],
  take: FoundTaker['take'] = async () => undefined,
): FoundTaker {
  return { name, takes: { role, kinds }, take }
}

describe('who writes what is pending', () => {
  it('is refused where a kind has no writer or several, and every such kind is named', () => {
    const found = [
      taker('A.write', 'writer', ['a', 'b']),
      taker('B.write', 'writer', ['b']),
      taker('C.follow', 'follower', ['a', 'c']),
    ]
    const wiring = (): unknown => wireWriters(['a', 'b', 'c', 'd'], found)
    expect(wiring).toThrow(WiringError)
    expect(wiring).toThrow(
      'A.write and B.write all write what is pending of b; nobody writes what is pending of c; nobody writes what is pending of d.',
    )
  })

  it('leaves a write in its outbox that nobody here takes', () => {
    const writers = wireWriters(['a'], [taker('A.write', 'writer', ['a'])])
    expect(() => writers([{ write: 'of a later release' }])).toThrow(RetryableError)
  })

  it('each writer gets all of its kinds in the order they were left, in the order of the kinds; who follows comes last', async () => {
    const kinds = ['a', 'b', 'c', 'd']
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...kinds)),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        async (left, order) => {
          const got: [string, PendingWrite[]][] = []
          const note = (name: string) => async (some: readonly PendingWrite[]) =>
            void got.push([name, [...some]])
          const takers = [
            taker('d', 'writer', ['d'], note('d')),
            taker('ac', 'writer', ['c', 'a'], note('ac')),
            taker('b', 'writer', ['b'], note('b')),
          ]
          const follower = taker('f', 'follower', ['b', 'd'], note('f'))
          const writes = left.map((write, n) => ({ write, n }))
          const steps = wireWriters(kinds, [follower, ...order.map((at) => takers[at]!)])(writes)
          for (const step of steps) await step()
          const wanted = Object.entries({ ac: 'ac', b: 'b', d: 'd', f: 'bd' })
            .map(([name, own]) => [name, writes.filter(({ write }) => own.includes(write))] as const)
            .filter(([, some]) => some.length > 0)
          expect(got).toEqual(wanted)
        },
      ),
    )
  })
})
