import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'

/** What somebody decided, or should have. */
export interface Judgement {
  measure: Measure
  clause: string | null
}

/** The answer of a second person, given without knowing the first. */
export interface ReviewAnswer extends Judgement {
  by: string
  at: Date
  reasons: Bilingual
}

/** What a review shows and what it is of: the part that follows from a decision, or from a golden case. */
export interface ReviewedCase {
  caseId: string
  platformId: string
  accountId: string
  category: string
  severity: number
  policyVersion: string
  /** What came into the case up to here is shown. */
  evidenceUntil: Date
}

/**
 * A case that somebody decides again without knowing what was decided: a second review of a person's decision, or a golden
 * case, whose right answer is known. Who answers cannot tell which.
 */
export interface ReviewRecord extends ReviewedCase {
  /** Follows from what it is of, so that there is one. */
  _id: string
  /** Its name outside, by lot: it tells nothing. */
  reviewId: string
  kind: 'second' | 'golden'
  /** Of a second review. */
  decisionId: string | null
  decidedBy: string | null
  /** Of a golden case. */
  goldenId: string | null
  /** What the first person decided, or the right answer. */
  expected: Judgement
  /** `lapsed`: evidence of it is kept no more, so that nobody can answer. */
  state: 'open' | 'answered' | 'lapsed'
  openedAt: Date
  assignee: string | null
  /** Until then it is the assignee's. */
  until: Date
  /** People who had a part in the case: it is not handed to them. */
  excluded: string[]
  answer: ReviewAnswer | null
  /** Of an answered one: whether the answer is another than expected. */
  disagreement: boolean | null
}
