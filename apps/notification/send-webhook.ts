import * as http from 'node:http'
import * as https from 'node:https'
import type { LookupFunction } from 'node:net'
import { Webhook as Signer } from 'standardwebhooks'
import { type AttemptResult, fromHttpStatus, held, hopeless, tryAgain } from './attempt.rules.js'
import type { Delivery, NoticeContent } from './delivery.js'
import { ForbiddenAddressError } from './resolve-public-host.js'
import { parseRetryAfter } from './retry-schedule.rules.js'
import type { SecretBox } from '#libs/runtime/secret-box'
import { healthAfter, PROBE_EVERY_MS } from './webhook-health.rules.js'
import { refuseWebhookUrl } from './webhook-url.rules.js'
import { signing } from './webhook-secrets.rules.js'
import type { Webhook, WebhookStore } from './webhook.store.js'

/** From connecting to the last byte of the answer. Source: Standard Webhooks asks for 15 to 30 s. */
export const WEBHOOK_TIMEOUT_MS = 15_000
/** An answer is read only to use its connection again; a longer one costs the connection. */
const MAX_ANSWER_BYTES = 16_384

export interface WebhookSenderOptions {
  allowPrivate: boolean
  /** Looks up hosts; undefined for the system's own. */
  lookup: LookupFunction | undefined
  now: () => Date
  timeoutMs?: number
  /** Told when a webhook is taken out of use, or is back. */
  onHealth?: (platformId: string, inUse: boolean, why: string) => void | Promise<void>
}

/** Sends webhooks as the Standard Webhooks specification says. Follows no redirect and keeps no answer. */
export class WebhookSender {
  private readonly agents = {
    'http:': new http.Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 30_000 }),
    'https:': new https.Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 30_000 }),
  }

  constructor(
    private readonly webhooks: WebhookStore,
    private readonly box: SecretBox,
    private readonly options: WebhookSenderOptions,
  ) {}

  /**
   * One attempt, which ends in `timeoutMs` whatever the receiver does; never rejects for that. To a webhook that is out of
   * use for failing one attempt an hour is made, and the rest are held.
   */
  async send(delivery: Delivery, content: NoticeContent): Promise<AttemptResult> {
    const known = await this.webhooks.get(delivery.platformId ?? '')
    if (!known || known.disabledFor === 'gone') return hopeless('webhook-disabled')
    if (content.webhookBody === null) return hopeless('no-content')
    const webhook = known.disabledAt ? await this.webhooks.claimProbe(known, this.options.now()) : known
    if (!webhook) return held('webhook-disabled', this.untilProbe(known))
    const result = await this.attempt(delivery, webhook, content.webhookBody)
    await this.noteHealth(webhook, result)
    return result
  }

  private async attempt(delivery: Delivery, webhook: Webhook, body: string): Promise<AttemptResult> {
    if (refuseWebhookUrl(webhook.url, this.options.allowPrivate)) return tryAgain('forbidden-address')
    return this.post(new URL(webhook.url), body, this.headers(delivery, webhook, body))
  }

  /** An hour where the attempt of this one has just been taken. */
  private untilProbe({ probeAt }: Webhook): number {
    const left = (probeAt?.getTime() ?? 0) - this.options.now().getTime()
    return left > 0 ? left : PROBE_EVERY_MS
  }

  private async noteHealth(webhook: Webhook, result: AttemptResult): Promise<void> {
    const health = healthAfter(webhook, result, this.options.now())
    if (!health || !(await this.webhooks.note(webhook, health))) return
    const inUse = health.disabledAt === null
    if (inUse !== (webhook.disabledAt === null))
      await this.options.onHealth?.(webhook._id, inUse, health.disabledFor ?? result.outcome)
  }

  async sweep(): Promise<void> {
    await this.webhooks.disableFailing(this.options.now())
  }

  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy()
  }

  private headers(delivery: Delivery, webhook: Webhook, body: string): Record<string, string> {
    // Receivers hold the timestamp against the time of the world, so it is not taken from the clock of tests.
    const sentAt = new Date()
    const signatures = signing(webhook.secrets, this.options.now()).map((secret) =>
      new Signer(this.box.open(secret.sealed, webhook._id)).sign(delivery._id, sentAt, body),
    )
    return {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'weir-notification/1',
      'webhook-id': delivery._id,
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
      'webhook-signature': signatures.join(' '),
    }
  }

  private post(url: URL, body: string, headers: Record<string, string>): Promise<AttemptResult> {
    const secure = url.protocol === 'https:'
    return new Promise((resolve) => {
      const request = (secure ? https : http).request(url, {
        method: 'POST',
        headers,
        agent: this.agents[secure ? 'https:' : 'http:'],
        ...(this.options.lookup ? { lookup: this.options.lookup } : {}),
      })
      // The end of it all, whatever is or is not told by an event below; an answer that goes on is cut off.
      const end = setTimeout(() => {
        resolve(tryAgain('timeout'))
        request.destroy()
      }, this.options.timeoutMs ?? WEBHOOK_TIMEOUT_MS)
      request.on('close', () => {
        clearTimeout(end)
        resolve(tryAgain('unreachable'))
      })
      // A protocol that we did not ask for: nobody else would ever close its connection.
      request.on('upgrade', (response, socket) => {
        socket.destroy()
        resolve(fromHttpStatus(response.statusCode ?? 101, null))
      })
      request.on('response', (response) => {
        resolve(
          fromHttpStatus(
            response.statusCode ?? 0,
            parseRetryAfter(response.headers['retry-after'], new Date()),
          ),
        )
        discard(response)
      })
      request.on('error', (error) => resolve(fromSocketError(error)))
      request.end(body)
    })
  }
}

function discard(response: http.IncomingMessage): void {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) response.destroy()
  })
  response.on('error', () => undefined)
}

function fromSocketError(error: Error & { code?: string }): AttemptResult {
  if (error instanceof ForbiddenAddressError) return tryAgain(error.slug)
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(error.code ?? '')
  return tryAgain(isTls ? 'tls' : 'unreachable')
}
