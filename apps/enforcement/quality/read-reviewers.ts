import { Injectable } from '@nestjs/common'
import { ReviewersOf } from '../appeals/reviewers-of.js'
import { GoldenCaseStore } from './golden-case.store.js'
import { ReviewStore } from './review.store.js'

/** Tells appeals who has a part in cases by reviews and golden cases. */
@Injectable()
export class ReadReviewers extends ReviewersOf {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly goldenCases: GoldenCaseStore,
  ) {
    super()
  }

  override reviewersOf(caseIds: readonly string[]): Promise<string[]> {
    return this.reviews.reviewersOf(caseIds)
  }

  override goldenKeepersOf(caseIds: readonly string[]): Promise<string[]> {
    return this.goldenCases.keepersOf(caseIds)
  }
}
