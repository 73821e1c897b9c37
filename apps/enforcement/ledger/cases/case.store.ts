import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { type CasePending, WritesPending } from '../ledger-write.js'
import { DATED, definedFields, notAmong, olderThan, prefix } from '../../store/queries.js'
import { bulkWrite, duplicateKey } from '#libs/runtime/mongo/bulk-write'
import { HasOutbox } from '../../outbox/has-outbox.js'
import { OutboxCollection } from '../../outbox/outbox-collection.js'
import { outboxIndex } from '../../outbox/with-outbox.js'
import { eraseIndex, ErasureSchedule } from '../../store/erasure-schedule.js'
import { firstLook } from '../evidence-time.rules.js'
import {
  type CaseChange,
  type CaseDocument,
  type CaseKind,
  type CaseNote,
  MAX_NOTES,
  partsOf,
} from './case.js'
import { CASE_STATES, type CaseState } from './case-transitions.js'
import { absorbing, updateBy } from './case-update.js'
import { type Queue, queuesAt } from './queue.js'
import { claiming, MOST_URGENT_FIRST, type NextClaim, type Wanted, waitingFor } from './waiting-case.js'

export const CASES = 'Case'
/** The order of a search. */
const BY_ACCOUNT = { accountId: 1, openedAt: -1, _id: -1 } as const
export const CaseSchema = new Schema<CaseDocument>(
  { _id: String },
  { collection: 'cases', strict: false, versionKey: false },
)
// Lists: newest first, most urgent first, due first. Lists without a state ask for each of them: fewer indexes to change.
CaseSchema.index({ state: 1, openedAt: -1, _id: -1 })
CaseSchema.index({ state: 1, urgentSince: 1, _id: 1 })
CaseSchema.index({ state: 1, dueAt: 1, _id: 1 })
CaseSchema.index({ categories: 1, openedAt: -1, _id: -1 })
CaseSchema.index({ assignee: 1, openedAt: -1, _id: -1 })
CaseSchema.index(BY_ACCOUNT)
CaseSchema.index({ platformId: 1, openedAt: -1, _id: -1 })
// What `next` walks: the cases that wait, most urgent first, with what operators choose by.
CaseSchema.index(
  {
    until: 1,
    route: 1,
    urgentSince: 1,
    _id: 1,
    'gravest.category': 1,
    'gravest.language': 1,
    platformId: 1,
    severity: 1,
  },
  { name: 'waiting', partialFilterExpression: { state: 'open' } },
)
// What is due by the clock, and who asked for what.
CaseSchema.index({ until: 1 }, { name: 'timed', partialFilterExpression: { until: { $type: 'date' } } })
CaseSchema.index(
  { lastRequest: 1 },
  { name: 'request', unique: true, partialFilterExpression: { lastRequest: { $type: 'string' } } },
)
// What the queues are counted from, without reading a case.
CaseSchema.index(
  {
    state: 1,
    platformId: 1,
    'gravest.category': 1,
    'gravest.language': 1,
    route: 1,
    until: 1,
    openedAt: 1,
    dueAt: 1,
  },
  { name: 'queues', partialFilterExpression: { state: { $in: ['open', 'claimed'] } } },
)
// Clusters: few, and looked after by the clock.
CaseSchema.index(
  { kind: 1, state: 1, openedAt: -1, _id: -1 },
  { name: 'clusters', partialFilterExpression: { kind: 'cluster' } },
)
CaseSchema.index(
  { deciding: 1 },
  { name: 'deciding', partialFilterExpression: { deciding: { $type: 'string' } } },
)
CaseSchema.index(...eraseIndex)
CaseSchema.index(...outboxIndex)

export interface CaseFilter {
  kind?: CaseKind
  state?: CaseState
  platformId?: string
  accountId?: string
  categories?: string
  assignee?: string
  /** Undecided past its due time at `now`, or not. */
  overdue?: { is: boolean; now: Date }
  /** Prefix of the account's id. */
  q?: string
}

/** Cases: every change is guarded by the version, or by the revision of the account that it comes from. */
@Injectable()
export class CaseStore {
  @HasOutbox({ order: 820, writes: ['finding'] })
  readonly cases: mongo.Collection<CaseDocument>
  private readonly outboxes: OutboxCollection<CaseDocument>
  /** When notes are to be erased. */
  readonly erasures: ErasureSchedule<CaseDocument>

  constructor(@InjectModel(CASES) model: Model<CaseDocument>) {
    this.cases = model.collection as unknown as mongo.Collection<CaseDocument>
    this.outboxes = new OutboxCollection(this.cases)
    this.erasures = new ErasureSchedule(this.cases)
  }

