import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Verdict } from '#libs/contracts/verdict'
import { given, prefix } from '../queries.js'
import { bulkWrite, insertMissing } from '#libs/platform/mongo/bulk-write'
import type { Pending } from '../outbox/pending.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import type { JudgedContent } from '../statements/dsa-statement.rules.js'
import type { CaseChange, CaseEntry, CaseNote, CaseRecord } from './case.js'
import { statesBefore, type CaseAction, type CaseState } from './case-transitions.js'

export interface CaseDocument extends CaseRecord, WithOutbox {}

export const CASES = 'Case'
export const CaseSchema = new Schema<CaseDocument>(
  { _id: String },
  { collection: 'cases', strict: false, versionKey: false },
)
CaseSchema.index({ state: 1, priority: -1, openedAt: 1, _id: 1 })
CaseSchema.index({ openedAt: -1, _id: -1 })
CaseSchema.index({ platformId: 1, accountId: 1, openedAt: -1 })
CaseSchema.index({ assignee: 1, state: 1 })
CaseSchema.index(...outboxIndex)

export const CASE_ENTRIES = 'CaseEntry'
export const CaseEntrySchema = new Schema<CaseEntry>(
  { _id: String },
  { collection: 'case_entries', strict: false, versionKey: false },
)
CaseEntrySchema.index({ caseId: 1, receivedAt: -1 })
CaseEntrySchema.index({ platformId: 1, accountId: 1, receivedAt: -1 })

export interface CaseFilter {
  state?: CaseState
  platformId?: string
  accountId?: string
  categories?: string
  assignee?: string
  /** Prefix of the account's id. */
  q?: string
}

/** Cases and their entries. */
@Injectable()
export class CaseStore {
  readonly cases: mongo.Collection<CaseDocument>
  private readonly entries: mongo.Collection<CaseEntry>

  constructor(
    @InjectModel(CASES) cases: Model<CaseDocument>,
    @InjectModel(CASE_ENTRIES) entries: Model<CaseEntry>,
  ) {
    this.cases = cases.collection as unknown as mongo.Collection<CaseDocument>
    this.entries = entries.collection as unknown as mongo.Collection<CaseEntry>
  }

  /** Keeps the evidence. It belongs to no case until the account has taken it in. */
  async keepEvidence(verdicts: readonly Verdict[]): Promise<void> {
    await insertMissing(this.entries, verdicts.map(entryOf))
  }

  /** Which of the verdicts are in a case already. */
  async taken(verdictIds: readonly string[]): Promise<Set<string>> {
    if (verdictIds.length === 0) return new Set()
    const found = await this.entries
      .find({ _id: { $in: [...verdictIds] }, caseId: { $ne: null } }, { projection: { _id: 1 } })
      .toArray()
    return new Set(found.map((entry) => entry._id))
  }

  async takeIn(entries: readonly { verdictId: string; caseId: string; at: Date }[]): Promise<void> {
    const operations = entries.map(({ verdictId, caseId, at }) => ({
      updateOne: { filter: { _id: verdictId, caseId: null }, update: { $set: { caseId, addedAt: at } } },
    }))
    await bulkWrite(this.entries, operations)
  }

  async entriesOf(caseId: string, limit: number): Promise<CaseEntry[]> {
    return this.entries.find({ caseId }).sort({ receivedAt: -1 }).limit(limit).toArray()
  }

  async entriesOfMessages(caseId: string, messageIds: readonly string[]): Promise<CaseEntry[]> {
    return this.entries.find({ caseId, messageId: { $in: [...messageIds] } }).toArray()
  }

  /** By verdict: what the judged messages were, without what they said. */
  async contentOf(verdictIds: readonly string[]): Promise<Map<string, JudgedContent>> {
    if (verdictIds.length === 0) return new Map()
    const found = await this.entries
      .find({ _id: { $in: [...verdictIds] } })
      .project<Pick<CaseEntry, '_id' | 'receivedAt' | 'message'> & { hasText: boolean; hasLinks: boolean }>({
        receivedAt: 1,
        'message.sentAt': 1,
        'message.language': 1,
        'message.account.kind': 1,
        'message.media.kind': 1,
        hasText: { $gt: ['$message.text', ''] },
        hasLinks: { $gt: [{ $size: { $ifNull: ['$message.links', []] } }, 0] },
      })
      .toArray()
    return new Map(
      found.map(({ _id, receivedAt, message, hasText, hasLinks }) => [
        _id,
        {
          sentAt: new Date(message.sentAt),
          receivedAt,
          language: message.language ?? null,
          text: hasText || hasLinks,
          media: (message.media ?? []).map(({ kind }) => kind),
          accountKind: message.account?.kind ?? null,
        },
      ]),
    )
  }

