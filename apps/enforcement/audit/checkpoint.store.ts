import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import { definedFields, olderThan } from '../store/queries.js'

export interface CheckpointDocument extends Omit<Checkpoint, 'at'> {
  _id: string
  at: Date
  /** When it was signed, by the clock. */
  signedAt: Date
}

export const AUDIT_CHECKPOINTS = 'AuditCheckpoint'
export const AuditCheckpointSchema = new Schema<CheckpointDocument>(
  { _id: String },
  { collection: 'audit_checkpoints', strict: false, versionKey: false },
)
AuditCheckpointSchema.index({ shard: 1, size: -1 }, { unique: true })
AuditCheckpointSchema.index({ at: -1, _id: -1 })

/** The checkpoints that were published: a copy of the topic. */
@Injectable()
export class CheckpointStore {
  private readonly checkpoints: mongo.Collection<CheckpointDocument>

  constructor(@InjectModel(AUDIT_CHECKPOINTS) model: Model<CheckpointDocument>) {
    this.checkpoints = model.collection as unknown as mongo.Collection<CheckpointDocument>
  }

  async keep({ at, ...rest }: Checkpoint, id: string, signedAt: Date): Promise<void> {
    await insertMissing(this.checkpoints, [{ _id: id, ...rest, at: new Date(at), signedAt }])
  }

  /** The largest one of a shard. */
  async newest(shard: string): Promise<CheckpointDocument | null> {
    return this.checkpoints.findOne({ shard }, { sort: { size: -1 } })
  }

  /** Newest first. */
  async list(
    shard: string | undefined,
    limit: number,
    after?: [Date, string],
  ): Promise<CheckpointDocument[]> {
    return this.checkpoints
      .find({ ...definedFields({ shard }), ...olderThan(after) })
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1)
      .toArray()
  }
}
