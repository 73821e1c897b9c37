import { Inject, Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { conflict, forbidden, notFound } from '#libs/runtime/http/problem'
import { ENV } from '#libs/runtime/tokens'
import { AppealStore } from '../appeals/appeal.store.js'
import { partIn } from '../appeals/may-hear.rules.js'
import { partsOf } from '../ledger/cases/case.js'
import { ReviewersOf } from '../appeals/reviewers-of.js'
import { partsInCase, type PartStores } from '../appeals/parts-in-case.js'
import { AuditLog } from '../audit/audit-log.js'
import { viewEntry } from '../audit/evidence-views.js'
import { CaseEntryStore } from '../ledger/cases/case-entry.store.js'
import { CaseStore } from '../ledger/cases/case.store.js'
import type { EnforcementEnv } from '../config.js'
import { DecisionStore } from '../ledger/decisions/decision.store.js'
import { bilingual, type GivenReasons } from '../casework/reasons-field.js'
import { eventOf } from '../outbox/event.rules.js'
import { Outbox } from '../outbox/outbox.js'
import type { Pending } from '../outbox/pending.js'
import { pendingEvent } from '../outbox/pending-event.js'
import { PolicyStore } from '../policies/policy.store.js'
import { assertJudgement } from './assert-judgement.js'
import { GoldenCaseStore, type GoldenCaseDocument } from './golden-case.store.js'
import { ReadExposure } from '../exposure/read-exposure.js'
import { type ReviewInHand, reviewInHand } from './review-view.js'
import type { Judgement, ReviewAnswer, ReviewedCase } from './review.js'
import { ReviewStore, type ReviewDocument } from './review.store.js'
import { newReviewId } from './sample-decisions.js'
import { labelOf } from './sampling.rules.js'

/** As many of the newest messages are shown as a case shows. */
const ENTRIES_SHOWN = 200

/** An answer as a person gives it. */
export interface GivenAnswer extends Judgement {
  reasons: GivenReasons
}

/** How people decide a case again without knowing what was decided: second reviews and, among them, golden cases. */
@Injectable()
export class GiveReviews {
  private readonly parts: PartStores

  constructor(
    private readonly reviews: ReviewStore,
    private readonly goldenCases: GoldenCaseStore,
    private readonly entries: CaseEntryStore,
    private readonly policies: PolicyStore,
    private readonly exposure: ReadExposure,
    private readonly log: AuditLog,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<EnforcementEnv, 'GOLDEN_SHARE'>,
    appeals: AppealStore,
    cases: CaseStore,
    decisions: DecisionStore,
    reviewing: ReviewersOf,
  ) {
    this.parts = { appeals, cases, decisions, reviewing }
  }

  /**
   * The review that the person has in hand, else the next one for them, which is theirs until the lease lapses; null when
   * none waits. The view of the evidence is in the audit log before it is given.
   */
  async next(subject: string): Promise<ReviewInHand | null> {
    const review = (await this.inHand(subject)) ?? (await this.draw(subject))
    return review && this.show(review, subject)
  }

  /**
   * Answers a review in hand; the same answer by the same person again changes nothing. It changes nothing on the account.
   * @throws Problem 400; 404 where it is not and was not theirs; 403 `took-part`; 409 `review-lapsed`, `review-answered`
   */
  async answer(reviewId: string, given: GivenAnswer, subject: string): Promise<ReviewAnswer> {
    const found = await this.reviews.byReviewId(reviewId)
    // Whether the review of another exists is nobody's business.
    if (!found || found.assignee !== subject) throw notFound('You have no such review.')
    const { measure, clause } = given
    const reasons = bilingual(given.reasons)
    const answer: ReviewAnswer = { by: subject, at: this.clock.now(), measure, clause, reasons }
    if (found.answer) return sameAnswer(found.answer, answer)
    const policy = (await this.policies.byVersions([found.policyVersion])).get(found.policyVersion)!
    assertJudgement(answer, policy)
    if (await this.hasPart(found, subject)) {
      // What another try of the same request has stored meanwhile is a part in the case, too.
      const now = await this.reviews.byReviewId(reviewId)
      if (now?.answer) return this.tooLate(reviewId, answer)
      await this.reviews.putBack(found, subject)
      throw forbidden(
        'You have taken part in this case meanwhile; somebody else will review it.',
        'took-part',
      )
    }
    const disagreement = labelOf(answer) !== labelOf(found.expected)
    const told = eventOfAnswer(found, answer, disagreement)
    const answered = await this.reviews.answer(found, answer, disagreement, [told])
    if (!answered) return this.tooLate(reviewId, answer)
    await this.outbox.deliver([answered], this.reviews.reviews)
    return answer
  }

  /** Another try of the same request may have stored the answer. */
  private async tooLate(reviewId: string, answer: ReviewAnswer): Promise<ReviewAnswer> {
    const now = await this.reviews.byReviewId(reviewId)
    if (now?.answer?.by === answer.by) return sameAnswer(now.answer, answer)
    throw conflict('review-lapsed', 'The review is no longer yours: ask for the next one.')
  }

  private async inHand(subject: string): Promise<ReviewDocument | null> {
    const found = await this.reviews.inHand(subject, this.clock.now())
    if (!found) return null
    const mayHave = await this.mayHave(found, subject)
    return mayHave ? found : null
  }

  /** A golden case only in the place of a second review: one that came while none waits could be told by that. */
  private async draw(subject: string): Promise<ReviewDocument | null> {
    const maxSeverity = await this.exposure.mostSevereFor(subject)
    const second = await this.nextSecond(subject, maxSeverity)
    if (!second || Math.random() >= this.env.GOLDEN_SHARE) return second
    const golden = await this.nextGolden(subject, maxSeverity ?? Infinity)
    if (!golden) return second
    await this.reviews.release(second, subject)
    return golden
  }

  private async nextSecond(subject: string, maxSeverity?: number): Promise<ReviewDocument | null> {
    for (;;) {
      const now = this.clock.now()
      const claimed = await this.reviews.claimOldest(subject, now, await this.leaseEnd(now), maxSeverity)
      if (!claimed || (await this.mayHave(claimed, subject))) return claimed
    }
  }

  /** The oldest golden case that the person has not answered, nor made, nor had a part in. */
  private async nextGolden(subject: string, maxSeverity: number): Promise<ReviewDocument | null> {
    const [inUse, answered] = await Promise.all([
      this.goldenCases.inUse(),
      this.reviews.goldenAnswered(subject),
    ])
    const now = this.clock.now()
    for (const golden of inUse) {
      const known = [golden.proposedBy, golden.approvedBy].includes(subject) || answered.has(golden._id)
      if (known || golden.severity > maxSeverity || (await this.hasPart(golden, subject))) continue
      if (await this.isGone(golden)) continue
      const until = await this.leaseEnd(now)
      const handed = await this.reviews.handOut(reviewOf(golden, subject, now), subject, until)
      if (handed) return handed
    }
    return null
  }

  /** Puts back what somebody else is to answer, and ends what nobody can. */
  private async mayHave(review: ReviewDocument, subject: string): Promise<boolean> {
    if (await this.isGone(review)) {
      await this.reviews.lapse(review)
      return false
    }
    if (!(await this.hasPart(review, subject))) return true
    await this.reviews.putBack(review, subject)
    return false
  }

  /** Whether evidence is kept no more that whoever decided had seen. */
  private async isGone({ caseId, evidenceUntil }: ReviewedCase): Promise<boolean> {
    return this.entries.anyErased(await this.partsOfFile(caseId), evidenceUntil)
  }

  private async partsOfFile(caseId: string): Promise<string[]> {
    const found = await this.parts.cases.byId(caseId)
    return found ? partsOf(found) : [caseId]
  }

  private async hasPart({ caseId }: { caseId: string }, subject: string): Promise<boolean> {
    return partIn(subject, await partsInCase(caseId, this.parts)) !== null
  }

  private async leaseEnd(now: Date): Promise<Date> {
    await this.policies.refresh(now)
    return new Date(now.getTime() + this.policies.inForce(now).policy.cases.claimLease)
  }

  private async show(review: ReviewDocument, subject: string): Promise<ReviewInHand> {
    const { caseId, evidenceUntil, platformId, accountId } = review
    const now = this.clock.now()
    const parts = await this.partsOfFile(caseId)
    const [entries] = await Promise.all([
      this.entries.ofCasesUntil(parts, evidenceUntil, ENTRIES_SHOWN),
      this.policies.refresh(now),
    ])
    const seen = { subject: `review/${review.reviewId}`, actor: subject, platformId, accountId }
    await this.log.append([viewEntry(seen, now)])
    // What is sealed today is sealed, whatever the policy said when it was decided; and what was sealed once stays so.
    const under = await this.policies.since(entries, now)
    return reviewInHand(review, entries, this.policies.inForce(now).policy, under)
  }
}

function reviewOf(golden: GoldenCaseDocument, subject: string, now: Date): ReviewDocument {
  const { caseId, platformId, accountId, category, severity, policyVersion, evidenceUntil, expected } = golden
  return {
    _id: `golden/${golden._id}/${subject}`,
    reviewId: newReviewId(),
    kind: 'golden',
    decisionId: null,
    decidedBy: null,
    goldenId: golden._id,
    ...{ caseId, platformId, accountId, category, severity, policyVersion, evidenceUntil, expected },
    state: 'open',
    openedAt: now,
    assignee: subject,
    until: now,
    excluded: [],
    answer: null,
    disagreement: null,
    pending: [],
    outboxAt: null,
  }
}

/** @throws Problem 409 `review-answered` where the answer that was given is another */
function sameAnswer(given: ReviewAnswer, again: ReviewAnswer): ReviewAnswer {
  const texts = ({ measure, clause, reasons }: ReviewAnswer) =>
    JSON.stringify([measure, clause, reasons.zh, reasons.en])
  if (texts(given) !== texts(again)) throw conflict('review-answered', 'You have answered this review.')
  return given
}

const CODES = {
  second: { same: 'agreed', other: 'disagreed' },
  golden: { same: 'golden-right', other: 'golden-wrong' },
} as const

/** Of an answer to a golden case nothing names the account: it is about the person only. */
function eventOfAnswer(review: ReviewDocument, answer: ReviewAnswer, disagreement: boolean): Pending {
  const { platformId, accountId, caseId, decisionId, kind } = review
  const about = kind === 'second' && decisionId !== null ? { platformId, accountId, caseId, decisionId } : {}
  const value = eventOf('review.answered', `review/${review.reviewId}`, '', answer.at, answer.by, {
    ...about,
    measure: answer.measure,
    ...(answer.clause === null ? {} : { clause: answer.clause }),
    code: CODES[kind][disagreement ? 'other' : 'same'],
  })
  return pendingEvent(value)
}
