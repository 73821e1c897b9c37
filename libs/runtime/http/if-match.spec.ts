import { describe, expect, it } from 'vitest'
import { assertFresh, ifMatchOf } from './if-match.js'

/** Whether a caller who sends this may change what has version 3 (RFC 9110, section 13.1.1). */
function passes(header: string | undefined, version: number | null = 3): boolean {
  try {
    assertFresh(ifMatchOf(header), version ?? undefined)
    return true
  } catch {
    return false
  }
}

describe('If-Match', () => {
  it.each([undefined, '*', ' * ', '"3"', '3', '"2", "3"', '"2","3"', '"x,y" ,\t"3"', '"", W/"9", "3"'])(
    '%s lets the change through',
    (header) => expect(passes(header)).toBe(true),
  )

  it.each([
    '"2"',
    'W/"3"',
    '"1", W/"3"',
    '"33"',
    '"03 "',
    '"3',
    '3"',
    "'3'",
    '"3" "4"',
    '"3",, x',
    '',
    'x',
    '*, "3"',
  ])('%s does not', (header) => expect(passes(header)).toBe(false))

  it('names no version of what has none, but with *', () => {
    expect(['"3"', 'W/"3"', '*', undefined].map((header) => passes(header, null))).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  it('takes time for its length only', () => {
    expect(passes(`${'"3" '.repeat(4_000)}x`)).toBe(false)
    expect(passes(`${'"2",'.repeat(4_000)}"3"`)).toBe(true)
  })
})
