import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { BankDocument } from '#libs/policy/banks/bank-versions'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'

/** One version of a bank as it was published; never changed, so that every verdict can be recomputed. */
export interface BankVersion extends WithOutbox {
  /** `name/version`: whoever adds a version first has its number. */
  _id: string
  name: string
  version: string
  /** The version as a number, from 1 and without gaps. */
  number: number
  document: BankDocument
  effectiveFrom: Date
  publishedAt: Date
}

export const BANK_VERSIONS = 'BankVersion'
export const BankVersionSchema = new Schema<BankVersion>(
  { _id: String },
  { collection: 'banks', strict: false, versionKey: false },
)
BankVersionSchema.index({ name: 1, number: -1 }, { unique: true })
BankVersionSchema.index(...outboxIndex)

/** What is known of the last version of a bank. */
export type LastVersion = Pick<
  BankVersion,
  'name' | 'version' | 'number' | 'effectiveFrom' | 'publishedAt'
> & {
  document: Pick<BankDocument, 'kind'>
}

/** The versions of the lists that detectors use: only ever added to. */
@Injectable()
export class BankVersionStore {
  @HasOutbox({ order: 845 })
  readonly versions: mongo.Collection<BankVersion>
  private readonly outboxes: OutboxCollection<BankVersion>

  constructor(@InjectModel(BANK_VERSIONS) model: Model<BankVersion>) {
    this.versions = model.collection as unknown as mongo.Collection<BankVersion>
    this.outboxes = new OutboxCollection(this.versions)
  }

  /** Adds a version unless there is one of its number. */
  async add(version: BankVersion): Promise<boolean> {
    return this.outboxes.add(version)
  }

  /** The last version of a bank, null where there is no such bank. */
  async last(name: string): Promise<LastVersion | null> {
    return this.versions.findOne<LastVersion>({ name }, { sort: { number: -1 }, projection: BRIEF })
  }

  /** The last version of every bank, by name. */
  async lastOfAll(): Promise<LastVersion[]> {
    const names = await this.versions.distinct('name')
    const found = await Promise.all(names.sort().map((name) => this.last(name)))
    return found.flatMap((one) => one ?? [])
  }

  /** Those of a bank whose records are not known to have been published, in order. */
  async undelivered(name: string): Promise<BankVersion[]> {
    return this.versions
      .find({ 'pending.0.id': { $exists: true }, name })
      .sort({ number: 1 })
      .toArray()
  }
}

const BRIEF = { name: 1, version: 1, number: 1, 'document.kind': 1, effectiveFrom: 1, publishedAt: 1 }
