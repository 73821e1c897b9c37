import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { AccountKind, MEDIA_KINDS } from '#libs/contracts/message-in'
import type { Verdict } from '#libs/contracts/verdict'
import { bulkWrite, insertMissing } from '#libs/runtime/mongo/bulk-write'
import { WritesPending } from '../ledger-write.js'
import { actsUnder } from '../exonerations/exonerate.rules.js'
import type { JudgedText } from '../exonerations/exoneration.js'
import { DATED, olderThan } from '../../store/queries.js'
import { eraseIndex, ErasureSchedule } from '../../store/erasure-schedule.js'
import { firstLook } from '../evidence-time.rules.js'
import type { AccountRef, CaseEntry, KeyedEntry, TakenVerdict } from './case.js'
import { copyKeysOf } from './copy-keys.rules.js'

export const CASE_ENTRIES = 'CaseEntry'
/** The order in which copies are found. */
const BY_COPY_KEY = { copyKeys: 1, receivedAt: -1, _id: -1 } as const
export const CaseEntrySchema = new Schema<CaseEntry>(
  { _id: String },
  { collection: 'case_entries', strict: false, versionKey: false },
)
CaseEntrySchema.index({ caseId: 1, receivedAt: -1 })
CaseEntrySchema.index({ platformId: 1, accountId: 1, receivedAt: -1, _id: -1 })
CaseEntrySchema.index(BY_COPY_KEY)
CaseEntrySchema.index(
  { platformId: 1, accountId: 1, waitsSince: 1 },
  { name: 'waiting', partialFilterExpression: { waitsSince: DATED } },
)

CaseEntrySchema.index(...eraseIndex)

/** What a judged revision of a message was, without what it said. */
export interface JudgedContent {
  sentAt: Date
  receivedAt: Date
  language: string | null
  /** It has words or links. */
  text: boolean
  media: readonly (typeof MEDIA_KINDS)[number][]
  accountKind: AccountKind | null
}

const KEYED_ENTRY = { platformId: 1, accountId: 1, messageId: 1, copyKeys: 1, 'message.text': 1 }

/** That a verdict came into a case. */
export type TakenEntry = Pick<CaseEntry, '_id' | 'caseId' | 'messageId' | 'outcome' | 'receivedAt'>

/** An account that entries wait for, and since when the first of them does. */
export type WaitingAccount = AccountRef & { since: Date }

/** An entry whose message may be a copy of another. */
export type PossibleCopy = KeyedEntry & Pick<CaseEntry, 'caseId' | 'outcome' | 'receivedAt'>
const POSSIBLE_COPY = { ...KEYED_ENTRY, caseId: 1, outcome: 1, receivedAt: 1 }

/** The evidence: one entry for each verdict that is not clear. */
@Injectable()
export class CaseEntryStore {
  private readonly entries: mongo.Collection<CaseEntry>
  /** When contents are to be erased. */
  readonly erasures: ErasureSchedule<CaseEntry>

  constructor(@InjectModel(CASE_ENTRIES) private readonly model: Model<CaseEntry>) {
    this.entries = model.collection as unknown as mongo.Collection<CaseEntry>
    this.erasures = new ErasureSchedule(this.entries)
  }

  /** Keeps the evidence. It belongs to no case until the account has taken it in. */
  async keepEvidence(verdicts: readonly Verdict[]): Promise<void> {
    await insertMissing(this.entries, verdicts.map(entryOf))
  }

  /** Keeps the evidence of verdicts that come no more: what waits is found until its account has taken it in. */
  async keepWaiting(verdicts: readonly Verdict[], waitsSince: Date): Promise<void> {
    const there = await insertMissing(
      this.entries,
      verdicts.map((verdict) => ({ ...entryOf(verdict), waitsSince })),
    )
    if (there.length === 0) return
    const ids = there.map((entry) => entry._id)
    const unmarked = { _id: { $in: ids }, caseId: null, waitsSince: { $exists: false } }
    await this.entries.updateMany(unmarked, { $set: { waitsSince } })
  }

  /** What waits for an account but for some, the longest waiting first. */
  async waitingFor(
    { platformId, accountId }: AccountRef,
    limit: number,
    except: readonly string[],
  ): Promise<CaseEntry[]> {
    return this.entries
      .find({ platformId, accountId, caseId: null, waitsSince: DATED, _id: { $nin: [...except] } })
      .sort({ waitsSince: 1 })
      .hint('waiting')
      .limit(limit)
      .toArray()
  }

