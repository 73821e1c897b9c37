import { numberFrom } from '../../apps/classification/training/seeded.js'

/**
 * Ranks 0 to `count` − 1, rank k as often as 1 / (k + 1): how unevenly accounts publish. The same sequence for a seed.
 * By the inverse of the distribution's sums, which is exact.
 */
export function zipf(count: number, seed: number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let k = 0; k < count; k++) sums[k] = sum += 1 / (k + 1)
  const next = numberFrom(seed)
  return () => {
    const wanted = next() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
