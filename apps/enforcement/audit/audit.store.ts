import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { EMPTY_TAIL, type Tail } from '#libs/audit/chain'
import type { AuditEntry, AuditRecord } from '#libs/contracts/audit-record'
import { RetryableError } from '#libs/runtime/errors'
import { onlyDuplicates } from '#libs/runtime/mongo/bulk-write'
import { definedFields, olderThan } from '../store/queries.js'

/** Records of one shard that were appended together, in one document (docs/adr/0084). */
export interface AuditBlock {
  /** Shard and place of the first: what is taken is taken. */
  _id: string
  shard: string
  first: number
  /** One after the last. */
  end: number
  loggedAt: Date
  /** Before the first. */
  prevHash: string
  entries: AuditEntry[]
  /** Of each entry's record. */
  hashes: string[]
  /** Platforms and persons (not the system) that the entries name; absent where they name none. */
  platforms?: string[]
  persons?: string[]
}

const UNIQUE_ENTRIES = 'each-entry-once'

export const AUDIT_LOG = 'AuditLog'
export const AuditLogSchema = new Schema<AuditBlock>(
  { _id: String },
  { collection: 'audit_log', strict: false, versionKey: false },
)
AuditLogSchema.index({ 'entries.entryId': 1 }, { name: UNIQUE_ENTRIES, unique: true })
AuditLogSchema.index({ loggedAt: -1, _id: -1 })
AuditLogSchema.index({ 'entries.subject': 1, loggedAt: -1, _id: -1 })
AuditLogSchema.index(
  { 'entries.seen': 1, loggedAt: -1, _id: -1 },
  { partialFilterExpression: { 'entries.seen': { $exists: true } } },
)
for (const names of ['platforms', 'persons']) {
  AuditLogSchema.index(
    { [names]: 1, loggedAt: -1, _id: -1 },
    { partialFilterExpression: { [names]: { $exists: true } } },
  )
}

export interface AuditFilter {
  subject?: string
  actor?: string
  platformId?: string
}

/** More entries in a block save little, and a list reads whole blocks. */
const BLOCK_RECORDS = 64
const SYSTEM = 'system'

/** The records of the audit log: only ever inserted. */
@Injectable()
export class AuditStore {
  private readonly log: mongo.Collection<AuditBlock>

  constructor(@InjectModel(AUDIT_LOG) model: Model<AuditBlock>) {
    this.log = model.collection as unknown as mongo.Collection<AuditBlock>
  }

  /** @throws RetryableError `not-ready` where nothing keeps an entry from being appended twice */
  async mustKeepEntriesUnique(): Promise<void> {
    const indexes = await this.log.indexes().catch(() => [])
    if (indexes.some(({ name }) => name === UNIQUE_ENTRIES)) return
    throw new RetryableError('not-ready', `The index ${UNIQUE_ENTRIES} of audit_log is not there.`)
  }

  /**
   * Inserts records of one shard, in their order, that were chained at the same instant. False: another instance was faster,
   * or an entry is there already; some of the first may be stored all the same. One round trip.
   */
  async append(records: readonly AuditRecord[]): Promise<boolean> {
    try {
      // In order: a block must not be stored where its predecessor was not.
      await this.log.insertMany(blocksOf(records), { ordered: true })
      return true
    } catch (error) {
      if (!onlyDuplicates(error)) throw error
      return false
    }
  }

  /** Entries that are in the log: those of the given ones that are, and maybe others. */
  async known(entryIds: readonly string[]): Promise<Set<string>> {
    const found = await this.log
      .find({ 'entries.entryId': { $in: [...entryIds] } } as mongo.Filter<AuditBlock>, {
        projection: { 'entries.entryId': 1 },
      })
      .toArray()
    return new Set(found.flatMap(({ entries }) => entries.map(({ entryId }) => entryId)))
  }

  async tail(shard: string): Promise<Tail> {
    const last = await this.blockBefore(shard, Infinity, { end: 1, loggedAt: 1, hashes: { $slice: -1 } })
    if (!last) return EMPTY_TAIL
    return { size: last.end, head: last.hashes.at(-1)!, loggedAt: last.loggedAt.toISOString() }
  }

  /** Where a shard ended when it had so many records; null where it has fewer. */
  async tailOfSize(shard: string, size: number): Promise<Tail | null> {
    if (size === 0) return EMPTY_TAIL
    const block = await this.blockBefore(shard, size)
    const head = block?.hashes[size - 1 - block.first]
    if (!block || head === undefined) return null
    return { size, head, loggedAt: block.loggedAt.toISOString() }
  }

  /** How many records of a shard were appended before an instant. */
  async sizeBefore(shard: string, instant: Date): Promise<number> {
    const next = await this.log.findOne(
      { loggedAt: { $gte: instant }, shard },
      { sort: { loggedAt: 1, _id: 1 }, projection: { first: 1 } },
    )
    return next ? next.first : (await this.tail(shard)).size
  }

  /** The records of a shard from a place on, up to another. */
  async *between(shard: string, first: number, end: number): AsyncGenerator<AuditRecord> {
    const start = await this.blockBefore(shard, first + 1, { first: 1 })
    const range = { _id: { $gte: recordId(shard, start?.first ?? 0), $lt: recordId(shard, end) } }
    for await (const block of this.log.find(range).sort({ _id: 1 })) {
      for (const record of recordsOf(block)) if (record.seq >= first && record.seq < end) yield record
    }
  }

