import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { eraseIndex, ErasureSchedule, type Scheduled } from '../store/erasure-schedule.js'
import { firstLook } from '../ledger/evidence-time.rules.js'
import { DATED, definedFields, notAmong, olderThan } from '../store/queries.js'
import type { AppealRecord } from './appeal.js'
import type { AppealState } from './appeal-transitions.js'

export interface AppealDocument extends AppealRecord, WithOutbox, Scheduled {}

export const APPEALS = 'Appeal'
export const AppealSchema = new Schema<AppealDocument>(
  { _id: String },
  { collection: 'appeals', strict: false, versionKey: false },
)
AppealSchema.index(
  { openKey: 1 },
  { unique: true, partialFilterExpression: { openKey: { $type: 'string' } } },
)
AppealSchema.index({ turn: 1 }, { unique: true })
AppealSchema.index({ receiptHash: 1 }, { unique: true })
AppealSchema.index({ directiveId: 1 })
AppealSchema.index({ measureKey: 1 })
AppealSchema.index({ openedAt: -1, _id: -1 })
AppealSchema.index({ state: 1, openedAt: -1, _id: -1 })
AppealSchema.index({ platformId: 1, openedAt: -1, _id: -1 })
AppealSchema.index({ accountId: 1, openedAt: -1, _id: -1 })
AppealSchema.index({ claimedBy: 1, openedAt: -1, _id: -1 })
AppealSchema.index({ openedAt: -1, _id: -1 }, { name: 'late', partialFilterExpression: { late: true } })
AppealSchema.index(
  { openedAt: -1, _id: -1 },
  { name: 'facts', partialFilterExpression: { factsWaiting: true } },
)
AppealSchema.index({ caseId: 1 })
AppealSchema.index({ nextDueAt: 1 }, { partialFilterExpression: { nextDueAt: { $type: 'date' } } })
AppealSchema.index({ outboxAt: 1 }, { name: 'unsettled', partialFilterExpression: { settled: false } })
AppealSchema.index(...eraseIndex)
AppealSchema.index(...outboxIndex)

export interface AppealFilter {
  state?: AppealState
  late?: boolean
  factsWaiting?: boolean
  platformId?: string
  accountId?: string
  claimedBy?: string
}

const KEEPING = { statementId: 1, caseId: 1, appellant: 1, state: 1, updatedAt: 1, 'decision.at': 1 } as const
export type KeepingAppeal = Pick<
  AppealDocument,
  '_id' | 'statementId' | 'caseId' | 'appellant' | 'state' | 'updatedAt'
> & { decision: { at: Date } | null }
/** A decided appeal as far as it says who has a part in what. */
export interface HeardAppeal {
  appealId: string
  by: string
  covers: readonly string[]
  undoes: readonly string[]
  /** Facts were taken up after it, and the appeal is heard again. */
  isEarlier?: boolean
}

/** Appeals: every change is guarded by where the appeal stands. */
@Injectable()
export class AppealStore {
  @HasOutbox({ order: 825 })
  readonly appeals: mongo.Collection<AppealDocument>
  private readonly outboxes: OutboxCollection<AppealDocument>
  /** When their texts are to be erased. */
  readonly erasures: ErasureSchedule<AppealDocument>

  constructor(@InjectModel(APPEALS) model: Model<AppealDocument>) {
    this.appeals = model.collection as unknown as mongo.Collection<AppealDocument>
    this.outboxes = new OutboxCollection(this.appeals)
    this.erasures = new ErasureSchedule(this.appeals)
  }

  /** Adds an appeal. False where it is there already, or another of this appellant against the measure came first. */
  async add(appeal: AppealDocument): Promise<boolean> {
    return this.outboxes.add({ ...appeal, eraseAt: firstLook(appeal.openedAt) })
  }

  async byId(appealId: string): Promise<AppealDocument | null> {
    return this.appeals.findOne({ _id: appealId })
  }

  async byReceipt(receiptHash: string): Promise<AppealDocument | null> {
    return this.appeals.findOne({ receiptHash })
  }

