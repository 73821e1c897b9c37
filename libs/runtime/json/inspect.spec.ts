import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PermanentError } from '../errors.js'
import { inspect } from './inspect.js'

const json = fc.jsonValue({ maxDepth: 5 })

/** How deep a value is nested; an object or list of plain values has depth 1. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** What the walk is to leave, written the plain way. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  )
}

describe('the inspection of parsed JSON', () => {
  it('removes null members at every depth and changes nothing else', () => {
    fc.assert(
      fc.property(json, (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value))
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(JSON.stringify(copy)))
        const expected = withoutNulls(copy)
        inspect(copy)
        expect(copy).toEqual(expected)
      }),
    )
  })

  it('refuses exactly what is nested deeper than the limit', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 1, max: 5 }), (value, maxDepth) => {
        const copy: unknown = JSON.parse(JSON.stringify(value))
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(JSON.stringify(copy)))
        const refused = slugOf(() => inspect(copy, { maxDepth }))
        expect(refused).toBe(depthOf(value) > maxDepth ? 'too-deep' : undefined)
      }),
    )
  })

  it('survives nesting by which a recursive reader would overflow', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
    expect(slugOf(() => inspect(deep, { maxDepth: 8 }))).toBe('too-deep')
  })

  it.each(['__proto__', 'constructor', 'prototype'])('refuses a key named %s, and says where', (key) => {
    const value: unknown = JSON.parse(`{"a/b":[{"${key}":1}]}`)
    expect(() => inspect(value)).toThrow(expect.objectContaining({ slug: 'schema', path: `/a~1b/0/${key}` }))
  })
})

function slugOf(act: () => void): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof PermanentError ? error.slug : String(error)
  }
}
