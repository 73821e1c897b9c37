import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { definedFields, olderThan } from '../store/queries.js'
import type { ReviewAnswer, ReviewRecord } from './review.js'

export interface ReviewDocument extends ReviewRecord, WithOutbox {}

export const REVIEWS = 'Review'
export const ReviewSchema = new Schema<ReviewDocument>(
  { _id: String },
  { collection: 'reviews', strict: false, versionKey: false },
)
ReviewSchema.index({ reviewId: 1 }, { unique: true })
ReviewSchema.index(
  { kind: 1, openedAt: 1, _id: 1, until: 1, severity: 1 },
  { name: 'waiting', partialFilterExpression: { state: 'open' } },
)
ReviewSchema.index({ assignee: 1, until: 1 }, { name: 'in hand', partialFilterExpression: { state: 'open' } })
ReviewSchema.index({ kind: 1, 'answer.at': -1, _id: -1 })
ReviewSchema.index({ kind: 1, disagreement: 1, 'answer.at': -1, _id: -1 })
ReviewSchema.index({ kind: 1, 'answer.by': 1, 'answer.at': -1 })
ReviewSchema.index({ kind: 1, decidedBy: 1, 'answer.at': -1 })
ReviewSchema.index({ caseId: 1 })
ReviewSchema.index(...outboxIndex)

export interface ReviewFilter {
  disagreement?: boolean
  platformId?: string
  category?: string
}

/** How often one was expected and another answered, by category. */
export interface AnswerCount {
  category: string
  expected: ReviewRecord['expected']
  answer: ReviewRecord['expected']
  n: number
}

/** Reviews: every change is guarded by who has the review. */
@Injectable()
export class ReviewStore {
  @HasOutbox({ order: 850 })
  readonly reviews: mongo.Collection<ReviewDocument>
  private readonly outboxes: OutboxCollection<ReviewDocument>

  constructor(@InjectModel(REVIEWS) model: Model<ReviewDocument>) {
    this.reviews = model.collection as unknown as mongo.Collection<ReviewDocument>
    this.outboxes = new OutboxCollection(this.reviews)
  }

  /** Adds those that are not there yet. */
  async add(reviews: readonly ReviewDocument[]): Promise<void> {
    await this.outboxes.addMissing(reviews)
  }

  async byReviewId(reviewId: string): Promise<ReviewDocument | null> {
    return this.reviews.findOne({ reviewId })
  }

  /** What somebody has and has not answered. */
  async inHand(subject: string, now: Date): Promise<ReviewDocument | null> {
    return this.reviews.findOne({ state: 'open', assignee: subject, until: { $gt: now } })
  }

  /**
   * Claims the second review that waits longest, in one step: however many ask at once, each gets another one. Null when none
   * waits for this person.
   */
  async claimOldest(
    subject: string,
    now: Date,
    until: Date,
    maxSeverity: number | undefined,
  ): Promise<ReviewDocument | null> {
    return this.reviews.findOneAndUpdate(
      {
        state: 'open',
        kind: 'second',
        until: { $lte: now },
        excluded: { $ne: subject },
        ...(maxSeverity === undefined ? {} : { severity: { $lte: maxSeverity } }),
      },
      { $set: { assignee: subject, until } },
      { sort: { openedAt: 1, _id: 1 }, returnDocument: 'after' },
    )
  }

  /** Hands a review to one person, who may have had it before; null where they have answered it. */
  async handOut(review: ReviewDocument, subject: string, until: Date): Promise<ReviewDocument | null> {
    await this.add([review])
    return this.reviews.findOneAndUpdate(
      { _id: review._id, state: 'open' },
      { $set: { assignee: subject, until } },
      { returnDocument: 'after' },
    )
  }

  /** Puts back what somebody has, for everybody. */
  async release({ _id }: Pick<ReviewDocument, '_id'>, subject: string): Promise<void> {
    await this.reviews.updateOne(
      { _id, state: 'open', assignee: subject },
      { $set: { assignee: null, until: new Date(0) } },
    )
  }

