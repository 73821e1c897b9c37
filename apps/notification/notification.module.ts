import { Module } from '@nestjs/common'
import { MongooseModule } from '@nestjs/mongoose'
import { RuntimeModule } from '#libs/runtime/runtime.module'
import { NotificationEnv } from './config.js'
import { dispatcherProvider, secretBoxProvider } from './delivery.provider.js'
import { DELIVERIES, DeliverySchema, DeliveryStore } from './delivery.store.js'
import { KeepNotices } from './keep-notices.js'
import { KnownPlatforms } from './known-platforms.js'
import { MakeUpForNotices } from './make-up-for-notices.js'
import { NOTICES, NoticeSchema, NoticeStore } from './notice.store.js'
import { NoticesController } from './notices.controller.js'
import { NotificationConsumer } from './notification.consumer.js'
import { RedeliverNotice } from './redeliver-notice.js'
import { RegisterWebhook } from './register-webhook.js'
import { ReportDeliveries } from './report-deliveries.js'
import { TellViews } from './tell-views.js'
import { WEBHOOKS, WebhookSchema, WebhookStore } from './webhook.store.js'
import { WebhooksController } from './webhooks.controller.js'

/** What notification does: keeps notices as deliveries, sends them by e-mail and webhook, shows what became of them. */
@Module({
  imports: [
    RuntimeModule.forService('notification', NotificationEnv),
    MongooseModule.forFeature([
      { name: NOTICES, schema: NoticeSchema },
      { name: DELIVERIES, schema: DeliverySchema },
      { name: WEBHOOKS, schema: WebhookSchema },
    ]),
  ],
  controllers: [NoticesController, WebhooksController],
  providers: [
    NotificationConsumer,
    KeepNotices,
    KnownPlatforms,
    secretBoxProvider,
    dispatcherProvider,
    ReportDeliveries,
    RedeliverNotice,
    TellViews,
    MakeUpForNotices,
    RegisterWebhook,
    NoticeStore,
    DeliveryStore,
    WebhookStore,
  ],
})
export class NotificationModule {}
