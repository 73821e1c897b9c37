import type { Calibration } from '../detectors/text-model.js'

/** Fewer examples than this of either kind teach no calibration. */
const LEAST = 25
/** Share of ordinary messages that may score 0.5 or more. */
export const ORDINARY_RATE = 0.003

export interface Judged {
  margin: number
  label: number
  ordinary: boolean
}

/**
 * Platt scaling (Platt 1999, fitted by Newton's method with the targets of his that keep it from certainty), then moved so that
 * at most `ORDINARY_RATE` of ordinary messages reach 0.5. Undefined where there is too little to learn from.
 */
export function calibrate(judged: readonly Judged[]): Calibration | undefined {
  const positives = judged.reduce((sum, j) => sum + j.label, 0)
  const negatives = judged.length - positives
  if (positives < LEAST || negatives < LEAST) return undefined
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (negatives + 2)
  let [slope, offset] = [1, 0]
  for (let round = 0; round < 100; round += 1) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6]
    for (const { margin, label } of judged) {
      const p = 1 / (1 + Math.exp(-(slope * margin + offset)))
      const error = p - (label === 1 ? high : low)
      const spread = p * (1 - p)
      g0 += error * margin
      g1 += error
      h00 += spread * margin * margin
      h01 += spread * margin
      h11 += spread
    }
    const determinant = h00 * h11 - h01 * h01
    const [stepSlope, stepOffset] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant]
    // Far steps overshoot where the curve is flat.
    const damp = Math.min(1, 4 / Math.max(Math.abs(stepSlope), Math.abs(stepOffset), 1e-12))
    slope -= damp * stepSlope
    offset -= damp * stepOffset
    if (Math.abs(stepSlope) + Math.abs(stepOffset) < 1e-9) break
  }
  if (!(slope > 0)) return undefined
  const ordinary = judged.flatMap((j) => (j.ordinary ? [j.margin] : [])).sort((a, b) => b - a)
  const limit = ordinary[Math.floor(ordinary.length * ORDINARY_RATE)]
  if (limit !== undefined && slope * limit + offset > 0) offset = -slope * limit - 1e-6
  return { slope, offset }
}

/** The lowest threshold from 0.5 up at which precision is at least `precision`; undefined where none is. */
export function thresholdFor(
  scores: readonly number[],
  labels: readonly number[],
  precision: number,
): number | undefined {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
  let [hits, best] = [0, undefined as number | undefined]
  order.forEach((index, i) => {
    hits += labels[index] ?? 0
    const score = scores[index] ?? 0
    if (score >= 0.5 && i >= 9 && hits / (i + 1) >= precision) best = score
  })
  return best
}
