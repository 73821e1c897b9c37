import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { accountKey } from '#libs/contracts/ids'
import { bulkWrite } from '#libs/runtime/mongo/bulk-write'
import type { ClusterMember } from './cluster.js'
import type { FindingRecord } from '../../ledger/findings/finding.js'

export const CLUSTER_MEMBERS = 'ClusterMember'
export const ClusterMemberSchema = new Schema<ClusterMember>(
  { _id: String },
  { collection: 'cluster_members', strict: false, versionKey: false },
)
ClusterMemberSchema.index({ caseId: 1, _id: 1 })

/** Who takes part in which cluster: the union of all versions of its finding, in whatever order they come. */
@Injectable()
export class ClusterMemberStore {
  private readonly members: mongo.Collection<ClusterMember>

  constructor(@InjectModel(CLUSTER_MEMBERS) model: Model<ClusterMember>) {
    this.members = model.collection as unknown as mongo.Collection<ClusterMember>
  }

  async add(caseId: string, { members, window }: FindingRecord, addedAt: Date): Promise<void> {
    const operations = members.map(({ platformId, accountId, messageIds }) => ({
      updateOne: {
        filter: { _id: memberId(caseId, accountKey(platformId, accountId)) },
        update: {
          $setOnInsert: { caseId, platformId, accountId, addedAt },
          $addToSet: { messageIds: { $each: messageIds } },
          $min: { from: window.from },
          $max: { to: window.to },
        },
        upsert: true,
      },
    }))
    await bulkWrite(this.members, operations)
  }

  /** The accounts, without what they did, by key. */
  async accountsOf(caseId: string): Promise<Pick<ClusterMember, 'platformId' | 'accountId'>[]> {
    return this.members
      .find({ caseId }, { projection: { _id: 0, platformId: 1, accountId: 1 } })
      .sort({ _id: 1 })
      .toArray()
  }

  async countOf(caseId: string): Promise<number> {
    return this.members.countDocuments({ caseId })
  }

  /** By key, from after one on. */
  async ofCase(caseId: string, limit: number, after = ''): Promise<ClusterMember[]> {
    return this.members
      .find({ caseId, _id: { $gt: memberId(caseId, after) } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray()
  }

  async byKeys(caseId: string, keys: readonly string[]): Promise<ClusterMember[]> {
    return this.members.find({ _id: { $in: keys.map((key) => memberId(caseId, key)) } }).toArray()
  }
}

function memberId(caseId: string, key: string): string {
  return `${caseId}/${key}`
}