  /** The accounts of what waits since before an instant, the longest waiting first, and since when; as many as said. */
  async waitingSince(before: Date, limit: number): Promise<WaitingAccount[]> {
    const found = await this.entries
      .aggregate<{ _id: AccountRef; since: Date }>(
        [
          { $match: { caseId: null, waitsSince: { $lt: before, ...DATED } } },
          {
            $group: {
              _id: { platformId: '$platformId', accountId: '$accountId' },
              since: { $min: '$waitsSince' },
            },
          },
          { $sort: { since: 1 } },
          { $limit: limit },
        ],
        { hint: 'waiting' },
      )
      .toArray()
    return found.map(({ _id, since }) => ({ ..._id, since }))
  }

  /** Which of the verdicts are in a case already. */
  async taken(verdictIds: readonly string[]): Promise<Set<string>> {
    if (verdictIds.length === 0) return new Set()
    const found = await this.entries
      .find({ _id: { $in: [...verdictIds] }, caseId: { $ne: null } }, { projection: { _id: 1 } })
      .toArray()
    return new Set(found.map((entry) => entry._id))
  }

  @WritesPending('entry')
  async file(entries: readonly TakenVerdict[]): Promise<void> {
    const changes = Map.groupBy(entries, (one) =>
      one.heldBack ? one.verdictId : `${one.at.getTime()} ${one.caseId}`,
    )
    const operations = [...changes.values()].map((some) => {
      const { caseId, at: addedAt, heldBack } = some[0]!
      const ids = some.map(({ verdictId }) => verdictId)
      const held = heldBack ? { outcome: heldBack.outcome, heldBack: heldBack.in } : {}
      const update = { $set: { caseId, addedAt, ...held }, $unset: { waitsSince: '' } } as const
      return { updateMany: { filter: { _id: { $in: ids }, caseId: null }, update } }
    })
    await bulkWrite(this.entries, operations)
  }

  /** The latest first, of a case with those that became a part of it. */
  async ofCases(caseIds: readonly string[], limit: number): Promise<CaseEntry[]> {
    return this.latest({ caseId: { $in: [...caseIds] } }, limit)
  }

  /** What had come into them by an instant, the latest first. */
  async ofCasesUntil(caseIds: readonly string[], until: Date, limit: number): Promise<CaseEntry[]> {
    return this.latest({ caseId: { $in: [...caseIds] }, addedAt: { $lte: until } }, limit)
  }

  async ofCasesAndMessages(caseIds: readonly string[], messageIds: readonly string[]): Promise<CaseEntry[]> {
    return this.entries.find({ caseId: { $in: [...caseIds] }, messageId: { $in: [...messageIds] } }).toArray()
  }

  /** Entries that have any of the keys, whatever case they are in, the latest first. */
  async withCopyKeys(
    keys: readonly string[],
    limit: number,
    after: [Date, string] | undefined,
  ): Promise<PossibleCopy[]> {
    return this.entries
      .find({ copyKeys: { $in: [...keys] }, ...olderThan(after, 'receivedAt') })
      .sort({ receivedAt: -1, _id: -1 })
      .hint(BY_COPY_KEY)
      .limit(limit)
      .project<PossibleCopy>(POSSIBLE_COPY)
      .toArray()
  }

  /** The newest entries of an account, as far as copies of them are looked for. */
  async keysOfAccount(platformId: string, accountId: string, limit: number): Promise<KeyedEntry[]> {
    return this.entries
      .find({ platformId, accountId })
      .sort({ receivedAt: -1 })
      .limit(limit)
      .project<KeyedEntry>(KEYED_ENTRY)
      .toArray()
  }

  /** For each key the newest entries that have it, as many of each as said: a key that all have costs no more than another. */
  async sharing(keys: readonly string[], ofEach: number): Promise<{ key: string; entries: KeyedEntry[] }[]> {
    const found = { $sort: { receivedAt: -1, _id: -1 } as const }
    return this.model.db
      .db!.aggregate<{ key: string; entries: KeyedEntry[] }>([
        { $documents: keys.map((key) => ({ key })) },
        {
          $lookup: {
            from: this.entries.collectionName,
            localField: 'key',
            foreignField: 'copyKeys',
            pipeline: [found, { $limit: ofEach }, { $project: KEYED_ENTRY }],
            as: 'entries',
          },
        },
      ])
      .toArray()
  }

