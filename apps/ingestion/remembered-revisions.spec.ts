import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { RememberedRevisions } from './remembered-revisions.js'

const revisionOf = (content: number): string =>
  createHash('sha256').update(String(content)).digest('base64url')

describe('remembered revisions', () => {
  it('never tells an outdated revision, keeps the last half of its capacity, and no more than all of it', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.nat(5)), { maxLength: 200 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (all, half) => {
        const remembered = new RememberedRevisions(half * 2)
        const truth = new Map<string, string>()
        for (const [message, content] of all) {
          const [key, value] = [`m${message}`, revisionOf(content)]
          truth.delete(key)
          truth.set(key, value)
          remembered.remember(new Map([[key, value]]))
        }
        const known = [...truth.keys()].filter((key) => remembered.latest(key) !== undefined)
        for (const key of known) expect(remembered.latest(key)).toBe(truth.get(key))
        for (const key of [...truth.keys()].slice(-half)) expect(remembered.latest(key)).toBe(truth.get(key))
        expect(known.length).toBeLessThanOrEqual(half * 2)
      }),
    )
  })

  it('remembers nothing with a capacity of 0', () => {
    const remembered = new RememberedRevisions(0)
    remembered.remember(new Map([['m', revisionOf(1)]]))
    expect(remembered.latest('m')).toBeUndefined()
  })
})
