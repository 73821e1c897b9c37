import { bootstrap } from '#libs/platform/bootstrap'
import { NotificationEnv } from './config.js'
import { NOTIFICATION_GUIDE } from './guide.js'
import { NotificationModule } from './notification.module.js'

await bootstrap(NotificationModule, {
  service: 'notification',
  env: NotificationEnv,
  guide: NOTIFICATION_GUIDE,
})