  /** Newest first. `after`: instant and `recordId` of the last one that was listed. */
  async list(filter: AuditFilter, limit: number, after?: [Date, string]): Promise<AuditRecord[]> {
    const { subject, actor, platformId } = filter
    const byActor = actor === SYSTEM ? { 'entries.actor': actor } : { persons: actor }
    const which = definedFields({ platforms: platformId, ...byActor })
    const blocks = (about: object): AsyncIterable<AuditBlock> =>
      this.log
        .find({ ...about, ...which, ...olderThan(after, 'loggedAt') } as mongo.Filter<AuditBlock>)
        .sort({ loggedAt: -1, _id: -1 })
        .batchSize(20)
    // Each by its index, and not by one `$or`, which a planner may answer by reading the whole log.
    const all =
      subject === undefined
        ? blocks({})
        : newestFirst(blocks({ 'entries.subject': subject }), blocks({ 'entries.seen': subject }))
    const found: AuditRecord[] = []
    for await (const block of all) {
      for (const record of recordsOf(block).reverse()) {
        if (!isMeant(record.entry, filter) || !isOlder(record, after)) continue
        if (found.push(record) > limit) return found
      }
    }
    return found
  }

  /** The block that holds the record before a place. */
  private async blockBefore(
    shard: string,
    place: number,
    projection: Record<string, unknown> = {},
  ): Promise<AuditBlock | null> {
    const range = { _id: { $gte: recordId(shard, 0), $lt: recordId(shard, place) } }
    return this.log.findOne(range, { sort: { _id: -1 }, projection })
  }
}

/** The blocks of two lists that are sorted so, each once. */
async function* newestFirst(
  one: AsyncIterable<AuditBlock>,
  other: AsyncIterable<AuditBlock>,
): AsyncGenerator<AuditBlock> {
  const lists = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()]
  const heads = await Promise.all(lists.map((list) => list.next()))
  try {
    for (;;) {
      const [first, second] = heads.map(({ value, done }) => (done ? null : value))
      const next = !second || (first && !isNewer(second, first)) ? first : second
      if (!next) return
      yield next
      for (const [at, head] of [first, second].entries()) {
        if (head?._id === next._id) heads[at] = await lists[at]!.next()
      }
    }
  } finally {
    await Promise.all(lists.map(async (list) => list.return?.()))
  }
}

function isNewer(one: AuditBlock, other: AuditBlock): boolean {
  const [mine, its] = [one.loggedAt.getTime(), other.loggedAt.getTime()]
  return mine > its || (mine === its && one._id > other._id)
}

/** Enough for 10^12 records; ids sort like places. */
const SEQ_DIGITS = 12

/** Shard and place in one; `Infinity` is behind every place. */
export function recordId(shard: string, seq: number): string {
  return `${shard}/${seq === Infinity ? '~' : String(seq).padStart(SEQ_DIGITS, '0')}`
}

function blocksOf(records: readonly AuditRecord[]): AuditBlock[] {
  const blocks: AuditBlock[] = []
  for (let from = 0; from < records.length; from += BLOCK_RECORDS) {
    blocks.push(blockOf(records.slice(from, from + BLOCK_RECORDS)))
  }
  return blocks
}

function blockOf(records: readonly AuditRecord[]): AuditBlock {
  const { shard, seq, loggedAt, prevHash } = records[0]!
  const entries = records.map(({ entry }) => entry)
  const platforms = new Set(entries.flatMap(({ platformId }) => platformId ?? []))
  const persons = new Set(entries.flatMap(({ actor }) => (actor === SYSTEM ? [] : actor)))
  return {
    _id: recordId(shard, seq),
    shard,
    first: seq,
    end: seq + records.length,
    loggedAt: new Date(loggedAt),
    prevHash,
    entries,
    hashes: records.map(({ hash }) => hash),
    ...(platforms.size > 0 ? { platforms: [...platforms] } : {}),
    ...(persons.size > 0 ? { persons: [...persons] } : {}),
  }
}

function recordsOf({ shard, first, loggedAt, prevHash, entries, hashes }: AuditBlock): AuditRecord[] {
  return entries.map((entry, index) => ({
    shard,
    seq: first + index,
    loggedAt: loggedAt.toISOString(),
    prevHash: hashes[index - 1] ?? prevHash,
    hash: hashes[index] ?? '',
    entry,
  }))
}

function isMeant(entry: AuditEntry, { subject, actor, platformId }: AuditFilter): boolean {
  return (
    (subject === undefined || entry.subject === subject || entry.seen?.includes(subject) === true) &&
    (actor === undefined || entry.actor === actor) &&
    (platformId === undefined || entry.platformId === platformId)
  )
}

function isOlder({ shard, seq, loggedAt }: AuditRecord, after: [Date, string] | undefined): boolean {
  if (!after) return true
  const at = new Date(loggedAt)
  return at < after[0] || (at.getTime() === after[0].getTime() && recordId(shard, seq) < after[1])
}
