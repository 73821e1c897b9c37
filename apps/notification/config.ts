import { IsString, IsUrl, Matches } from 'class-validator'
import { FlagSetting, NumberSetting, SecretSetting, ServiceEnv, Setting } from '#libs/runtime/env'

const SMTP = { protocols: ['smtp', 'smtps'], require_protocol: true, require_tld: false }

/** The settings of notification. */
export class NotificationEnv extends ServiceEnv {
  @Setting(
    'Mail relay: `smtp://` (STARTTLS where offered; `?requireTLS=true` insists) or `smtps://`, with user and password.',
  )
  @SecretSetting()
  @IsUrl(SMTP, { message: 'SMTP_URL must be an smtp:// or smtps:// URL' })
  SMTP_URL = 'smtp://127.0.0.1:1025'

  @Setting('Sender of mails, `Name <address>`.')
  @Matches(/^[^\r\n]{0,200}@[A-Za-z0-9.-]+>?$/, { message: 'MAIL_FROM must be an address or Name <address>' })
  MAIL_FROM = 'Weir <weir@localhost>'

  @Setting('Where notices to the operators go; empty for nowhere.')
  @IsString()
  OPERATORS_EMAIL = ''

  @Setting(
    'Key for webhook secrets at rest: 32 bytes in base64. Needed in production; else made in LOCAL_KEY_DIR.',
  )
  @SecretSetting()
  @IsString()
  SECRETS_KEY = ''

  @Setting(
    'Whether webhooks may be plain HTTP and at addresses that are not public. On in the local stack only; refused in production.',
  )
  @FlagSetting()
  WEBHOOK_ALLOW_PRIVATE = false

  @Setting('Attempts under way at once to the mail relay, and to each webhook.')
  @NumberSetting(1, 100)
  DELIVERIES_PER_DESTINATION = 4

  @Setting('Attempts under way at once in all.')
  @NumberSetting(1, 10_000)
  DELIVERIES_AT_ONCE = 256

  @Setting('Milliseconds between looks for deliveries that have become due.')
  @NumberSetting(10, 60_000)
  DELIVERY_POLL_MS = 500

  @Setting('Seconds after which deliveries of an instance that died are tried by another.')
  @NumberSetting(60, 3_600)
  DELIVERY_LEASE_SECONDS = 60

  @Setting('Days that the text and addresses of notices are kept; that they were sent is kept for ever.')
  @NumberSetting(15, 31)
  NOTICE_KEEP_DAYS = 31
}
