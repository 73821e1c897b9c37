import type { Category, Labels } from '../../apps/classification/training/datasets.js'
import type { Outcome } from '#libs/contracts/verdict'

/** A text that was judged: what is known of it, and what came out, category by category (absent: clear). */
export interface JudgedText {
  readonly labels: Labels
  readonly outcomes: Partial<Record<Category, Outcome>>
}

/** Null where there is nothing to divide by. */
export interface PrecisionRecall {
  readonly flagged: number
  readonly hits: number
  readonly precision: number | null
  readonly recall: number | null
}

/** How a category was judged, over the texts of which it is known whether it applies. */
export interface CategoryScore {
  readonly known: number
  readonly positive: number
  readonly act: PrecisionRecall
  readonly actOrReview: PrecisionRecall
}

/** Precision and recall of one category against the labels. */
export function scoreCategory(texts: readonly JudgedText[], category: Category): CategoryScore {
  const known = texts.filter(({ labels }) => labels[category] !== undefined)
  const positive = known.filter(({ labels }) => labels[category] === 1).length
  const scoreOf = (isFlagged: (outcome: Outcome | undefined) => boolean): PrecisionRecall => {
    const flagged = known.filter(({ outcomes }) => isFlagged(outcomes[category]))
    const hits = flagged.filter(({ labels }) => labels[category] === 1).length
    return {
      flagged: flagged.length,
      hits,
      precision: share(hits, flagged.length),
      recall: share(hits, positive),
    }
  }
  return {
    known: known.length,
    positive,
    act: scoreOf((outcome) => outcome === 'act'),
    actOrReview: scoreOf((outcome) => outcome === 'act' || outcome === 'review'),
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}
