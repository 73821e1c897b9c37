import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { given, olderThan } from '../queries.js'
import { type OfAccount, type RevisedWrite, writeRevised } from '../write-revised.js'
import type { DecisionRecord, DecisionState } from './decision.js'

/** Its `accountRev` is also its version. */
export interface DecisionDocument extends DecisionRecord, OfAccount {}

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
DecisionSchema.index(
  { 'intent.noticeId': 1 },
  { name: 'notice', partialFilterExpression: { 'intent.noticeId': { $type: 'string' } } },
)

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

  /** Those that wait, and of which these notices told beforehand. */
  async heldByNotices(noticeIds: readonly string[]): Promise<DecisionDocument[]> {
    if (noticeIds.length === 0) return []
    return this.decisions
      .find({
        'intent.noticeId': { $in: [...noticeIds], $type: 'string' },
        state: 'held',
      } as mongo.Filter<DecisionDocument>)
      .toArray()
  }

  /** How many bans wait for a notice that reached nobody. */
  async countUndelivered(): Promise<number> {
    return this.decisions.countDocuments({ state: 'held', 'intent.undelivered': true })
  }

  /** Those of an account that added a strike. */
  async ofStrike(platformId: string, accountId: string, strikeId: string): Promise<DecisionDocument[]> {
    return this.decisions.find({ accountId, platformId, strikeIds: strikeId }).toArray()
  }

  /** Everyone who decided, approved, refused or reversed something on any of the cases. */
  async peopleOf(caseIds: readonly string[]): Promise<string[]> {
    const byPeople = await this.decisions
      .find(
        {
          caseId: { $in: [...caseIds] },
          $or: [
            { by: { $ne: 'system' } },
            { approval: { $ne: null } },
            { earlierApprovals: { $exists: true } },
            { refusal: { $ne: null } },
            { reversal: { $ne: null } },
          ],
        },
        { projection: { by: 1, approval: 1, earlierApprovals: 1, refusal: 1, reversal: 1 } },
      )
      .toArray()
    return byPeople.flatMap(({ by, approval, earlierApprovals = [], refusal, reversal }) =>
      [by, approval?.by, ...earlierApprovals.map((earlier) => earlier.by), refusal?.by, reversal?.by].filter(
        (one) => one !== undefined && one !== 'system',
      ),
    ) as string[]
  }

  /** Where the decisions on a case stand, whichever account each is about. */
  async standingsOf(caseId: string): Promise<Pick<DecisionDocument, 'platformId' | 'accountId' | 'state'>[]> {
    return this.decisions
      .find({ caseId }, { projection: { _id: 0, platformId: 1, accountId: 1, state: 1 } })
      .toArray()
  }

  /** Those on a case about accounts of these ids, the latest last. */
  async onAccounts(caseId: string, accountIds: readonly string[]): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ caseId, accountId: { $in: [...accountIds] } })
      .sort({ at: 1 })
      .toArray()
  }

  async ofCases(caseIds: readonly string[]): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ caseId: { $in: [...caseIds] } })
      .sort({ at: -1 })
      .limit(200)
      .toArray()
  }

  /** Directives of these decisions on which another decision in force also stands. */
  async shared(undone: readonly DecisionDocument[]): Promise<Set<string>> {
    if (undone.length === 0) return new Set()
    const others = await this.decisions
      .find({
        _id: { $nin: undone.map(({ _id }) => _id) },
        directiveIds: { $in: undone.flatMap(({ directiveIds }) => directiveIds) },
        state: 'in_force',
        pauses: { $not: { $elemMatch: { endedAt: null } } },
      })
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

  /** Those of an account, newest first. */
  async ofAccount(
    platformId: string,
    accountId: string,
    limit: number,
    after?: [Date, string],
  ): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ accountId, platformId, ...olderThan(after) })
      .sort({ at: -1, _id: -1 })
      .limit(limit)
      .toArray()
  }

  async write(writes: readonly RevisedWrite<DecisionRecord>[]): Promise<void> {
    await writeRevised(this.decisions, writes, ({ decisionId }) => decisionId)
  }
}
