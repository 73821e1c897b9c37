import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, type mongo, Schema } from 'mongoose'
import type { Period } from '#libs/policy/periods'
import { HasOutbox } from '../outbox/has-outbox.js'
import { OutboxCollection } from '../outbox/outbox-collection.js'
import { outboxIndex, type WithOutbox } from '../outbox/with-outbox.js'

/** One publication of a version of the policy; never changed. */
export interface PublicationFacts {
  /** Counts all of them, from 1 and without gaps. */
  publication: number
  name: string
  version: string
  mode: 'live' | 'shadow'
  rollout: number
  effectiveFrom: Date
  publishedAt: Date
  by: string
}

/** `_id` is the number: whoever adds it first has it, so that each is decided on what all before it say. */
export interface PublicationDocument extends PublicationFacts, WithOutbox {}

export const PUBLICATIONS = 'Publication'
export const PublicationSchema = new Schema<PublicationDocument>(
  { _id: String },
  { collection: 'publications', strict: false, versionKey: false },
)
PublicationSchema.index({ publication: 1 }, { unique: true })
PublicationSchema.index({ version: 1, publication: 1 })
PublicationSchema.index(...outboxIndex)

const FACTS = { pending: 0, outboxAt: 0 }

/** The history of what was published when: it is only ever added to. */
@Injectable()
export class PublicationStore {
  @HasOutbox({ order: 840 })
  readonly publications: mongo.Collection<PublicationDocument>
  private readonly outboxes: OutboxCollection<PublicationDocument>

  constructor(@InjectModel(PUBLICATIONS) model: Model<PublicationDocument>) {
    this.publications = model.collection as unknown as mongo.Collection<PublicationDocument>
    this.outboxes = new OutboxCollection(this.publications)
  }

  /** Those after a number, in order. */
  async after(publication: number): Promise<PublicationFacts[]> {
    return this.publications
      .find({ publication: { $gt: publication } }, { projection: FACTS })
      .sort({ publication: 1 })
      .toArray()
  }

  /** By version, each in order. */
  async ofVersions(versions: readonly string[]): Promise<Map<string, PublicationFacts[]>> {
    const found = await this.publications
      .find({ version: { $in: [...versions] } }, { projection: FACTS })
      .sort({ publication: 1 })
      .toArray()
    return Map.groupBy(found, ({ version }) => version)
  }

  /** Those whose records are not known to have been published, in order. */
  async undelivered(): Promise<PublicationDocument[]> {
    return this.publications
      .find({ 'pending.0.id': { $exists: true } })
      .sort({ publication: 1 })
      .toArray()
  }

  /** Adds a publication unless there is one of that number. */
  async add(publication: PublicationDocument): Promise<boolean> {
    return this.outboxes.add(publication)
  }
}

/** As the choice of a policy sees it. */
export function periodOf(facts: PublicationFacts): Period {
  const { name, version, mode, rollout, effectiveFrom, publication, publishedAt } = facts
  return {
    name,
    version,
    mode,
    rollout,
    effectiveFrom: effectiveFrom.getTime(),
    publication,
    publishedAt: publishedAt.getTime(),
  }
}
