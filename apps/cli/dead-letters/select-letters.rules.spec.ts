import { describe, expect, it } from 'vitest'
import { aLetter } from './a-letter.fixture.js'
import { isMeant, type LetterFilter, parseAddress } from './select-letters.rules.js'

const at = new Date('2026-11-24T07:00:00Z')

describe('a filter', () => {
  it.each<[boolean, LetterFilter]>([
    [true, {}],
    [true, { reason: 'schema', topic: 'weir.in.p1.messages.v1', platform: 'p1', service: 'ingestion' }],
    [false, { reason: 'not-json' }],
    [false, { topic: 'weir.in.p1.messages' }],
    [false, { platform: 'p2' }],
    [false, { service: 'enforcement' }],
    [true, { from: at }],
    [false, { from: new Date(at.getTime() + 1) }],
    [false, { to: at }],
    [true, { to: new Date(at.getTime() + 1) }],
  ])('says %s: %o', (meant, filter) => {
    expect(isMeant(aLetter({ at }), filter)).toBe(meant)
  })
})

it.each([
  ['0/0', { partition: 0, offset: 0n }],
  ['3/9007199254740993', { partition: 3, offset: 9_007_199_254_740_993n }],
  ['3', undefined],
  ['-1/2', undefined],
  ['1/2/3', undefined],
  ['1/ 2', undefined],
])('the address %s', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
})
