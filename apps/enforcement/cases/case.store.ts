import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { derivedId } from '#libs/contracts/ids'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { given, olderThan, prefix } from '../queries.js'
import { bulkWrite, duplicateKey } from '#libs/platform/mongo/bulk-write'
import type { Route } from '#libs/policy/routing'
import type { Pending } from '../outbox/pending.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'
import { type CaseChange, type CaseKind, type CaseNote, type CaseRecord, partsOf } from './case.js'
import { CASE_STATES, type CaseState } from './case-transitions.js'

export interface CaseDocument extends CaseRecord, WithOutbox {}

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

/** Which of the waiting cases somebody wants. */
export interface Wanted {
  routes: readonly Route[]
  category?: string
  language?: string
  platformId?: string
  maxSeverity?: number
}

/** Cases of one kind: how many wait, since when, and how many of those at hand are late. */
export interface Queue {
  category: string | null
  language: string | null
  /** Null for clusters on several. */
  platformId: string | null
  route: Route
  depth: number
  oldest: Date | null
  snoozed: number
  claimed: number
  overdue: number
}

/** More kinds than a policy, its languages and the platforms make. */
const MOST_QUEUES = 2_000

/** Cases: every change is guarded by the version, or by the revision of the account that it comes from. */
@Injectable()
export class CaseStore {
  readonly cases: mongo.Collection<CaseDocument>

