import { Inject, Injectable } from '@nestjs/common'
import { mailAddress } from '#libs/contracts/mail-address'
import type { Notice } from '#libs/contracts/notice'
import { Clock } from '#libs/runtime/clock'
import { PermanentError, RetryableError } from '#libs/runtime/errors'
import type { Batch } from '#libs/runtime/kafka/batch'
import { ENV } from '#libs/runtime/tokens'
import { NotificationEnv } from './config.js'
import { countNotice, countSeenAgain } from './delivery-metrics.js'
import { DeliveryStore } from './delivery.store.js'
import { NOWHERE } from './delivery.js'
import { type Expansion, expandNotice } from './expand-notice.rules.js'
import { KnownPlatforms } from './known-platforms.js'
import { NoticeStore, type StoredNotice } from './notice.store.js'
import { WebhookStore } from './webhook.store.js'

/** Turns notices into deliveries, each notice once and for all. */
@Injectable()
export class KeepNotices {
  constructor(
    private readonly notices: NoticeStore,
    private readonly deliveries: DeliveryStore,
    private readonly webhooks: WebhookStore,
    private readonly platforms: KnownPlatforms,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: NotificationEnv,
  ) {}

  /**
   * Keeps what is new of a batch and makes its deliveries; of what was seen before, deliveries that a crash has left out.
   * Notices that nobody can be told are dead-lettered. Throws a RetryableError while a platform's record may be on its way.
   */
  async keep(batch: Batch<Notice>): Promise<void> {
    await this.platforms.ready
    const ids = batch.records.map(({ value }) => value.noticeId)
    const seen = await this.notices.known(ids)
    const fresh = await this.expandAll(batch, seen)
    const kept = await this.notices.keep(fresh, ids)
    await this.deliveries.add(kept.flatMap(({ plan }) => plan))
    countSeenAgain(seen.size)
  }

  private async expandAll(batch: Batch<Notice>, seen: ReadonlySet<string>): Promise<StoredNotice[]> {
    const records = batch.records.filter(({ value }) => !seen.has(value.noticeId))
    const hooks = await this.webhooks.inUse(records.flatMap(({ value }) => value.addressee.platformId ?? []))
    const fresh: StoredNotice[] = []
    for (const record of records) {
      const notice = record.value
      const problem = this.refuse(notice)
      if (problem) {
        batch.deadLetter(record, problem)
        continue
      }
      const { deliveries, content, usedFallback } = this.expand(notice, hooks)
      countNotice(deliveries.filter(({ channel }) => channel !== NOWHERE).length, usedFallback)
      fresh.push({ _id: notice.noticeId, createdAt: new Date(notice.createdAt), plan: deliveries, content })
      await batch.heartbeat()
    }
    return fresh
  }

  private expand(notice: Notice, hooks: ReadonlySet<string>): Expansion {
    const platformId = notice.addressee.platformId ?? ''
    const platform = this.platforms.get(platformId)
    const known = {
      hasWebhook: hooks.has(platformId),
      operatorsEmail: this.env.OPERATORS_EMAIL,
      ...(platform ? { platform } : {}),
    }
    return expandNotice(notice, known, this.env.MAIL_FROM, this.clock.now())
  }

  /** Why nobody can be told, or null. */
  private refuse({ addressee }: Notice): PermanentError | null {
    const { kind, platformId, reference } = addressee
    if (kind !== 'platform') {
      const isReachable =
        mailAddress(reference ?? '') !== null || (kind === 'operators' && this.env.OPERATORS_EMAIL !== '')
      return isReachable ? null : noAddress('/addressee/reference')
    }
    if (platformId === undefined) return noAddress('/addressee/platformId')
    if (this.platforms.get(platformId)) return null
    if (this.platforms.mayStillCome(platformId)) {
      throw new RetryableError('platform-not-here-yet', `Platform ${platformId} is not known yet.`)
    }
    return new PermanentError(
      'unknown-platform',
      `Platform ${platformId} is not registered.`,
      '/addressee/platformId',
    )
  }
}

function noAddress(path: string): PermanentError {
  return new PermanentError('no-address', 'The notice names nobody who can be reached.', path)
}
