import { Injectable } from '@nestjs/common'
import { InjectModel } from '@nestjs/mongoose'
import { type Model, Schema } from 'mongoose'
import { DISABLE_AFTER_MS, HEALTHY, PROBE_EVERY_MS, type WebhookHealth } from './webhook-health.rules.js'
import type { SealedSecret } from './webhook-secrets.rules.js'

export const WEBHOOKS = 'Webhook'

/** Where a platform wants its notices sent. */
export interface Webhook extends WebhookHealth {
  /** The platform. */
  _id: string
  url: string
  secrets: SealedSecret[]
  /** Counts the changes, so that none is lost between reading and writing. */
  version: number
}

export const WebhookSchema = new Schema<Webhook>(
  {
    _id: { type: String, required: true },
    url: { type: String, required: true },
    secrets: [{ _id: false, sealed: { type: String, required: true }, until: { type: Date, default: null } }],
    failingSince: { type: Date, default: null },
    disabledAt: { type: Date, default: null },
    disabledFor: { type: String, default: null },
    probeAt: { type: Date, default: null },
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

  /** Those of the given platforms that have a webhook which wants notices: one that fails gets them when it is back. */
  async inUse(platformIds: readonly string[]): Promise<Set<string>> {
    const found = await this.model
      .find({ _id: { $in: [...platformIds] }, disabledFor: { $ne: 'gone' } })
      .select({ _id: 1 })
      .lean()
    return new Set(found.map((webhook) => webhook._id))
  }

  /** Registers or replaces a webhook: from now on only `secret` signs. Says whether it is the first. */
  async put(platformId: string, url: string, secret: SealedSecret): Promise<boolean> {
    const { upsertedCount } = await this.model.updateOne(
      { _id: platformId },
      { $set: { url, secrets: [secret], ...HEALTHY }, $inc: { version: 1 } },
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

  /** Notes how this webhook fares, unless it has been changed meanwhile. Says whether it did. */
  async note(webhook: Webhook, health: WebhookHealth): Promise<boolean> {
    const { _id, version } = webhook
    const result = await this.model.updateOne({ _id, version }, { $set: health, $inc: { version: 1 } })
    return result.matchedCount === 1
  }

  /** Takes the one attempt of this hour at a webhook that is out of use; of several that try at once, one gets it. */
  async claimProbe(webhook: Webhook, now: Date): Promise<Webhook | null> {
    const { _id, version } = webhook
    return this.model
      .findOneAndUpdate(
        { _id, version, disabledFor: 'failing', probeAt: { $lte: now } },
        { $set: { probeAt: new Date(now.getTime() + PROBE_EVERY_MS) }, $inc: { version: 1 } },
        { returnDocument: 'after' },
      )
      .lean<Webhook>()
  }

  /** Takes those out of use that have failed for long enough, though nothing was tried lately. Returns how many. */
  async disableFailing(now: Date): Promise<number> {
    const { modifiedCount } = await this.model.updateMany(
      { disabledAt: null, failingSince: { $lte: new Date(now.getTime() - DISABLE_AFTER_MS) } },
      { $set: { disabledAt: now, disabledFor: 'failing', probeAt: now }, $inc: { version: 1 } },
    )
    return modifiedCount
  }

  /** How many are out of use, by why; and how many fail and are still tried. */
  async unwell(): Promise<Record<'failing' | 'disabled' | 'gone', number>> {
    const [failing, disabled, gone] = await Promise.all([
      this.model.countDocuments({ disabledAt: null, failingSince: { $ne: null } }),
      this.model.countDocuments({ disabledFor: 'failing' }),
      this.model.countDocuments({ disabledFor: 'gone' }),
    ])
    return { failing, disabled, gone }
  }
}