  /** By verdict: the judged texts, of those that have a digest. */
  async judgedTexts(verdictIds: readonly string[]): Promise<Map<string, JudgedText>> {
    if (verdictIds.length === 0) return new Map()
    const found = await this.entries
      .find({ _id: { $in: [...verdictIds] }, comparedDigest: { $type: 'string' } })
      .project<Pick<CaseEntry, '_id' | 'messageId' | 'categories'> & { comparedDigest: string }>({
        messageId: 1,
        categories: 1,
        comparedDigest: 1,
      })
      .toArray()
    return new Map(
      found.map(({ _id, messageId, categories, comparedDigest: digest }) => [
        _id,
        { messageId, digest, actsUnder: actsUnder(categories) },
      ]),
    )
  }

  /** Those of the verdicts that are on messages of an account, the latest first. */
  async ofVerdicts(
    platformId: string,
    accountId: string,
    verdictIds: readonly string[],
    limit: number,
  ): Promise<CaseEntry[]> {
    return this.latest({ _id: { $in: [...verdictIds] }, platformId, accountId }, limit)
  }

  /** Those of an account on these messages, the latest first. */
  async ofMessages(
    platformId: string,
    accountId: string,
    messageIds: readonly string[],
    limit: number,
  ): Promise<CaseEntry[]> {
    return this.latest({ platformId, accountId, messageId: { $in: [...messageIds] } }, limit)
  }

  /** Those of several accounts, each on its own messages, the latest first. */
  async ofAccountsMessages(
    named: readonly { platformId: string; accountId: string; messageIds: readonly string[] }[],
    limit: number,
  ): Promise<CaseEntry[]> {
    const each = named.map(({ platformId, accountId, messageIds }) => ({
      platformId,
      accountId,
      messageId: { $in: [...messageIds] },
    }))
    return this.latest({ $or: each }, limit)
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
        hasText: { $or: [{ $gt: ['$message.text', ''] }, { $gt: ['$erased.textSha256', ''] }] },
        hasLinks: {
          $gt: [{ $size: { $ifNull: ['$message.links', { $ifNull: ['$erased.linkSha256', []] }] } }, 0],
        },
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

  /** Those in cases, without their evidence, the latest first. */
  async ofAccount(
    platformId: string,
    accountId: string,
    limit: number,
    after?: [Date, string],
  ): Promise<TakenEntry[]> {
    return this.entries
      .find({ platformId, accountId, caseId: { $ne: null }, ...olderThan(after, 'receivedAt') })
      .sort({ receivedAt: -1, _id: -1 })
      .limit(limit)
      .project<TakenEntry>({ caseId: 1, messageId: 1, outcome: 1, receivedAt: 1 })
      .toArray()
  }

  async countOf(caseIds: readonly string[]): Promise<number> {
    return this.entries.countDocuments({ caseId: { $in: [...caseIds] } })
  }

  /** What was said in these, to be erased. */
  async messagesOf(verdictIds: readonly string[]): Promise<Pick<CaseEntry, '_id' | 'message'>[]> {
    return this.entries.find({ _id: { $in: [...verdictIds] } }, { projection: { message: 1 } }).toArray()
  }

  /** When the newest of an account, or of cases, is looked at whose content is there; null where there is none. */
  async nextErasure(of: AccountRef | { caseIds: readonly string[] }): Promise<Date | null> {
    const which = 'caseIds' in of ? { caseId: { $in: [...of.caseIds] } } : of
    const [newest] = await this.entries
      .find({ ...which, eraseAt: DATED }, { projection: { eraseAt: 1 } })
      .sort({ receivedAt: -1 })
      .limit(1)
      .toArray()
    return newest?.eraseAt ?? null
  }

  /** Whether the content of any is gone that had come into the cases by an instant. */
  async anyErased(caseIds: readonly string[], until: Date): Promise<boolean> {
    const gone = { caseId: { $in: [...caseIds] }, addedAt: { $lte: until }, 'erased.at': DATED }
    return (await this.entries.findOne(gone, { projection: { _id: 1 } })) !== null
  }

  private async latest(filter: mongo.Filter<CaseEntry>, limit: number): Promise<CaseEntry[]> {
    return this.entries.find(filter).sort({ receivedAt: -1 }).limit(limit).toArray()
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
    ...(verdict.comparedDigest === undefined ? {} : { comparedDigest: verdict.comparedDigest }),
    message: verdict.message,
    receivedAt: new Date(verdict.receivedAt),
    classifiedAt: new Date(verdict.classifiedAt),
    copyKeys: copyKeysOf(verdict.platformId, verdict.message),
    eraseAt: firstLook(new Date(verdict.receivedAt)),
  }
}
