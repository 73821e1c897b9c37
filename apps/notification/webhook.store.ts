import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, Schema } from 'mongoose'
import type { SealedSecret } from './webhook-secrets.rules.js'

export const WEBHOOKS = 'Webhook'

/** Where a platform wants its notices sent. */
export interface Webhook {
  /** The platform. */
  _id: string
  url: string
  secrets: SealedSecret[]
  /** Set when the receiver answered 410; another `PUT` ends it. */
  disabledAt: Date | null
  /** Counts the changes, so that none is lost between reading and writing. */
  version: number
}

export const WebhookSchema = new Schema<Webhook>(
  {
    _id: { type: String, required: true },
    url: { type: String, required: true },
    secrets: [{ _id: false, sealed: { type: String, required: true }, until: { type: Date, default: null } }],
    disabledAt: { type: Date, default: null },
    version: { type: Number, required: true },
  },
  { collection: 'webhooks', versionKey: false },
)

/** The webhooks of platforms; secrets are sealed before they come here. */
@Injectable()
export class WebhookStore {
  constructor(@InjectModel(WEBHOOKS) private readonly model: Model<Webhook>) {}

  async get(platformId: string): Promise<Webhook | null> {
    return this.model.findById(platformId).lean<Webhook>()
  }

  /** Those of the given platforms that have a webhook in use. */
  async inUse(platformIds: readonly string[]): Promise<Set<string>> {
    const found = await this.model
      .find({ _id: { $in: [...platformIds] }, disabledAt: null })
      .select({ _id: 1 })
      .lean()
    return new Set(found.map((webhook) => webhook._id))
  }

  /** Registers or replaces a webhook: from now on only `secret` signs. Says whether it is the first. */
  async put(platformId: string, url: string, secret: SealedSecret): Promise<boolean> {
    const { upsertedCount } = await this.model.updateOne(
      { _id: platformId },
      { $set: { url, secrets: [secret], disabledAt: null }, $inc: { version: 1 } },
      { upsert: true },
    )
    return upsertedCount > 0
  }

  /** Replaces the secrets if nobody has changed the webhook since it was read. Says whether it did. */
  async replaceSecrets(webhook: Webhook, secrets: readonly SealedSecret[]): Promise<boolean> {
    const result = await this.model.updateOne(
      { _id: webhook._id, version: webhook.version },
      { $set: { secrets: [...secrets] }, $inc: { version: 1 } },
    )
    return result.matchedCount === 1
  }

  /** Stops sending to this webhook, unless its URL has been changed meanwhile. */
  async disable(webhook: Webhook, at: Date): Promise<void> {
    await this.model.updateOne(
      { _id: webhook._id, version: webhook.version },
      { $set: { disabledAt: at }, $inc: { version: 1 } },
    )
  }
}
