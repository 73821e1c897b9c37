import { Inject, Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { conflict, notFound } from '#libs/runtime/http/problem'
import { ENV } from '#libs/runtime/tokens'
import { NotificationEnv } from './config.js'
import { type Delivery, NOWHERE } from './delivery.js'
import { DeliveryStore } from './delivery.store.js'
import { Dispatcher } from './dispatcher.js'
import { missingDeliveries } from './expand-notice.rules.js'
import { KnownPlatforms } from './known-platforms.js'
import { WebhookStore } from './webhook.store.js'

/** A little more than the whole schedule of attempts takes. */
const WORTH_DELIVERING_MS = 96 * 3_600_000

/** Sends again, because somebody asked for it or an addressee got an address. */
@Injectable()
export class RedeliverNotice {
  constructor(
    private readonly deliveries: DeliveryStore,
    private readonly dispatcher: Dispatcher,
    private readonly webhooks: WebhookStore,
    private readonly platforms: KnownPlatforms,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<NotificationEnv, 'OPERATORS_EMAIL'>,
  ) {}

  /**
   * Makes one delivery, or all of a notice, pending once more and returns their ids; a whole notice to a platform also goes to
   * the addresses that it got since. Throws a 404 where the id names nothing, a 409 `already-pending` where all of it is on its
   * way already, a 409 `no-address` where there is still nobody to send it to.
   */
  async redeliver(id: string): Promise<string[]> {
    const named = await this.deliveries.named(id)
    if (named.length === 0) throw notFound('There is no such notice.')
    const again = named.filter(({ channel, state }) => channel !== NOWHERE && state !== 'pending')
    const ids = again.map(({ _id }) => _id)
    await this.deliveries.redeliver(ids, this.clock.now(), this.until())
    const isWhole = named.some(({ noticeId, channel }) => noticeId === id || channel === NOWHERE)
    const added = isWhole ? await this.addMissing(named[0]!.noticeId) : []
    this.dispatcher.wake()
    const all = [...ids, ...added]
    if (all.length > 0) return all
    if (named.every(({ channel }) => channel === NOWHERE))
      throw conflict('no-address', 'The platform has neither a contact nor a webhook.')
    throw conflict('already-pending', 'It is on its way already.')
  }

  /**
   * A platform has got an address: what it was told over no channel goes there too. `again`: where an effect waits for a notice,
   * also to the addresses where it failed.
   */
  async makeUp(platformId: string, { again }: { again: boolean }): Promise<void> {
    const { nowhere, waitedFor } = await this.deliveries.missed(platformId, this.clock.now())
    for (const noticeId of new Set([...nowhere, ...waitedFor])) await this.addMissing(noticeId)
    if (again) for (const noticeId of waitedFor) await this.tryFailed(noticeId)
    this.dispatcher.wake()
  }

  private async tryFailed(noticeId: string): Promise<void> {
    const made = await this.deliveries.ofNotice(noticeId)
    const failed = made.filter(({ channel, state }) => channel !== NOWHERE && state !== 'pending')
    const ids = failed.map(({ _id }) => _id)
    await this.deliveries.redeliver(ids, this.clock.now(), this.until())
  }

  private async addMissing(noticeId: string): Promise<string[]> {
    const made = await this.deliveries.ofNotice(noticeId)
    const missing = await this.missing(made)
    await this.deliveries.add(missing)
    return missing.map(({ _id }) => _id)
  }

  private async missing(made: readonly Delivery[]): Promise<Delivery[]> {
    const platformId = made[0]?.platformId
    if (!platformId) return []
    const platform = this.platforms.get(platformId)
    const hooks = await this.webhooks.inUse([platformId])
    const known = {
      hasWebhook: hooks.has(platformId),
      operatorsEmail: this.env.OPERATORS_EMAIL,
      ...(platform ? { platform } : {}),
    }
    return missingDeliveries(made, known, this.clock.now(), this.until())
  }

  private until(): Date {
    return new Date(this.clock.now().getTime() + WORTH_DELIVERING_MS)
  }
}
