import { Inject, Injectable } from '@nestjs/common'
import { randomUUID } from 'node:crypto'
import { derivedId } from '#libs/contracts/ids'
import { ENV } from '#libs/runtime/tokens'
import { FollowsPending, type LedgerWriteOf } from '../ledger/ledger-write.js'
import { partsOf } from '../ledger/cases/case.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import type { EnforcementEnv } from '../config.js'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import { eventOf } from '../outbox/event.rules.js'
import { FindingStore } from '../ledger/findings/finding.store.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { ReviewStore, type ReviewDocument } from './review.store.js'
import { isSampled } from './sampling.rules.js'

/** Draws the decisions that somebody else decides again. */
@Injectable()
export class SampleDecisions {
  constructor(
    private readonly reviews: ReviewStore,
    private readonly cases: CaseStore,
    private readonly findings: FindingStore,
    @Inject(ENV) private readonly env: Pick<EnforcementEnv, 'SECOND_REVIEW_SHARE'>,
  ) {}

  /** Opens a review for each decision that is in the sample; of decisions that come again, no other. */
  @FollowsPending('decision')
  async sample(writes: readonly LedgerWriteOf<'decision'>[]): Promise<void> {
    const decisions = writes.map(({ value }) => value)
    const sampled = decisions.filter((decision) => isSampled(decision, this.env.SECOND_REVIEW_SHARE))
    const reviews = await Promise.all(sampled.map((decision) => this.reviewOf(decision)))
    await this.reviews.add(reviews.filter((review) => review !== null))
  }

  /** Null where the case held what is not among the evidence of a review: what a finding saw over many messages. */
  private async reviewOf(decision: DecisionRecord): Promise<ReviewDocument | null> {
    const { decisionId, caseId, platformId, accountId, policyVersion, measure, clause, at, by } = decision
    const found = await this.cases.byId(caseId)
    if (await this.findings.hadCome(found ? partsOf(found) : [caseId], at)) return null
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
      pending: [pendingEvent(event)],
      outboxAt: new Date(),
    }
  }
}

/** By lot: an id that follows from a decision could be told from others by who knows the decision. */
export function newReviewId(): string {
  return derivedId('rev', randomUUID())
}
