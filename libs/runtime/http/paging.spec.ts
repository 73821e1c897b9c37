import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeCursor, encodeCursor, page } from './paging.js'
import { Problem } from './problem.js'

const key = fc.tuple(fc.string(), fc.integer())

it('a cursor gives its key back and fits into a URL as it is', () => {
  fc.assert(
    fc.property(key, (parts) => {
      const cursor = encodeCursor(parts)
      expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
      expect(decodeCursor(cursor, 2)).toStrictEqual(parts)
    }),
  )
})

it('anything else is a 400', () => {
  for (const cursor of ['', 'abc', encodeCursor(['a']), Buffer.from('[{"$ne":1},2]').toString('base64url')]) {
    expect(() => decodeCursor(cursor, 2)).toThrow(Problem)
  }
})

it('walking the pages meets every item once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 10 }),
      (all, limit) => {
        const sorted = [...all].sort((a, b) => b - a)
        const seen: number[] = []
        let cursor: string | undefined
        do {
          const after = decodeCursor(cursor, 1)?.[0] as number | undefined
          const found = sorted.filter((item) => after === undefined || item < after).slice(0, limit + 1)
          const one = page(found, limit, (item) => [item])
          seen.push(...one.items)
          cursor = one.nextCursor ?? undefined
        } while (cursor !== undefined)
        expect(seen).toStrictEqual(sorted)
      },
    ),
  )
})
