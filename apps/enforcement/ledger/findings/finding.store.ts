import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { bulkWrite, insertMissing } from '#libs/runtime/mongo/bulk-write'
import { WritesPending } from '../ledger-write.js'
import { DATED, olderThan } from '../../store/queries.js'
import { eraseIndex, ErasureSchedule } from '../../store/erasure-schedule.js'
import type { FindingRecord } from './finding.js'

export const FINDINGS = 'Finding'
export const FindingSchema = new Schema<FindingRecord>(
  { _id: String },
  { collection: 'findings', strict: false, versionKey: false },
)
FindingSchema.index({ caseId: 1, 'window.to': -1, _id: 1 })
FindingSchema.index({ 'members.accountId': 1, addedAt: -1, _id: -1 })
FindingSchema.index(...eraseIndex)

/** That a finding came into a case. */
export type TakenFinding = Pick<FindingRecord, '_id' | 'findingId' | 'kind' | 'caseId'> & { addedAt: Date }

/** Findings, each version whole: never changed but for the case that took it in. */
@Injectable()
export class FindingStore {
  private readonly findings: mongo.Collection<FindingRecord>
  /** When contents are to be erased. */
  readonly erasures: ErasureSchedule<FindingRecord>

  constructor(@InjectModel(FINDINGS) model: Model<FindingRecord>) {
    this.findings = model.collection as unknown as mongo.Collection<FindingRecord>
    this.erasures = new ErasureSchedule(this.findings)
  }

  /** Keeps them. They belong to no case until one has taken them in. */
  async keep(findings: readonly FindingRecord[]): Promise<void> {
    await insertMissing(this.findings, findings)
  }

  /** Which of the versions are in a case already. */
  async taken(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set()
    const found = await this.findings
      .find({ _id: { $in: [...ids] }, caseId: { $ne: null } }, { projection: { _id: 1 } })
      .toArray()
    return new Set(found.map(({ _id }) => _id))
  }

  @WritesPending('finding')
  async file(taken: readonly { versionId: string; caseId: string; at: Date }[]): Promise<void> {
    const operations = taken.map(({ versionId, caseId, at }) => ({
      updateOne: { filter: { _id: versionId, caseId: null }, update: { $set: { caseId, addedAt: at } } },
    }))
    await bulkWrite(this.findings, operations)
  }

  /** Whether any had come into the cases by an instant. */
  async hadCome(caseIds: readonly string[], until: Date): Promise<boolean> {
    const filter = { caseId: { $in: [...caseIds] }, addedAt: { $lte: until } }
    return (await this.findings.findOne(filter, { projection: { _id: 1 } })) !== null
  }

  /** Those in cases that an account takes part in, without their evidence, the latest first. */
  async ofAccount(
    platformId: string,
    accountId: string,
    limit: number,
    after?: [Date, string],
  ): Promise<TakenFinding[]> {
    return this.findings
      .find({
        members: { $elemMatch: { platformId, accountId } },
        caseId: { $ne: null },
        ...olderThan(after, 'addedAt'),
      })
      .sort({ addedAt: -1, _id: -1 })
      .limit(limit)
      .project<TakenFinding>({ findingId: 1, kind: 1, caseId: 1, addedAt: 1 })
      .toArray()
  }

  /** Of findings in cases, what these accounts did in each. */
  async namingAccounts(accountIds: readonly string[]): Promise<Pick<FindingRecord, 'caseId' | 'members'>[]> {
    const named = { $in: ['$$this.accountId', [...accountIds]] }
    return this.findings
      .find({ 'members.accountId': { $in: [...accountIds] }, caseId: { $ne: null } })
      .project<Pick<FindingRecord, 'caseId' | 'members'>>({
        caseId: 1,
        members: { $filter: { input: '$members', cond: named } },
      })
      .toArray()
  }

  /** When the newest in these cases is looked at whose content is there; null where there is none. */
  async nextErasure(caseIds: readonly string[]): Promise<Date | null> {
    const [newest] = await this.findings
      .find({ caseId: { $in: [...caseIds] }, eraseAt: DATED }, { projection: { eraseAt: 1 } })
      .sort({ 'window.to': -1 })
      .limit(1)
      .toArray()
    return newest?.eraseAt ?? null
  }

  /** Those in cases, the latest window first. */
  async ofCases(caseIds: readonly string[], limit: number): Promise<FindingRecord[]> {
    return this.findings
      .find({ caseId: { $in: [...caseIds] } })
      .sort({ 'window.to': -1, _id: 1 })
      .limit(limit)
      .toArray()
  }
}