  /** Those against one measure, the oldest first: by its directive, or by what it is where it was ordered anew. */
  async against(directiveId: string, measureKey: string): Promise<AppealDocument[]> {
    return this.appeals
      .find({ $or: [{ directiveId }, { measureKey }] })
      .sort({ openedAt: 1, _id: 1 })
      .toArray()
  }

  /** Who decided appeals about any of the cases, also before they were heard again. */
  async hearersOf(caseIds: readonly string[]): Promise<string[]> {
    const heard = await this.appeals
      .find({ caseId: { $in: [...caseIds] } }, { projection: { decision: 1, earlier: 1 } })
      .toArray()
    return heard
      .flatMap(({ decision, earlier }) => (decision ? [...earlier, decision] : earlier))
      .map(({ by }) => by)
  }

  /** The decisions on appeals of an account, also those after which an appeal is heard again. */
  async heardOf(platformId: string, accountId: string): Promise<HeardAppeal[]> {
    const heard = await this.appeals
      .find({ accountId, platformId }, { projection: { decision: 1, earlier: 1, covers: 1, undoes: 1 } })
      .toArray()
    return heard.flatMap(({ _id, decision, earlier, covers = [], undoes = [] }) => [
      ...earlier.map(({ by }) => ({ appealId: _id, by, covers, undoes, isEarlier: true })),
      ...(decision ? [{ appealId: _id, by: decision.by, covers, undoes, isEarlier: false }] : []),
    ])
  }

  /** Makes a change if nobody else changed the appeal since it was read; null where somebody did. */
  async change(
    before: Pick<AppealDocument, '_id' | 'version'>,
    set: Partial<AppealDocument>,
    pending: readonly Pending[],
  ): Promise<AppealDocument | null> {
    const { _id, version } = before
    return this.outboxes.change({ _id, version }, set, [...pending], { $inc: { version: 1 } })
  }

  /** Notes that the account reflects this version of the appeal. */
  async markSettled({ _id, version }: Pick<AppealDocument, '_id' | 'version'>): Promise<void> {
    await this.appeals.updateOne({ _id, version }, { $set: { settled: true } })
  }

  /** What keeps evidence: those against measures on accounts, and those of others than the account against what was decided on cases. */
  async keeping(
    accountIds: readonly string[],
    statementIds: readonly string[],
    caseIds: readonly string[],
  ): Promise<KeepingAppeal[]> {
    const against = { accountId: { $in: [...accountIds] }, statementId: { $in: [...statementIds] } }
    const others = { caseId: { $in: [...caseIds] }, appellant: { $ne: 'account' } }
    const found = [against, others].map((filter) =>
      this.appeals
        .find(filter as mongo.Filter<AppealDocument>)
        .project<KeepingAppeal>(KEEPING)
        .toArray(),
    )
    const all = (await Promise.all(found)).flat()
    return [...new Map(all.map((appeal) => [appeal._id, appeal])).values()]
  }

  /** Undecided ones whose time is over. */
  async due(now: Date, limit: number, except: string[]): Promise<AppealDocument[]> {
    return this.appeals
      .find({ nextDueAt: { $lte: now, ...DATED }, ...notAmong(except) })
      .sort({ nextDueAt: 1 })
      .limit(limit)
      .toArray()
  }

  /** Those that their accounts do not reflect yet, though they were changed before an instant of the machine's clock. */
  async unsettled(changedBefore: Date, limit: number, except: string[]): Promise<AppealDocument[]> {
    return this.appeals
      .find({ settled: false, outboxAt: { $lt: changedBefore }, ...notAmong(except) })
      .sort({ outboxAt: 1 })
      .limit(limit)
      .toArray()
  }

  async list(filter: AppealFilter, limit: number, after?: [Date, string]): Promise<AppealDocument[]> {
    return this.appeals
      .find({ ...definedFields(filter), ...olderThan(after, 'openedAt') } as mongo.Filter<AppealDocument>)
      .sort({ openedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }
}
