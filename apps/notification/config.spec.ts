import { expect, it } from 'vitest'
import { readEnv } from '#libs/runtime/env'
import { NotificationEnv } from './config.js'

it('refuses private webhooks in production, and nowhere else', () => {
  const read = (NODE_ENV: string, WEBHOOK_ALLOW_PRIVATE: string) =>
    readEnv(NotificationEnv, { NODE_ENV, WEBHOOK_ALLOW_PRIVATE }).WEBHOOK_ALLOW_PRIVATE
  expect(() => read('production', '1')).toThrow('WEBHOOK_ALLOW_PRIVATE is refused in production')
  expect([read('production', '0'), read('development', '1')]).toEqual([false, true])
})
