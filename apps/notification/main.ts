import { bootstrap } from '#libs/runtime/bootstrap'
import { NotificationEnv } from './config.js'
import { NOTIFICATION_GUIDE } from './guide.js'
import { NotificationModule } from './notification.module.js'

await bootstrap(NotificationModule, {
  service: 'notification',
  env: NotificationEnv,
  guide: NOTIFICATION_GUIDE,
})
