import { Inject, Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { derivedId } from '#libs/contracts/ids'
import { ENV } from '#libs/platform/tokens'
import { CaseStore } from '../cases/case.store.js'
import type { EnforcementEnv } from '../config.js'
import type { DecisionRecord } from '../decisions/decision.js'
import { eventOf } from '../events/event.rules.js'
import { ReviewStore, type ReviewDocument } from './review.store.js'
import { isSampled } from './sampling.rules.js'

/** Draws the decisions that somebody else decides again. */
@Injectable()
export class SampleDecisions {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly cases: CaseStore,
    @Inject(ENV) private readonly env: Pick<EnforcementEnv, 'SECOND_REVIEW_SHARE'>,
  ) {}

  /** Opens a review for each decision that is in the sample; of decisions that come again, no other. */
  async sample(decisions: readonly DecisionRecord[]): Promise<void> {
    const sampled = decisions.filter((decision) => isSampled(decision, this.env.SECOND_REVIEW_SHARE))
    await this.reviews.add(await Promise.all(sampled.map((decision) => this.reviewOf(decision))))
  }

  private async reviewOf(decision: DecisionRecord): Promise<ReviewDocument> {
    const { decisionId, caseId, platformId, accountId, policyVersion, measure, clause, at, by } = decision
    const found = await this.cases.byId(caseId)
    const event = eventOf('review.opened', `decision/${decisionId}`, '', at, 'system', {
      platformId,
      accountId,
      caseId,
      decisionId,
    })
    return {
      _id: `second/${decisionId}`,
      reviewId: newReviewId(),
      kind: 'second',
      decisionId,
      decidedBy: by,
      goldenId: null,
      caseId,
      platformId,
      accountId,
      category: decision.category ?? found?.gravest.category ?? 'none',
      severity: found?.severity ?? decision.severity ?? 0,
      policyVersion,
      evidenceUntil: at,
      expected: { measure, clause },
      state: 'open',
      openedAt: at,
      assignee: null,
      until: new Date(0),
      excluded: [by],
      answer: null,
      disagreement: null,
      pending: [{ id: derivedId('out', event.eventId), publish: 'event', value: event }],
      outboxAt: new Date(),
    }
  }
}

/** By lot: an id that follows from a decision could be told from others by who knows the decision. */
export function newReviewId(): string {
  return derivedId('rev', randomUUID())
}
