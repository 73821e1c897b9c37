export interface Measures {
  count: number
  positives: number
  precision: number
  recall: number
  f1: number
  /** Area under the precision-recall curve, as average precision. */
  auprc: number
}

/** Precision, recall and F1 at a threshold, and average precision over all thresholds. */
export function measure(scores: readonly number[], labels: readonly number[], threshold = 0.5): Measures {
  let [hits, alarms, positives] = [0, 0, 0]
  scores.forEach((score, i) => {
    positives += labels[i] ?? 0
    if (score < threshold) return
    alarms += 1
    hits += labels[i] ?? 0
  })
  const precision = alarms === 0 ? 0 : hits / alarms
  const recall = positives === 0 ? 0 : hits / positives
  return {
    count: scores.length,
    positives,
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    auprc: averagePrecision(scores, labels, positives),
  }
}

/** Equal scores are one step: their order must not matter. */
function averagePrecision(scores: readonly number[], labels: readonly number[], positives: number): number {
  if (positives === 0) return 0
  const order = Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
  let [hits, seen, area] = [0, 0, 0]
  for (let i = 0; i < order.length;) {
    const score = scores[order[i] ?? 0]
    const before = hits
    while (i < order.length && scores[order[i] ?? 0] === score) {
      hits += labels[order[i] ?? 0] ?? 0
      seen += 1
      i += 1
    }
    area += ((hits - before) / positives) * (hits / seen)
  }
  return area
}
