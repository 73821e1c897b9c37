import { describe, expect, it } from 'vitest'
import { zipf } from './zipf.js'

describe('ranks by Zipf', () => {
  it('come as often as one over their place, and the same for a seed', () => {
    const next = zipf(1_000, 3)
    const again = zipf(1_000, 3)
    const counts = new Array<number>(1_000).fill(0)
    const draws = 200_000
    for (let i = 0; i < draws; i++) {
      const rank = next()
      expect(again()).toBe(rank)
      counts[rank]!++
    }
    const sum = Array.from({ length: 1_000 }, (_, k) => 1 / (k + 1)).reduce((a, b) => a + b)
    for (const k of [0, 1, 9, 99]) {
      const wanted = draws / (k + 1) / sum
      expect(Math.abs(counts[k]! - wanted)).toBeLessThan(6 * Math.sqrt(wanted))
    }
  })
})
