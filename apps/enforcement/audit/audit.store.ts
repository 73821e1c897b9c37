import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { EMPTY_TAIL, type Tail, tailAt } from '#libs/audit/chain'
import type { AuditRecord } from '#libs/contracts/audit-record'
import { RetryableError } from '#libs/platform/errors'
import { onlyDuplicates } from '#libs/platform/mongo/bulk-write'
import { given, olderThan } from '../queries.js'

export interface AuditDocument extends Omit<AuditRecord, 'loggedAt'> {
  /** Shard and place: what is taken is taken. */
  _id: string
  loggedAt: Date
  /** The actor, where it is not the system: most of what happens does not belong into that index. */
  person?: string
}

const UNIQUE_ENTRIES = 'each-entry-once'

export const AUDIT_LOG = 'AuditLog'
export const AuditLogSchema = new Schema<AuditDocument>(
  { _id: String },
  { collection: 'audit_log', strict: false, versionKey: false },
)
AuditLogSchema.index({ 'entry.entryId': 1 }, { name: UNIQUE_ENTRIES, unique: true })
AuditLogSchema.index({ loggedAt: -1, _id: -1 })
AuditLogSchema.index({ 'entry.subject': 1, loggedAt: -1, _id: -1 })
AuditLogSchema.index({ 'entry.platformId': 1, loggedAt: -1, _id: -1 })
AuditLogSchema.index(
  { person: 1, loggedAt: -1, _id: -1 },
  { partialFilterExpression: { person: { $exists: true } } },
)

export interface AuditFilter {
  subject?: string
  actor?: string
  platformId?: string
}

/** The records of the audit log: only ever inserted. */
@Injectable()
export class AuditStore {
  private readonly log: mongo.Collection<AuditDocument>

  constructor(@InjectModel(AUDIT_LOG) model: Model<AuditDocument>) {
    this.log = model.collection as unknown as mongo.Collection<AuditDocument>
  }

  /** @throws RetryableError `not-ready` where nothing keeps an entry from being appended twice */
  async mustKeepEntriesUnique(): Promise<void> {
    const indexes = await this.log.indexes().catch(() => [])
    if (indexes.some(({ name }) => name === UNIQUE_ENTRIES)) return
    throw new RetryableError('not-ready', `The index ${UNIQUE_ENTRIES} of audit_log is not there.`)
  }

  /**
   * Inserts records of one shard in their order. False: another instance was faster, or an entry is there already; some of
   * the first may be stored all the same. One round trip.
   */
  async append(records: readonly AuditRecord[]): Promise<boolean> {
    try {
      // In order: a record must not be stored where its predecessor was not.
      await this.log.insertMany(records.map(documentOf), { ordered: true })
      return true
    } catch (error) {
      if (!onlyDuplicates(error)) throw error
      return false
    }
  }

  /** Those of the entries that are in the log. */
  async known(entryIds: readonly string[]): Promise<Set<string>> {
    const found = await this.log
      .find({ 'entry.entryId': { $in: [...entryIds] } } as mongo.Filter<AuditDocument>, {
        projection: { _id: 0, 'entry.entryId': 1 },
      })
      .toArray()
    return new Set(found.map(({ entry }) => entry.entryId))
  }

  async tail(shard: string): Promise<Tail> {
    const [last] = await this.log
      .find({ _id: { $gte: recordId(shard, 0), $lt: recordId(shard, Infinity) } })
      .sort({ _id: -1 })
      .limit(1)
      .toArray()
    return last ? tailAt(recordOf(last)) : EMPTY_TAIL
  }

  /** Where a shard ended when it had so many records. @throws RangeError where it has fewer */
  async tailOfSize(shard: string, size: number): Promise<Tail> {
    if (size === 0) return EMPTY_TAIL
    const last = await this.log.findOne({ _id: recordId(shard, size - 1) })
    if (!last) throw new RangeError(`shard ${shard} has no record ${size - 1}`)
    return tailAt(recordOf(last))
  }

  /** How many records of a shard were appended before an instant. */
  async sizeBefore(shard: string, instant: Date): Promise<number> {
    const [first] = await this.log
      .find({ loggedAt: { $gte: instant }, shard })
      .sort({ loggedAt: 1, _id: 1 })
      .limit(1)
      .toArray()
    return first ? first.seq : (await this.tail(shard)).size
  }

  /** The records of a shard from a place on, up to another. */
  async *between(shard: string, first: number, end: number): AsyncGenerator<AuditRecord> {
    const range = { _id: { $gte: recordId(shard, first), $lt: recordId(shard, end) } }
    for await (const document of this.log.find(range).sort({ _id: 1 })) yield recordOf(document)
  }

  /** Newest first. */
  async list(filter: AuditFilter, limit: number, after?: [Date, string]): Promise<AuditDocument[]> {
    const { subject, actor, platformId } = filter
    const byActor = actor === undefined || actor === SYSTEM ? { 'entry.actor': actor } : { person: actor }
    return this.log
      .find({
        ...given({ 'entry.subject': subject, 'entry.platformId': platformId, ...byActor }),
        ...olderThan(after, 'loggedAt'),
      } as mongo.Filter<AuditDocument>)
      .sort({ loggedAt: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }
}

const SYSTEM = 'system'
/** Enough for 10^12 records; ids sort like places. */
const SEQ_DIGITS = 12

function recordId(shard: string, seq: number): string {
  // Behind every digit.
  return `${shard}/${seq === Infinity ? '~' : String(seq).padStart(SEQ_DIGITS, '0')}`
}

function documentOf(record: AuditRecord): AuditDocument {
  const { shard, seq, loggedAt, entry } = record
  const person = entry.actor === SYSTEM ? {} : { person: entry.actor }
  return { _id: recordId(shard, seq), ...record, loggedAt: new Date(loggedAt), ...person }
}

export function recordOf({ shard, seq, loggedAt, prevHash, hash, entry }: AuditDocument): AuditRecord {
  return { shard, seq, loggedAt: loggedAt.toISOString(), prevHash, hash, entry }
}
