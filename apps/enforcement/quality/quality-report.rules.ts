import { agreementOf, type Agreement } from './cohens-kappa.js'
import type { AnswerCount } from './review.store.js'
import { labelOf } from './sampling.rules.js'
import { proportionOf, type Proportion } from './wilson-interval.js'

/** Fewer judgements than this say little: figures that rest on them are marked. */
const FEW = 30

export interface CategoryAgreement extends Agreement {
  category: string
  few: boolean
}

export interface Accuracy extends Proportion {
  operator: string
  few: boolean
}

/** Agreement by category, by name: of what was decided with what a second person said. */
export function agreementByCategory(counts: readonly AnswerCount[]): CategoryAgreement[] {
  const byCategory = Map.groupBy(counts, ({ category }) => category)
  return [...byCategory]
    .map(([category, some]) => ({ category, ...agreementOn(some) }))
    .sort((a, b) => (a.category < b.category ? -1 : 1))
}

/** Agreement on all of it. */
export function agreementOn(counts: readonly AnswerCount[]): Agreement & { few: boolean } {
  const agreement = agreementOf(
    counts.map(({ expected, answer, n }) => ({ first: labelOf(expected), second: labelOf(answer), n })),
  )
  return { ...agreement, few: agreement.n < FEW }
}

/** How often somebody gave the right answer to golden cases. */
export function accuracyOf({ operator, n, right }: { operator: string; n: number; right: number }): Accuracy {
  return { operator, ...proportionOf(right, n), few: n < FEW }
}