  /** Puts back what somebody may not have, for all others. */
  async putBack({ _id }: Pick<ReviewDocument, '_id'>, subject: string): Promise<void> {
    await this.reviews.updateOne(
      { _id, state: 'open', assignee: subject },
      { $set: { assignee: null, until: new Date(0) }, $addToSet: { excluded: subject } },
    )
  }

  /** Ends one that nobody can answer any more. */
  async lapse({ _id }: Pick<ReviewDocument, '_id'>): Promise<void> {
    await this.reviews.updateOne({ _id, state: 'open' }, { $set: { state: 'lapsed' } })
  }

  /** Stores the answer of who has the review; null where they have it no longer. */
  async answer(
    { _id }: Pick<ReviewDocument, '_id'>,
    answer: ReviewAnswer,
    disagreement: boolean,
    pending: readonly Pending[],
  ): Promise<ReviewDocument | null> {
    const inHand = { _id, state: 'open' as const, assignee: answer.by, until: { $gt: answer.at } }
    return this.outboxes.change(inHand, { state: 'answered', answer, disagreement }, [...pending])
  }

  /** Who reviewed a decision on one of the cases. */
  async reviewersOf(caseIds: readonly string[]): Promise<string[]> {
    const found = await this.reviews
      .find(
        { caseId: { $in: [...caseIds] }, kind: 'second', state: 'answered' },
        { projection: { answer: 1 } },
      )
      .toArray()
    return found.map(({ answer }) => answer!.by)
  }

  /** The golden cases that somebody has answered. */
  async goldenAnswered(subject: string): Promise<Set<string>> {
    const found = await this.reviews
      .find({ kind: 'golden', 'answer.by': subject }, { projection: { goldenId: 1 } })
      .toArray()
    return new Set(found.map(({ goldenId }) => goldenId!))
  }

  /** Second reviews that were answered, the last answered first. */
  async answered(filter: ReviewFilter, limit: number, after?: [Date, string]): Promise<ReviewDocument[]> {
    return this.reviews
      .find({
        kind: 'second',
        'answer.at': { $type: 'date' },
        ...definedFields(filter),
        ...olderThan(after, 'answer.at'),
      } as mongo.Filter<ReviewDocument>)
      .sort({ 'answer.at': -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Second reviews that were answered in a span, counted by what was decided and answered; of one person's decisions, or all. */
  async countAnswers(from: Date, to: Date, decidedBy?: string): Promise<AnswerCount[]> {
    const judgement = (path: string) => ({ measure: `$${path}.measure`, clause: `$${path}.clause` })
    return this.reviews
      .aggregate<AnswerCount>([
        { $match: { kind: 'second', 'answer.at': { $gte: from, $lt: to }, ...definedFields({ decidedBy }) } },
        {
          $group: {
            _id: { category: '$category', expected: judgement('expected'), answer: judgement('answer') },
            n: { $sum: 1 },
          },
        },
        { $replaceWith: { $mergeObjects: ['$_id', { n: '$n' }] } },
      ])
      .toArray()
  }

  /** Answers to golden cases in a span, by person: how many, how many right. */
  async countGolden(
    from: Date,
    to: Date,
    leftOut: readonly string[],
    by?: string,
  ): Promise<{ operator: string; n: number; right: number }[]> {
    return this.reviews
      .aggregate<{ operator: string; n: number; right: number }>([
        {
          $match: {
            kind: 'golden',
            'answer.at': { $gte: from, $lt: to },
            goldenId: { $nin: [...leftOut] },
            ...definedFields({ 'answer.by': by }),
          },
        },
        {
          $group: {
            _id: '$answer.by',
            n: { $sum: 1 },
            right: { $sum: { $cond: ['$disagreement', 0, 1] } },
          },
        },
        { $sort: { _id: 1 } },
        { $project: { _id: 0, operator: '$_id', n: 1, right: 1 } },
      ])
      .toArray()
  }
}
