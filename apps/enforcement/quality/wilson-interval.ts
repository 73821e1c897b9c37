/** A proportion as it was seen, and where the true one lies with 95 % confidence. */
export interface Proportion {
  n: number
  right: number
  /** null where there is nothing to tell from. */
  share: number | null
  low: number | null
  high: number | null
}

/** The 0.975 quantile of the standard normal distribution. */
const Z = 1.959963984540054

/**
 * The score interval of a proportion, which holds its promise for small n and near 0 and 1 too. E. B. Wilson, Probable
 * Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927), 209–212.
 */
export function proportionOf(right: number, n: number): Proportion {
  if (n === 0) return { n, right, share: null, low: null, high: null }
  const share = right / n
  const middle = share + Z ** 2 / (2 * n)
  const half = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))
  const scale = 1 + Z ** 2 / n
  // Where all or none are right an end is 1 or 0 exactly; rounding may leave it just beyond.
  const low = right === 0 ? 0 : (middle - half) / scale
  const high = right === n ? 1 : (middle + half) / scale
  return { n, right, share, low, high }
}
