import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { definedFields, olderThan } from '../store/queries.js'
import type { Judgement, ReviewedCase } from './review.js'

export const GOLDEN_STATES = ['proposed', 'approved', 'retired'] as const
export type GoldenState = (typeof GOLDEN_STATES)[number]

/** A decided case with the answer that two seniors found right. */
export interface GoldenCase extends ReviewedCase {
  expected: Judgement
  /** Why this is right. */
  why: string
  state: GoldenState
  proposedBy: string
  proposedAt: Date
  approvedBy: string | null
  approvedAt: Date | null
  retiredBy: string | null
  retiredAt: Date | null
}

export interface GoldenCaseDocument extends GoldenCase, WithOutbox {}

export const GOLDEN_CASES = 'GoldenCase'
export const GoldenCaseSchema = new Schema<GoldenCaseDocument>(
  { _id: String },
  { collection: 'golden_cases', strict: false, versionKey: false },
)
GoldenCaseSchema.index({ proposedAt: -1, _id: -1 })
GoldenCaseSchema.index({ state: 1, proposedAt: -1, _id: -1 })
GoldenCaseSchema.index({ platformId: 1, proposedAt: -1, _id: -1 })
GoldenCaseSchema.index(...outboxIndex)

/** The golden case that a case can become: one, ever. */
export function goldenIdOf(caseId: string): string {
  return derivedId('gold', caseId)
}

/** More than anybody keeps up to date. */
const MAX_IN_USE = 1_000

/** Golden cases: each change is guarded by the state that it leaves. */
@Injectable()
export class GoldenCaseStore {
  @HasOutbox({ order: 855 })
  readonly goldenCases: mongo.Collection<GoldenCaseDocument>
  private readonly outboxes: OutboxCollection<GoldenCaseDocument>

  constructor(@InjectModel(GOLDEN_CASES) model: Model<GoldenCaseDocument>) {
    this.goldenCases = model.collection as unknown as mongo.Collection<GoldenCaseDocument>
    this.outboxes = new OutboxCollection(this.goldenCases)
  }

  /** False where the case is one already. */
  async add(golden: GoldenCaseDocument): Promise<boolean> {
    return this.outboxes.add(golden)
  }

  async byId(goldenId: string): Promise<GoldenCaseDocument | null> {
    return this.goldenCases.findOne({ _id: goldenId })
  }

  /** Those in use, the oldest first. */
  async inUse(): Promise<GoldenCaseDocument[]> {
    return this.goldenCases
      .find({ state: 'approved' })
      .sort({ proposedAt: 1, _id: 1 })
      .limit(MAX_IN_USE)
      .toArray()
  }

  /** Who put one of the cases forward, or approved that. */
  async keepersOf(caseIds: readonly string[]): Promise<string[]> {
    const found = await this.goldenCases
      .find({ _id: { $in: caseIds.map(goldenIdOf) } }, { projection: { proposedBy: 1, approvedBy: 1 } })
      .toArray()
    return found.flatMap(({ proposedBy, approvedBy }) =>
      approvedBy ? [proposedBy, approvedBy] : [proposedBy],
    )
  }

  async retiredIds(): Promise<string[]> {
    const found = await this.goldenCases.find({ state: 'retired' }, { projection: { _id: 1 } }).toArray()
    return found.map(({ _id }) => _id)
  }

  async list(
    filter: { state?: GoldenState; platformId?: string },
    limit: number,
    after?: [Date, string],
  ): Promise<GoldenCaseDocument[]> {
    return this.goldenCases
      .find({ ...definedFields(filter), ...olderThan(after, 'proposedAt') })
      .sort({ proposedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Changes one that is still in the state it was read in; null where it is not. */
  async change(
    { _id, state }: Pick<GoldenCaseDocument, '_id' | 'state'>,
    set: Partial<GoldenCase>,
    pending: Pending,
  ): Promise<GoldenCaseDocument | null> {
    return this.outboxes.change({ _id, state }, set, [pending])
  }
}
