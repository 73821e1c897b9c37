import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { WritesPending } from '../ledger-write.js'
import { definedFields, olderThan } from '../../store/queries.js'
import { ErasureSchedule, type Scheduled } from '../../store/erasure-schedule.js'
import { firstLook } from '../evidence-time.rules.js'
import { type OfAccount, type RevisedWrite, writeRevised } from '../../store/write-revised.js'
import type { DecisionRecord, DecisionState } from './decision.js'

/** Its `accountRev` is also its version. */
export interface DecisionDocument extends DecisionRecord, OfAccount {}

/** A decision that its account's owner has answered. */
export interface AnsweredDecision extends DecisionDocument, Scheduled {
  answer: { at: Date; text: string }
}
const ANSWERED = { 'answer.text': { $gt: '' } } as const

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
// How long evidence is needed: what people decided on cases, and the steps of the ladder that count a strike. Few of all.
DecisionSchema.index(
  { caseId: 1, accountKey: 1, at: 1 },
  { name: 'by people', partialFilterExpression: { automated: false } },
)
DecisionSchema.index(
  { strikesCounted: 1 },
  { name: 'steps', partialFilterExpression: { stepId: { $type: 'string' } } },
)
// Few: what owners said to what was intended, while it is kept.
DecisionSchema.index({ eraseAt: 1 }, { name: 'answers', partialFilterExpression: ANSWERED })

/** Of what people decided on a case only the latest matters; some come at one instant. */
const MAX_READ = 50
DecisionSchema.index(
  { 'intent.noticeId': 1 },
  { name: 'notice', partialFilterExpression: { 'intent.noticeId': { $type: 'string' } } },
)

/** A decision as far as it says who did what to it. */
export type PeopledDecision = Pick<
  DecisionRecord,
  'decisionId' | 'by' | 'approval' | 'refusal' | 'reversal' | 'replaces'
>

/** Decisions, written by changes of their account only. */
@Injectable()
export class DecisionStore {
  private readonly decisions: mongo.Collection<DecisionDocument>
  /** When answers are to be erased. */
  readonly erasures: ErasureSchedule<AnsweredDecision>

  constructor(@InjectModel(DECISIONS) model: Model<DecisionDocument>) {
    this.decisions = model.collection as unknown as mongo.Collection<DecisionDocument>
    this.erasures = new ErasureSchedule(
      model.collection as unknown as mongo.Collection<AnsweredDecision>,
      ANSWERED,
    )
  }

  async byId(decisionId: string): Promise<DecisionDocument | null> {
    return this.decisions.findOne({ _id: decisionId })
  }

  async byIds(decisionIds: readonly string[]): Promise<DecisionDocument[]> {
    if (decisionIds.length === 0) return []
    return this.decisions.find({ _id: { $in: [...decisionIds] } }).toArray()
  }

  /** Those of an account that added one of the strikes. */
  async ofStrikes(
    platformId: string,
    accountId: string,
    strikeIds: readonly string[],
  ): Promise<DecisionDocument[]> {
    if (strikeIds.length === 0) return []
    return this.decisions.find({ accountId, platformId, strikeIds: { $in: [...strikeIds] } }).toArray()
  }

  /** Those that stand, or stood, on one of the directives. */
  async onDirectives(directiveIds: readonly string[]): Promise<DecisionDocument[]> {
    if (directiveIds.length === 0) return []
    return this.decisions
      .find({ directiveIds: { $in: [...directiveIds] } })
      .sort({ at: 1, _id: 1 })
      .toArray()
  }

  /** Who did what to the decisions of people in the cases, whichever account each is about; what was decided automatically is left out. */
  async ofPeople(caseIds: readonly string[]): Promise<PeopledDecision[]> {
    return this.decisions
      .find(
        { caseId: { $in: [...caseIds] }, by: { $ne: 'system' } },
        { projection: { decisionId: 1, by: 1, approval: 1, refusal: 1, reversal: 1, replaces: 1 } },
      )
      .toArray()
  }

  /** Steps of the ladder that arose at one of the strikes. */
  async stepsAt(
    platformId: string,
    accountId: string,
    messageIds: readonly string[],
  ): Promise<DecisionDocument[]> {
    if (messageIds.length === 0) return []
    return this.decisions
      .find({
        accountId,
        platformId,
        stepId: { $type: 'string' },
        'messages.messageId': { $in: [...messageIds] },
      } as mongo.Filter<DecisionDocument>)
      .toArray()
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

  /** What people decided on any of the cases, the latest first. */
  async byPeopleOn(caseIds: readonly string[]): Promise<DecisionDocument[]> {
    if (caseIds.length === 0) return []
    const people = [{ automated: false }, { approval: { $ne: null } }, { refusal: { $ne: null } }]
    return this.decisions
      .find({ caseId: { $in: [...caseIds] }, $or: people })
      .sort({ at: -1 })
      .limit(MAX_READ)
      .toArray()
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

  /** Which decisions stand on these directives. */
  async standingOn(
    directiveIds: readonly string[],
  ): Promise<Pick<DecisionDocument, '_id' | 'directiveIds'>[]> {
    return this.decisions
      .find({ directiveIds: { $in: [...directiveIds] } }, { projection: { directiveIds: 1 } })
      .toArray()
  }

  /** Says of answers that nobody looks at when to do so first; at most of as many as said. */
  async scheduleAnswers(limit: number): Promise<void> {
    const fresh = (await this.decisions
      .find({ ...ANSWERED, eraseAt: null } as mongo.Filter<DecisionDocument>, {
        projection: { 'answer.at': 1 },
      })
      .hint('answers')
      .limit(limit)
      .toArray()) as unknown as AnsweredDecision[]
    if (fresh.length === 0) return
    await this.decisions.bulkWrite(
      fresh.map(({ _id, answer }) => ({
        updateOne: { filter: { _id }, update: { $set: { eraseAt: firstLook(answer.at) } } },
      })),
      { ordered: false },
    )
  }

  /** What people decided on cases about accounts, or about any. */
  async byPeople(
    caseIds: readonly string[],
    accountKeys?: readonly string[],
  ): Promise<Pick<DecisionDocument, '_id' | 'caseId' | 'accountKey' | 'at' | 'directiveIds'>[]> {
    const about = accountKeys ? { accountKey: { $in: [...accountKeys] } } : {}
    return this.decisions
      .find(
        { caseId: { $in: [...caseIds] }, ...about, automated: false },
        { projection: { caseId: 1, accountKey: 1, at: 1, directiveIds: 1 } },
      )
      .hint('by people')
      .toArray()
  }

  /** The steps of the ladder that count any of the strikes. */
  async stepsCounting(
    strikeIds: readonly string[],
  ): Promise<Pick<DecisionDocument, '_id' | 'strikesCounted' | 'directiveIds'>[]> {
    return this.decisions
      .find(
        { strikesCounted: { $in: [...strikeIds] }, stepId: { $type: 'string' } },
        { projection: { strikesCounted: 1, directiveIds: 1 } },
      )
      .hint('steps')
      .toArray()
  }

  async list(
    filter: { state?: DecisionState; platformId?: string; accountId?: string; caseId?: string },
    limit: number,
    after?: [Date, string],
  ): Promise<DecisionDocument[]> {
    return this.decisions
      .find({ ...definedFields(filter), ...olderThan(after) })
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

  @WritesPending('decision')
  async write(writes: readonly RevisedWrite<DecisionRecord>[]): Promise<void> {
    await writeRevised(this.decisions, writes, ({ decisionId }) => decisionId)
  }
}
