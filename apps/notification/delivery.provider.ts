import type { FactoryProvider } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import type { Logger } from '#libs/runtime/logger'
import { countErased, tellOverdue } from '#libs/runtime/retention-metrics'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import { NotificationEnv } from './config.js'
import { countAttempt, countExpired, showOldestPending, showUnwellWebhooks } from './delivery-metrics.js'
import { DeliveryStore } from './delivery.store.js'
import { Dispatcher } from './dispatcher.js'
import { webhookDestination } from './expand-notice.rules.js'
import { NoticeStore } from './notice.store.js'
import { publicOnlyLookup } from './resolve-public-host.js'
import { openSecretBox, SecretBox } from '#libs/runtime/secret-box'
import { MailSender } from './send-mail.js'
import { WebhookSender } from './send-webhook.js'
import { WebhookStore } from './webhook.store.js'

const DAY = 86_400_000
/** Longer than either channel takes by itself; leases last a minute at least. */
const ATTEMPT_MS = 50_000
/** Longest that a stop waits for attempts under way; what is cut off is tried again when its lease ends. */
const STOP_MS = 20_000

/** The box that seals webhook secrets. */
export const secretBoxProvider: FactoryProvider<SecretBox> = {
  provide: SecretBox,
  inject: [ENV],
  useFactory: (env: NotificationEnv) => openSecretBox(env, 'notification-secrets-key'),
}

/** The dispatcher with its two channels, as the settings ask for them. */
export const dispatcherProvider: FactoryProvider<Dispatcher> = {
  provide: Dispatcher,
  inject: [ENV, Clock, LOGGER, DeliveryStore, NoticeStore, WebhookStore, SecretBox],
  useFactory: (
    env: NotificationEnv,
    clock: Clock,
    logger: Logger,
    deliveries: DeliveryStore,
    notices: NoticeStore,
    webhooks: WebhookStore,
    box: SecretBox,
  ) => {
    const now = () => clock.now()
    showUnwellWebhooks(() => webhooks.unwell())
    showOldestPending(async () => {
      const oldest = await deliveries.oldestPending()
      return oldest ? Math.max(0, now().getTime() - oldest.getTime()) / 1_000 : 0
    })
    const email = new MailSender(env.SMTP_URL, env.DELIVERIES_PER_DESTINATION)
    const webhook = new WebhookSender(webhooks, box, {
      allowPrivate: env.WEBHOOK_ALLOW_PRIVATE,
      lookup: env.WEBHOOK_ALLOW_PRIVATE ? undefined : publicOnlyLookup(),
      now,
      onHealth: async (platformId, inUse, why) => {
        logger.warn({ platformId, inUse, why }, inUse ? 'webhook is back in use' : 'webhook is out of use')
        if (inUse) await deliveries.hasten(webhookDestination(platformId), now())
      },
    })
    return new Dispatcher(
      deliveries,
      notices,
      { email, webhook },
      {
        perDestination: env.DELIVERIES_PER_DESTINATION,
        inFlight: env.DELIVERIES_AT_ONCE,
        attemptMs: ATTEMPT_MS,
        leaseMs: env.DELIVERY_LEASE_SECONDS * 1_000,
        pollMs: env.DELIVERY_POLL_MS,
        keepMs: env.NOTICE_KEEP_DAYS * DAY,
        stopMs: STOP_MS,
        now,
        random: Math.random,
        onAttempt: countAttempt,
        onExpired: countExpired,
        onForgotten: countErased,
        onOverdue: tellOverdue,
        onError: (error) => logger.error({ err: error }, 'error in the delivery loop, continuing'),
      },
    )
  },
}
