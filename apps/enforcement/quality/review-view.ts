import {
  Example,
  Flag,
  Instant,
  Int,
  Many,
  One,
  OneOf,
  Optional,
  PlatformId,
  Shape,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import type { Message } from '#libs/contracts/message'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { CategoryVerdict, type Outcome, OUTCOMES } from '#libs/contracts/verdict'
import type { Policy } from '#libs/policy/policy-document'
import type { CaseEntry } from '../ledger/cases/case.js'
import { entryView } from '../casework/case-view.js'
import { definedFields } from '../store/queries.js'
import type { ReviewAnswer } from './review.js'
import type { ReviewDocument } from './review.store.js'

/** One message with what was found in it. */
export class ReviewEntryView {
  /** What a category seals is not shown. */
  @Flag() sealed!: boolean
  /** To be shown when the reader asks for it, not before. */
  @Flag() blurred!: boolean
  @OneOf(OUTCOMES) outcome!: Outcome
  @Many(() => CategoryVerdict, 50) categories!: CategoryVerdict[]
  /** As it was published, without ids of account, owner, message and directive. */
  @Example({ text: 'You have inherited a fortune: pay the release fee first.', language: 'en' })
  @Shape()
  message!: object
}

/** A case to be decided again. Nothing in it leads to the case, tells what was decided, or whether its answer is known. */
export class ReviewInHand {
  @WeirId() reviewId!: string
  /** It is yours until then. */
  @Instant() claimedUntil!: Date
  /** By which it is to be judged. */
  @Text(40, 1) policyVersion!: string
  /** The newest first; at most 200. */
  @Many(() => ReviewEntryView, 200) entries!: ReviewEntryView[]
}

export class ReviewReceipt {
  @WeirId() reviewId!: string
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause!: string | null
  @Instant() at!: Date
}

/** What one of the two people decided. */
export class JudgementView {
  @Optional() @WeirId() decisionId?: string
  @Optional() @Text(200) by!: string | null
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause!: string | null
  @Instant() at!: Date
  /** Of the second; those of the first stand with the decision. */
  @Optional() @Shape() reasons?: object
}

/** A second review that was answered, beside the decision. */
export class SecondReviewView {
  @WeirId() reviewId!: string
  @PlatformId() platformId!: string
  @Text(128, 1) accountId!: string
  @WeirId() caseId!: string
  @Text(60, 1) category!: string
  @Int(0, 4) severity!: number
  @Text(40, 1) policyVersion!: string
  /** Another measure, or another clause. */
  @Flag() disagreement!: boolean
  @One(() => JudgementView) first!: JudgementView
  @One(() => JudgementView) second!: JudgementView
}

/** A review as it is handed out: the same for second reviews and golden cases. */
export function reviewInHand(
  { reviewId, until, policyVersion }: ReviewDocument,
  entries: readonly CaseEntry[],
  policy: Pick<Policy, 'categories'>,
  under: (entry: CaseEntry) => readonly Pick<Policy, 'categories'>[],
): ReviewInHand {
  return {
    reviewId,
    claimedUntil: until,
    policyVersion,
    entries: entries.map((one) => shownEntry(one, policy, under(one))),
  }
}

export function receiptOf(reviewId: string, { measure, clause, at }: ReviewAnswer): ReviewReceipt {
  return { reviewId, measure, clause, at }
}

/** A second review that was answered, as those see it who compare. */
export function secondReviewView(review: ReviewDocument): SecondReviewView {
  const { reviewId, platformId, accountId, caseId, category, severity, policyVersion, expected } = review
  const { decisionId, decidedBy, evidenceUntil, answer, disagreement } = review
  return {
    reviewId,
    platformId,
    accountId,
    caseId,
    category,
    severity,
    policyVersion,
    disagreement: disagreement!,
    first: { decisionId: decisionId!, by: decidedBy, ...expected, at: evidenceUntil },
    second: answer!,
  }
}

function shownEntry(
  entry: CaseEntry,
  policy: Pick<Policy, 'categories'>,
  under: readonly Pick<Policy, 'categories'>[],
): ReviewEntryView {
  const { sealed, blurred, outcome, categories, message } = entryView(entry, policy, under)
  return { sealed, blurred, outcome, categories, message: shownMessage(message) }
}

/** Named one by one: by whatever else a message carries, the account, the case or a directive on it can be looked up. */
function shownMessage(message: Partial<Message>): object {
  const { visibility, sentAt, receivedAt, language, text, links, media, audience, change, account } = message
  const { displayName, kind, followers, verified } = account ?? {}
  return definedFields({
    ...{ visibility, sentAt, receivedAt, language, text, links, media, audience, change },
    account: account && definedFields({ displayName, kind, followers, verified }),
  })
}
