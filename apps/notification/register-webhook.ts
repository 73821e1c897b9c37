import { Inject, Injectable } from '@nestjs/common'
import { randomBytes } from 'node:crypto'
import { Clock } from '#libs/runtime/clock'
import { badRequest, conflict, notFound, type Problem } from '#libs/runtime/http/problem'
import { ENV } from '#libs/runtime/tokens'
import { NotificationEnv } from './config.js'
import { DeliveryStore } from './delivery.store.js'
import { Dispatcher } from './dispatcher.js'
import { webhookDestination } from './expand-notice.rules.js'
import { KnownPlatforms } from './known-platforms.js'
import { RedeliverNotice } from './redeliver-notice.js'
import { ForbiddenAddressError, publicOnlyLookup } from './resolve-public-host.js'
import { SecretBox } from '#libs/runtime/secret-box'
import { literalAddress, refuseWebhookUrl, type UrlRefusal } from './webhook-url.rules.js'
import { rotate } from './webhook-secrets.rules.js'
import { type Webhook, WebhookStore } from './webhook.store.js'

/** Standard Webhooks asks for 24 to 64 random bytes. */
const SECRET_BYTES = 32

/** Registers webhooks of platforms and gives out their signing secrets, each shown once. */
@Injectable()
export class RegisterWebhook {
  constructor(
    private readonly webhooks: WebhookStore,
    private readonly platforms: KnownPlatforms,
    private readonly redelivery: RedeliverNotice,
    private readonly box: SecretBox,
    private readonly clock: Clock,
    private readonly deliveries: DeliveryStore,
    private readonly dispatcher: Dispatcher,
    @Inject(ENV) private readonly env: NotificationEnv,
  ) {}

  /**
   * Sets the one webhook of a platform, with a new secret; an earlier one signs no more. One that was out of use is in use
   * again, and what waits for it is sent, also what the platform was told over no channel.
   * Throws a 404 on an unknown platform, a 400 `bad-webhook-url` on a URL that we do not call.
   */
  async register(platformId: string, url: string): Promise<{ secret: string; created: boolean }> {
    await this.platforms.mustKnow(platformId)
    const refusal = refuseWebhookUrl(url, this.env.WEBHOOK_ALLOW_PRIVATE)
    if (refusal) throw badUrl(refusal)
    if (!this.env.WEBHOOK_ALLOW_PRIVATE) await mustBePublic(new URL(url))
    const secret = newSecret()
    const sealed = { sealed: this.box.seal(secret, platformId), until: null }
    const created = await this.webhooks.put(platformId, url, sealed)
    await this.deliveries.hasten(webhookDestination(platformId), this.clock.now())
    await this.redelivery.makeUp(platformId, { again: true })
    this.dispatcher.wake()
    return { secret, created }
  }

  /** Where notices of a platform go, and how that fares. Throws a 404 where there is no webhook. */
  async view(platformId: string): Promise<Webhook> {
    const webhook = await this.webhooks.get(platformId)
    if (!webhook) throw notFound('This platform has no webhook.')
    return webhook
  }

  /** Gives out a new secret; the one before signs along for 24 hours. Throws a 404 where there is no webhook. */
  async rotate(platformId: string): Promise<string> {
    const webhook = await this.webhooks.get(platformId)
    if (!webhook) throw notFound('This platform has no webhook.')
    const secret = newSecret()
    const secrets = rotate(webhook.secrets, this.box.seal(secret, platformId), this.clock.now())
    if (!(await this.webhooks.replaceSecrets(webhook, secrets))) {
      throw conflict('changed-meanwhile', 'The webhook was changed at the same time; try again.')
    }
    return secret
  }
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
}

const REASONS: Readonly<Record<UrlRefusal | 'unresolvable', string>> = {
  'not-a-url': 'must be an absolute URL',
  'not-https': 'must begin with https://',
  'has-credentials': 'must hold no user name or password',
  'has-fragment': 'must hold no fragment',
  'too-long': 'must have at most 2048 characters',
  'odd-host': 'must name its host as it is connected to: no numbers but dotted ones, no dot at the end',
  'forbidden-address': 'must be at a public address',
  unresolvable: 'must have a host name that has an address',
}

function badUrl(refusal: keyof typeof REASONS): Problem {
  const reason = REASONS[refusal]
  return badRequest('bad-webhook-url', `The URL ${reason}.`, [{ path: '/url', reason }])
}

/** Looks the host up, to tell at once what would fail on every attempt; each attempt judges again. */
async function mustBePublic(url: URL): Promise<void> {
  if (literalAddress(url) !== null) return
  await new Promise<void>((resolve, reject) => {
    publicOnlyLookup()(url.hostname, { all: true }, (error) => {
      if (!error) resolve()
      else reject(badUrl(error instanceof ForbiddenAddressError ? error.slug : 'unresolvable'))
    })
  })
}
