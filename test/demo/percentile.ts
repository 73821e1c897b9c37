/**
 * The smallest value that at least `percent` (0 to 100) of the values do not exceed (nearest rank: Hyndman and Fan 1996,
 * definition 1); null of none.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? null
}