  async byId(caseId: string): Promise<CaseDocument | null> {
    return this.cases.findOne({ _id: caseId })
  }

  /** Newest first. */
  async newest(filter: CaseFilter, limit: number, after?: [Date, string]): Promise<CaseDocument[]> {
    return this.cases
      .find({ ...matching(filter), ...olderThan(after, 'openedAt') } as mongo.Filter<CaseDocument>)
      .sort({ openedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }

  /** By the id of the account, of each the newest first: in the order of an index, however many there are. */
  async byAccount(
    filter: CaseFilter,
    limit: number,
    after?: [string, Date, string],
  ): Promise<CaseDocument[]> {
    const [account, at, id] = after ?? []
    const later = after
      ? {
          $or: [
            { accountId: { $gt: account } },
            { accountId: account, openedAt: { $lt: at } },
            { accountId: account, openedAt: at, _id: { $lt: id } },
          ],
        }
      : {}
    const from = account === undefined ? {} : { accountId: { $gte: account } }
    return this.cases
      .find({ $and: [matching(filter), from, later] } as mongo.Filter<CaseDocument>)
      .sort(BY_ACCOUNT)
      .hint(BY_ACCOUNT)
      .limit(limit + 1)
      .toArray()
  }

  /** The most urgent first, or those that are due the soonest. */
  async earliest(
    by: 'urgentSince' | 'dueAt',
    filter: CaseFilter,
    limit: number,
    after?: [Date, string],
  ): Promise<CaseDocument[]> {
    const [at, id] = after ?? []
    const later = after ? { [by]: { $gte: at }, $or: [{ [by]: { $gt: at } }, { _id: { $gt: id } }] } : {}
    return this.cases
      .find({ $and: [matching(filter), later] } as mongo.Filter<CaseDocument>)
      .sort({ [by]: 1, _id: 1 })
      .limit(limit + 1)
      .toArray()
  }

  /**
   * Claims the most urgent of the waiting cases, in one step: however many ask at once, each gets another one. Null when
   * none waits. The same request again gets the case that it got. The event is told in the case's outbox.
   */
  async claimMostUrgent(wanted: Wanted, claim: NextClaim): Promise<CaseDocument | null> {
    try {
      return await this.cases.findOneAndUpdate(waitingFor(wanted), [claiming(claim)], {
        sort: MOST_URGENT_FIRST,
        returnDocument: 'after',
      })
    } catch (error) {
      if (!duplicateKey(error)) throw error
      return this.cases.findOne({ lastRequest: { $eq: claim.requestId, $type: 'string' } })
    }
  }

  /** Changes a case that nobody changed since it was read; null where somebody did. `by`: the person who works on it. */
  async change(
    before: Pick<CaseDocument, '_id' | 'version'>,
    set: Partial<CaseDocument>,
    pending: readonly CasePending[],
    by?: string,
  ): Promise<CaseDocument | null> {
    const { _id, version } = before
    return this.outboxes.change({ _id, version }, set, [...pending], {
      $inc: { version: 1 },
      ...(by === undefined ? {} : { $addToSet: { workedBy: by } }),
    })
  }

  /** Notes that somebody worked on a case, though that changed nothing else. */
  async noteWorker(caseId: string, by: string): Promise<void> {
    await this.cases.updateOne({ _id: caseId }, { $addToSet: { workedBy: by } })
  }

  /**
   * A cluster that nobody is at work on: its order was left behind, or a decision on it waits for a second person or for its
   * day, and it was neither changed nor touched since `before`, by the machine's clock. It counts as touched from now on.
   */
  async claimStale(before: Date): Promise<CaseDocument | null> {
    const stale = { outboxAt: { $lt: before }, touchedAt: { $not: { $gte: before } } }
    return this.cases.findOneAndUpdate(
      {
        $or: [
          { kind: 'cluster', state: 'held', ...stale },
          { deciding: { $type: 'string' }, ...stale },
        ],
      },
      { $set: { touchedAt: new Date() } },
      { returnDocument: 'after' },
    )
  }

  /** Says that somebody is at work on a cluster. */
  async touch(caseId: string): Promise<void> {
    await this.cases.updateOne({ _id: caseId }, { $set: { touchedAt: new Date() } })
  }

  /** Cases whose claim or snooze is over; not those whose decision is being carried out, which may take longer than a claim. */
  async timedOut(now: Date, limit: number, except: string[]): Promise<CaseDocument[]> {
    return this.cases
      .find({
        until: { $lte: now, ...DATED },
        deciding: null,
        ...notAmong(except),
      } as mongo.Filter<CaseDocument>)
      .sort({ until: 1 })
      .limit(limit)
      .toArray()
  }

  /** The queues by category, language, platform and route, from the index alone. */
  async queues(now: Date): Promise<Queue[]> {
    return this.cases.aggregate<Queue>(queuesAt(now)).toArray()
  }

  /** Adds a case that is about no single account. Says whether there was none of that id. */
  async insert(fresh: CaseDocument): Promise<boolean> {
    return this.outboxes.add(fresh)
  }

  /**
   * Null where there is no such case, it has the note already or as many as it can, or it became a part of another; also where
   * its last note is the same by the same person, since `since`.
   */
  async addNote(caseId: string, note: CaseNote, since: Date): Promise<CaseDocument | null> {
    const last = { $last: '$notes' }
    const isSame = {
      $and: [
        { $eq: [{ $getField: { field: 'by', input: last } }, { $literal: note.by }] },
        { $eq: [{ $getField: { field: 'text', input: last } }, { $literal: note.text }] },
        { $gte: [{ $getField: { field: 'at', input: last } }, since] },
      ],
    }
    return this.cases.findOneAndUpdate(
      {
        _id: caseId,
        $expr: { $not: [isSame] },
        'notes.noteId': { $ne: note.noteId },
        [`notes.${MAX_NOTES - 1}`]: { $exists: false },
        mergedInto: { $exists: false },
      },
      {
        $push: { notes: note },
        $set: { updatedAt: note.at, eraseAt: firstLook(note.at) },
        $inc: { version: 1 },
      },
      { returnDocument: 'after' },
    )
  }

  /** Makes changes of accounts real, each once: one of a case after the other, since a later one builds on what an earlier one made. */
  @WritesPending('case')
  async write(writes: readonly { rev: number; value: CaseChange }[]): Promise<void> {
    for (const round of inRounds(writes)) await this.writeRound(round)
  }

  private async writeRound(writes: readonly { rev: number; value: CaseChange }[]): Promise<void> {
    await bulkWrite(this.cases, writes.map(updateBy))
    for (const { value } of writes) if (value.absorbs) await this.absorb(value, value.absorbs)
  }

  /** The case of which this one is a part, or itself, with all that are a part of that. */
  async fileOf(caseId: string): Promise<CaseDocument[]> {
    let root = await this.byId(caseId)
    while (root?.mergedInto) root = await this.byId(root.mergedInto)
    return root ? this.byIds(partsOf(root)) : []
  }

  async byIds(caseIds: readonly string[]): Promise<CaseDocument[]> {
    return this.cases.find({ _id: { $in: [...caseIds] } }).toArray()
  }

  /** Gives a case what another one has that is closed by now. Once, however often it is called. */
  private async absorb(
    { caseId, at }: Pick<CaseChange, 'caseId' | 'at'>,
    { caseId: partId, by }: NonNullable<CaseChange['absorbs']>,
  ): Promise<void> {
    const part = (await this.byId(partId))!
    await this.cases.updateOne({ _id: caseId, merged: { $ne: partId } }, absorbing(part, at, by))
  }
}

/** The first change of each case, then the second of each, and so on. */
function inRounds<T extends { rev: number; value: { caseId: string } }>(changes: readonly T[]): T[][] {
  const rounds: T[][] = []
  const made = new Map<string, number>()
  for (const change of [...changes].sort((a, b) => a.rev - b.rev)) {
    const round = made.get(change.value.caseId) ?? 0
    made.set(change.value.caseId, round + 1)
    ;(rounds[round] ??= []).push(change)
  }
  return rounds
}

/** States in which a case is still to be decided. */
const UNDECIDED: readonly CaseState[] = ['open', 'claimed', 'held']

function matching({ q, accountId, overdue, state, kind, ...exact }: CaseFilter): object {
  const account = accountId ?? (q === undefined ? undefined : prefix(q))
  const of = kind === 'account' ? { kind: { $exists: false } } : definedFields({ kind })
  const found = { ...definedFields({ ...exact, accountId: account }), ...of }
  if (!overdue) return { ...found, state: state ?? { $in: [...CASE_STATES] } }
  if (!overdue.is) {
    const inTime = [{ state: { $nin: UNDECIDED } }, { dueAt: { $gt: overdue.now } }]
    return { ...found, $and: [definedFields({ state }), { $or: inTime }] }
  }
  const states = UNDECIDED.filter((undecided) => state === undefined || state === undecided)
  return { ...found, state: { $in: states }, dueAt: { $lte: overdue.now } }
}