  constructor(@InjectModel(CASES) model: Model<CaseDocument>) {
    this.cases = model.collection as unknown as mongo.Collection<CaseDocument>
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
  async claimMostUrgent(
    wanted: Wanted,
    claim: Pick<CaseRecord, 'assignee' | 'claimedAt' | 'until'> & { requestId: string; told: WeirEvent },
  ): Promise<CaseDocument | null> {
    try {
      return await this.cases.findOneAndUpdate(waitingFor(wanted), [claiming(claim)], {
        sort: MOST_URGENT_FIRST,
        returnDocument: 'after',
      })
    } catch (error) {
      if (!duplicateKey(error)) throw error
      return this.cases.findOne({ lastRequest: claim.requestId })
    }
  }

  /** Changes a case that nobody changed since it was read; null where somebody did. */
  async change(
    before: Pick<CaseDocument, '_id' | 'version'>,
    set: Partial<CaseDocument>,
    pending: readonly Pending[],
  ): Promise<CaseDocument | null> {
    return this.cases.findOneAndUpdate(
      { _id: before._id, version: before.version },
      {
        $set: { ...set, outboxAt: new Date() },
        $inc: { version: 1 },
        $push: { pending: { $each: [...pending] } },
        ...(set.assignee ? { $addToSet: { workedBy: set.assignee } } : {}),
      },
      { returnDocument: 'after' },
    )
  }

  /** Clusters with a decision that waits for a second person, or for its day. */
  async heldClusters(limit: number): Promise<string[]> {
    return this.idsOf({ kind: 'cluster', state: 'held' }, limit)
  }

  /** Clusters whose order was left behind: nobody has worked on it since `before`, by the machine's clock. */
  async undelivered(before: Date, limit: number): Promise<string[]> {
    return this.idsOf({ deciding: { $type: 'string' }, outboxAt: { $lt: before } }, limit)
  }

  /** Cases whose claim or snooze is over. */
  async timedOut(now: Date, limit: number): Promise<CaseDocument[]> {
    return this.cases
      .find({ until: { $lte: now, $type: 'date' } } as mongo.Filter<CaseDocument>)
      .sort({ until: 1 })
      .limit(limit)
      .toArray()
  }

  /** The queues by category, language, platform and route, from the index alone. */
  async queues(now: Date): Promise<Queue[]> {
    // Nobody has a claim that has lapsed, nothing sleeps when its snooze is over; null sorts before every date.
    const waits = { $lte: ['$until', now] }
    const count = (condition: object): object => ({ $sum: { $cond: [condition, 1, 0] } })
    const sleepsAs = (state: CaseState): object =>
      count({ $and: [{ $eq: ['$state', state] }, { $gt: ['$until', now] }] })
    return this.cases
      .aggregate<Queue>([
        { $match: { state: { $in: ['open', 'claimed'] } } },
        {
          $group: {
            _id: {
              platformId: '$platformId',
              category: '$gravest.category',
              language: '$gravest.language',
              route: '$route',
            },
            depth: count(waits),
            oldest: { $min: { $cond: [waits, '$openedAt', null] } },
            snoozed: sleepsAs('open'),
            claimed: sleepsAs('claimed'),
            overdue: count({ $lte: ['$dueAt', now] }),
          },
        },
        { $sort: { overdue: -1, depth: -1, _id: 1 } },
        { $limit: MOST_QUEUES },
        {
          $project: {
            _id: 0,
            platformId: { $cond: [{ $eq: ['$_id.platformId', ''] }, null, '$_id.platformId'] },
            category: { $ifNull: ['$_id.category', null] },
            language: { $ifNull: ['$_id.language', null] },
            route: '$_id.route',
            depth: 1,
            oldest: 1,
            snoozed: 1,
            claimed: 1,
            overdue: 1,
          },
        },
      ])
      .toArray()
  }

  /** Adds a case that is about no single account. Says whether there was none of that id. */
  async insert(fresh: CaseDocument): Promise<boolean> {
    try {
      await this.cases.insertOne(fresh)
      return true
    } catch (error) {
      if (!duplicateKey(error)) throw error
      return false
    }
  }

  /** Null where there is no such case, it has the note already, or it became a part of another. */
  async addNote(caseId: string, note: CaseNote): Promise<CaseDocument | null> {
    return this.cases.findOneAndUpdate(
      { _id: caseId, 'notes.noteId': { $ne: note.noteId }, mergedInto: { $exists: false } },
      {
        $push: { notes: note },
        $set: { updatedAt: note.at },
        $inc: { version: 1 },
      },
      { returnDocument: 'after' },
    )
  }

  private async idsOf(filter: mongo.Filter<CaseDocument>, limit: number): Promise<string[]> {
    const found = await this.cases
      .find(filter, { projection: { _id: 1 } })
      .limit(limit)
      .toArray()
    return found.map(({ _id }) => _id)
  }

  async write(writes: readonly { rev: number; value: CaseChange }[]): Promise<void> {
    await bulkWrite(this.cases, writes.map(operationOf))
    for (const { value } of writes) if (value.takesIn) await this.takeIn(value, value.takesIn)
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

  /**
   * Gives a case what another one has that is closed by now. That was decided in time: it adds no due time, and is as urgent as
   * if it had come when it was merged. Once, however often it is called.
   */
  private async takeIn(
    { caseId, at }: Pick<CaseChange, 'caseId' | 'at'>,
    { caseId: partId, by }: NonNullable<CaseChange['takesIn']>,
  ): Promise<void> {
    const part = (await this.byId(partId))!
    const { severity, priority, gravest, route, categories, notes, workedBy = [], assignee } = part
    const people = [...workedBy, ...(assignee ? [assignee] : []), by]
    await this.cases.updateOne(
      { _id: caseId, merged: { $ne: partId } },
      {
        $addToSet: {
          categories: { $each: categories },
          notes: { $each: notes },
          workedBy: { $each: people },
          merged: { $each: partsOf(part) },
        },
        $max: given({ severity, priority, gravest, route }),
        $min: { urgentSince: new Date(at.getTime() - priority * HOUR) },
        $inc: { version: 1 },
      },
    )
  }
}

const HOUR = 3_600_000
const MOST_URGENT_FIRST = { urgentSince: 1, _id: 1 } as const
/** States in which a case is still to be decided. */
const UNDECIDED: readonly CaseState[] = ['open', 'claimed', 'held']

function matching({ q, accountId, overdue, state, kind, ...exact }: CaseFilter): object {
  const account = accountId ?? (q === undefined ? undefined : prefix(q))
  const of = kind === 'account' ? { kind: { $exists: false } } : given({ kind })
  const found = { ...given({ ...exact, accountId: account }), ...of }
  if (!overdue) return { ...found, state: state ?? { $in: [...CASE_STATES] } }
  if (!overdue.is) {
    const inTime = [{ state: { $nin: UNDECIDED } }, { dueAt: { $gt: overdue.now } }]
    return { ...found, $and: [given({ state }), { $or: inTime }] }
  }
  const states = UNDECIDED.filter((undecided) => state === undefined || state === undecided)
  return { ...found, state: { $in: states }, dueAt: { $lte: overdue.now } }
}

/** The filter of what `next` may hand out. */
export function waitingFor(wanted: Wanted): mongo.Filter<CaseDocument> {
  const { routes, category, language, platformId, maxSeverity } = wanted
  return {
    ...(maxSeverity === undefined ? {} : { severity: { $lte: maxSeverity } }),
    state: 'open',
    until: null,
    route: { $in: [...routes] },
    ...given({ 'gravest.category': category, 'gravest.language': language, platformId }),
  }
}

/** A claim as a stage of an update, whose event names the case that it turns out to be. */
function claiming(
  claim: Pick<CaseRecord, 'assignee' | 'claimedAt' | 'until'> & { requestId: string; told: WeirEvent },
): mongo.Document {
  const { assignee, claimedAt, until, requestId, told } = claim
  const value = { $mergeObjects: [{ $literal: told }, NAMES_OF_CASE] }
  const pending = { id: { $literal: derivedId('out', told.eventId) }, publish: 'event', value }
  return {
    $set: {
      state: 'claimed',
      assignee: { $literal: assignee },
      claimedAt,
      until,
      lastRequest: { $literal: requestId },
      updatedAt: claimedAt,
      outboxAt: new Date(),
      version: { $add: ['$version', 1] },
      workedBy: { $setUnion: [{ $ifNull: ['$workedBy', []] }, [{ $literal: assignee }]] },
      pending: { $concatArrays: ['$pending', [pending]] },
    },
  }
}

const NAMES_OF_CASE = {
  subject: { $concat: ['case/', '$_id'] },
  caseId: '$_id',
  // A cluster has no account, and may have no platform.
  platformId: { $cond: [{ $eq: ['$platformId', ''] }, '$$REMOVE', '$platformId'] },
  accountId: { $cond: [{ $eq: ['$accountId', ''] }, '$$REMOVE', '$accountId'] },
}

/** What a change of the account's makes of who works on the case: a new state ends every claim and snooze. */
function workAfter(state: CaseState | undefined): Partial<CaseDocument> {
  if (state === undefined) return {}
  return state === 'open' ? { until: null, assignee: null, claimedAt: null } : { until: null }
}

function operationOf({
  rev,
  value,
}: {
  rev: number
  value: CaseChange
}): mongo.AnyBulkWriteOperation<CaseDocument> {
  const { caseId, platformId, accountId, at, opens, state, automated, proposal, weight, lastRequest } = value
  const { route, mergedInto } = value
  const set: Partial<CaseDocument> = {
    ...given({ state, automated, proposal, lastRequest, mergedInto }),
    ...workAfter(state),
  }
  const fresh: Partial<CaseDocument> = {
    state: 'open',
    automated: false,
    proposal: null,
    assignee: null,
    claimedAt: null,
    until: null,
    ...(route ? {} : { route: 'general' }),
    lastRequest: null,
    notes: [],
    pending: [],
    outboxAt: null,
  }
  const untouched = Object.fromEntries(Object.entries(fresh).filter(([field]) => !(field in set)))
  const { severity, priority, gravest, urgentSince, dueAt } = weight ?? {}
  return {
    updateOne: {
      filter: { _id: caseId, accountRev: { $lt: rev } },
      update: {
        $set: { ...set, updatedAt: at, accountRev: rev },
        $addToSet: { categories: { $each: value.addCategories } },
        // Of the routes too the greater one is that of the graver cases.
        $max: given({ severity, priority, gravest, route }),
        $min: given({ urgentSince, dueAt }),
        $inc: { version: 1 },
        $setOnInsert: { platformId, accountId, openedAt: at, ...untouched },
      },
      upsert: opens,
    },
  }
}
