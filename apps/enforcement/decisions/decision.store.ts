import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { accountKey } from '#libs/contracts/ids'
import { bulkWrite } from '#libs/platform/mongo/bulk-write'
import { given, olderThan } from '../queries.js'
import type { DecisionRecord, DecisionState } from './decision.js'

export interface DecisionDocument extends DecisionRecord {
  _id: string
  accountKey: string
  /** Revision of the account that wrote it last; also its version. */
  accountRev: number
}

export const DECISIONS = 'Decision'
export const DecisionSchema = new Schema<DecisionDocument>(
  { _id: String },
  { collection: 'decisions', strict: false, versionKey: false },
)
DecisionSchema.index({ accountId: 1, at: -1, _id: -1 })
DecisionSchema.index({ platformId: 1, at: -1, _id: -1 })
DecisionSchema.index({ caseId: 1, at: -1 })
DecisionSchema.index({ at: -1, _id: -1 })
DecisionSchema.index({ state: 1, at: -1, _id: -1 })
DecisionSchema.index({ directiveIds: 1 })

/** Decisions, written by changes of their account only. */
@Injectable()
export class DecisionStore {
  private readonly decisions: mongo.Collection<DecisionDocument>

  constructor(@InjectModel(DECISIONS) model: Model<DecisionDocument>) {
    this.decisions = model.collection as unknown as mongo.Collection<DecisionDocument>
  }

  async byId(decisionId: string): Promise<DecisionDocument | null> {
    return this.decisions.findOne({ _id: decisionId })
  }

  async byIds(decisionIds: readonly string[]): Promise<DecisionDocument[]> {
    if (decisionIds.length === 0) return []
    return this.decisions.find({ _id: { $in: [...decisionIds] } }).toArray()
  }

  async ofCase(caseId: string): Promise<DecisionDocument[]> {
    return this.decisions.find({ caseId }).sort({ at: -1 }).limit(200).toArray()
  }

  /** Which of the directives another decision in force also stands on. */
  async shared(directiveIds: readonly string[], decisionId: string): Promise<Set<string>> {
    const others = await this.decisions
      .find({ _id: { $ne: decisionId }, directiveIds: { $in: [...directiveIds] }, state: 'in_force' })
      .toArray()
    return new Set(others.flatMap((other) => other.directiveIds))
  }

  async list(
    filter: { state?: DecisionState; platformId?: string; accountId?: string; caseId?: string },
    limit: number,
    after?: [Date, string],
  ): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ ...given(filter), ...olderThan(after) })
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Those of an account up to an instant, newest first. */
  async until(platformId: string, accountId: string, at: Date, limit: number): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ accountId, platformId, at: { $lte: at } })
      .sort({ at: -1 })
      .limit(limit)
      .toArray()
  }

  async write(writes: readonly { rev: number; value: DecisionRecord }[]): Promise<void> {
    const operations = writes.map(({ rev, value }) => ({
      updateOne: {
        filter: { _id: value.decisionId, accountRev: { $lt: rev } },
        update: {
          $set: { ...value, accountKey: accountKey(value.platformId, value.accountId), accountRev: rev },
        },
        upsert: true,
      },
    }))
    await bulkWrite(this.decisions, operations)
  }
}
