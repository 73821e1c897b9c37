import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { RevisionTable } from './revision-table.js'

const revisionOf = (content: number): string =>
  createHash('sha256').update(String(content)).digest('base64url')

describe('a table of revisions', () => {
  it.each([
    ['whatever the keys', undefined],
    ['also where all hashes are the same', () => 7],
    ['also where few hashes differ', (_bytes: Buffer, length: number) => 2 ** 32 - 1 - (length % 2)],
  ])('is a map of its capacity, %s', (_name, hashOf) => {
    const keys = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a', 'aa', 'p/a/1', 'p/a/10', ''))
    const steps = fc.array(fc.tuple(keys, fc.nat(50)), { maxLength: 120 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (all, capacity) => {
        const table = new RevisionTable(capacity, hashOf)
        const truth = new Map<string, string>()
        for (const [key, content] of all) {
          const fits = truth.has(key) || truth.size < capacity
          expect(table.set(key, revisionOf(content))).toBe(fits)
          if (fits) truth.set(key, revisionOf(content))
        }
        for (const [key] of all) expect(table.get(key)).toBe(truth.get(key))
      }),
      { numRuns: 1_000 },
    )
  })

  it('holds as many as it says over many chunks, and answers for no other', () => {
    const table = new RevisionTable(60_000)
    for (let i = 0; i < 60_000; i++)
      expect(table.set(`platform/account-${i % 997}/m-${i}`, revisionOf(i))).toBe(true)
    expect(table.set('one/more/key', revisionOf(1))).toBe(false)
    for (let i = 0; i < 60_000; i++) {
      if (table.get(`platform/account-${i % 997}/m-${i}`) !== revisionOf(i)) throw new Error(`lost ${i}`)
      if (table.get(`platform/account-${i % 997}/n-${i}`) !== undefined) throw new Error(`made up ${i}`)
    }
  })

  it('refuses a key that it would have to look for too long', () => {
    const table = new RevisionTable(2_000, () => 7)
    const taken = Array.from({ length: 2_000 }, (_, i) => table.set(`k${i}`, revisionOf(i)))
    expect(taken.filter(Boolean).length).toBe(512)
    expect(table.get('k511')).toBe(revisionOf(511))
    expect(table.get('k512')).toBeUndefined()
  })

  it('takes neither a key that no message can have nor what is no revision', () => {
    const table = new RevisionTable(1)
    expect(() => table.set('k'.repeat(2_000), revisionOf(1))).toThrow(RangeError)
    expect(() => table.get('k'.repeat(2_000))).toThrow(RangeError)
    expect(() => table.set('k', 'short')).toThrow(RangeError)
  })
})
