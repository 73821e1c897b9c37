import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rotate, signing } from './webhook-secrets.rules.js'

const HOUR = 3_600_000
const at = (hours: number) => new Date(Date.UTC(2026, 10, 24) + hours * HOUR)

describe('rotation', () => {
  it('lets the old secret sign along for 24 hours', () => {
    const secrets = rotate([{ sealed: 'old', until: null }], 'new', at(0))
    expect(signing(secrets, at(23.9)).map(({ sealed }) => sealed)).toEqual(['new', 'old'])
    expect(signing(secrets, at(24)).map(({ sealed }) => sealed)).toEqual(['new'])
  })

  it('does not lengthen the life of a secret by another rotation', () => {
    const secrets = rotate(rotate([{ sealed: 'a', until: null }], 'b', at(0)), 'c', at(20))
    expect(signing(secrets, at(25)).map(({ sealed }) => sealed)).toEqual(['c', 'b'])
  })

  it('always leaves one secret without an end, first, and never more than four', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 20 }), (pauses) => {
        let [secrets, hour] = [[{ sealed: 's', until: null as Date | null }], 0]
        for (const [i, pause] of pauses.entries()) secrets = rotate(secrets, `s${i}`, at((hour += pause)))
        expect(secrets.filter(({ until }) => until === null)).toEqual([secrets[0]])
        expect(secrets.length).toBeLessThanOrEqual(4)
      }),
    )
  })
})
