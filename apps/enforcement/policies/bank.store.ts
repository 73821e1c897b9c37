import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { Pending } from '../outbox/pending.js'
import { HasOutbox } from '../outbox/has-outbox.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'

/** One version of a bank. */
export interface BankDocument extends WithOutbox {
  /** `name/version`. */
  _id: string
  name: string
  version: string
  document: Record<string, unknown>
}

export const BANKS = 'Bank'
export const BankSchema = new Schema<BankDocument>(
  { _id: String },
  { collection: 'banks', strict: false, versionKey: false },
)

BankSchema.index(...outboxIndex)

/** Lists that detectors use. */
@Injectable()
export class BankStore {
  @HasOutbox({ order: 845 })
  readonly banks: mongo.Collection<BankDocument>

  constructor(@InjectModel(BANKS) model: Model<BankDocument>) {
    this.banks = model.collection as unknown as mongo.Collection<BankDocument>
  }

  /** Adds a version, to be published, unless it is there. */
  async add({
    _id,
    record,
    ...bank
  }: Omit<BankDocument, 'pending' | 'outboxAt'> & { record: PolicyRecord }): Promise<void> {
    const pending: Pending[] = [{ id: 'first.0', publish: 'policy', value: record }]
    await this.banks.updateOne(
      { _id },
      { $setOnInsert: { ...bank, pending, outboxAt: new Date() } },
      { upsert: true },
    )
  }
}
