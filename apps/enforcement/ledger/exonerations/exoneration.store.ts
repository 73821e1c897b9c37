import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import { insertMissing } from '#libs/runtime/mongo/bulk-write'
import { type LedgerWriteOf, WritesPending } from '../ledger-write.js'
import { type Exoneration, exonerationId } from './exoneration.js'

interface ExonerationDocument extends Exoneration {
  _id: string
}

export const EXONERATIONS = 'Exoneration'
export const ExonerationSchema = new Schema<ExonerationDocument>(
  { _id: String },
  { collection: 'exonerations', strict: false, versionKey: false },
)

/** Exonerations: never changed, and kept for ever, as they are digests and ids. */
@Injectable()
export class ExonerationStore {
  private readonly exonerations: mongo.Collection<ExonerationDocument>

  constructor(@InjectModel(EXONERATIONS) model: Model<ExonerationDocument>) {
    this.exonerations = model.collection as unknown as mongo.Collection<ExonerationDocument>
  }

  /** The first of a text under a clause stays. */
  @WritesPending('exoneration')
  async write(found: readonly LedgerWriteOf<'exoneration'>[]): Promise<void> {
    const documents = found.map(({ value }) => ({ _id: exonerationId(value.digest, value.clause), ...value }))
    await insertMissing(this.exonerations, documents)
  }

  /** Those there are, by `exonerationId`. */
  async byIds(ids: readonly string[]): Promise<Map<string, Exoneration>> {
    if (ids.length === 0) return new Map()
    const found = await this.exonerations.find({ _id: { $in: [...new Set(ids)] } }).toArray()
    return new Map(found.map(({ _id, ...one }) => [_id, one]))
  }
}
