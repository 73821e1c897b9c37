import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aLetter } from './a-letter.fixture.js'
import { chunkSize, refusalOf, waitMs } from './plan-redrive.rules.js'

const facts = {
  partitions: new Map([
    ['weir.in.p1.messages.v1', 4],
    ['weir.dead-letters.v1', 4],
    ['orders', 4],
  ]),
  redriven: new Set<string>(),
  again: false,
}

describe('a letter is refused', () => {
  it.each([
    [undefined, {}, {}],
    ['was cut off', { truncated: true }, {}],
    ['does not exist', { topic: 'gone' }, {}],
    ['is no topic that we read', { topic: 'weir.dead-letters.v1' }, {}],
    ['is no topic that we read', { topic: 'orders' }, {}],
    ['does not say which partition it came from', { partition: undefined }, {}],
    ['has 4 partitions, it came from partition 4', { partition: 4 }, {}],
    ['was redriven already', {}, { redriven: new Set(['0/1']) }],
    [undefined, {}, { redriven: new Set(['0/2']) }],
    [undefined, {}, { redriven: new Set(['0/1']), again: true }],
    ['was cut off', { truncated: true }, { again: true }],
  ])('since it %s', (why, letter, change) => {
    const refusal = refusalOf(aLetter(letter), { ...facts, ...change })
    if (why === undefined) expect(refusal).toBeUndefined()
    else expect(refusal).toContain(why)
  })
})

it('no more than the rate goes out in any second, one chunk aside, and no less', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), (rate) => {
      const chunk = chunkSize(rate)
      let [now, sent] = [0, 0]
      while (now < 10_000) {
        expect(sent).toBeLessThanOrEqual((rate * now) / 1_000 + 1e-6)
        sent += chunk
        now += waitMs(sent, rate, now)
      }
      expect(sent).toBeGreaterThanOrEqual(rate * 10)
    }),
  )
})