  async entriesOfAccount(
    platformId: string,
    accountId: string,
    before: Date,
    limit: number,
  ): Promise<CaseEntry[]> {
    return this.entries
      .find({ platformId, accountId, caseId: { $ne: null }, receivedAt: { $lte: before } })
      .sort({ receivedAt: -1 })
      .limit(limit)
      .toArray()
  }

  async countEntries(caseId: string): Promise<number> {
    return this.entries.countDocuments({ caseId })
  }

  async byId(caseId: string): Promise<CaseDocument | null> {
    return this.cases.findOne({ _id: caseId })
  }

  /** Newest first. */
  async newest(filter: CaseFilter, limit: number, after?: [Date, string]): Promise<CaseDocument[]> {
    const older = after
      ? { $or: [{ openedAt: { $lt: after[0] } }, { openedAt: after[0], _id: { $lt: after[1] } }] }
      : {}
    return this.cases
      .find({ ...matching(filter), ...older } as mongo.Filter<CaseDocument>)
      .sort({ openedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Most urgent first; of equally urgent ones the oldest. */
  async mostUrgent(
    filter: CaseFilter,
    limit: number,
    after?: [number, Date, string],
  ): Promise<CaseDocument[]> {
    const later = after
      ? {
          $or: [
            { priority: { $lt: after[0] } },
            { priority: after[0], openedAt: { $gt: after[1] } },
            { priority: after[0], openedAt: after[1], _id: { $gt: after[2] } },
          ],
        }
      : {}
    return this.cases
      .find({ ...matching(filter), ...later } as mongo.Filter<CaseDocument>)
      .sort({ priority: -1, openedAt: 1, _id: 1 })
      .limit(limit + 1)
      .toArray()
  }

  /** Makes a change if the case is where the action begins and matches `guard`; null where it is not. */
  async act(
    caseId: string,
    action: CaseAction,
    guard: Partial<CaseDocument>,
    set: Partial<CaseDocument>,
    pending: readonly Pending[],
  ): Promise<CaseDocument | null> {
    return this.cases.findOneAndUpdate(
      { _id: caseId, state: { $in: statesBefore(action) }, ...guard },
      {
        $set: { ...set, outboxAt: new Date() },
        $inc: { version: 1 },
        $push: { pending: { $each: [...pending] } },
        ...(set.assignee ? { $addToSet: { workedBy: set.assignee } } : {}),
      },
      { returnDocument: 'after' },
    )
  }

  async addNote(caseId: string, note: CaseNote): Promise<CaseDocument | null> {
    return this.cases.findOneAndUpdate(
      { _id: caseId, 'notes.noteId': { $ne: note.noteId } },
      {
        $push: { notes: note },
        $set: { updatedAt: note.at },
        $inc: { version: 1 },
      },
      { returnDocument: 'after' },
    )
  }

  async write(writes: readonly { rev: number; value: CaseChange }[]): Promise<void> {
    await bulkWrite(this.cases, writes.map(operationOf))
  }
}

function matching({ q, accountId, ...exact }: CaseFilter): object {
  const account = accountId ?? (q === undefined ? undefined : prefix(q))
  return given({ ...exact, accountId: account })
}

function operationOf({
  rev,
  value,
}: {
  rev: number
  value: CaseChange
}): mongo.AnyBulkWriteOperation<CaseDocument> {
  const { caseId, platformId, accountId, at, opens, state, automated, proposal } = value
  const set = given({ state, automated, proposal })
  const untouched = {
    platformId,
    accountId,
    ...(state === undefined ? { state: 'open' as const } : {}),
    ...(automated === undefined ? { automated: false } : {}),
    ...(proposal === undefined ? { proposal: null } : {}),
    openedAt: at,
    assignee: null,
    claimedAt: null,
    notes: [],
    pending: [],
    outboxAt: null,
  }
  return {
    updateOne: {
      filter: { _id: caseId, accountRev: { $lt: rev } },
      update: {
        $set: { ...set, updatedAt: at, accountRev: rev },
        $addToSet: { categories: { $each: value.addCategories } },
        $max: { severity: value.severity, priority: value.priority },
        $inc: { version: 1 },
        $setOnInsert: untouched,
      },
      upsert: opens,
    },
  }
}

function entryOf(verdict: Verdict): CaseEntry {
  return {
    _id: verdict.verdictId,
    caseId: null,
    addedAt: null,
    platformId: verdict.platformId,
    accountId: verdict.accountId,
    messageId: verdict.messageId,
    revision: verdict.revision,
    outcome: verdict.outcome,
    mode: verdict.mode,
    categories: verdict.categories,
    policyVersion: verdict.policyVersion,
    bankVersions: verdict.bankVersions,
    modelVersions: verdict.modelVersions,
    overlays: verdict.overlays,
    inputs: verdict.inputs,
    message: verdict.message,
    receivedAt: new Date(verdict.receivedAt),
    classifiedAt: new Date(verdict.classifiedAt),
  }
}
