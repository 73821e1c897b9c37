import * as http from 'node:http'
import * as https from 'node:https'
import type { LookupFunction } from 'node:net'
import { Webhook as Signer } from 'standardwebhooks'
import { type AttemptResult, fromHttpStatus, hopeless, tryAgain } from './attempt.rules.js'
import type { Delivery, NoticeContent } from './delivery.js'
import { ForbiddenAddressError } from './resolve-public-host.js'
import { parseRetryAfter } from './retry-schedule.rules.js'
import type { SecretBox } from './secret-box.js'
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

  /** One attempt. Never rejects for what the receiver does. */
  async send(delivery: Delivery, content: NoticeContent): Promise<AttemptResult> {
    const webhook = await this.webhooks.get(delivery.platformId ?? '')
    if (!webhook || webhook.disabledAt !== null) return hopeless('webhook-disabled')
    if (content.webhookBody === null) return hopeless('no-content')
    if (refuseWebhookUrl(webhook.url, this.options.allowPrivate)) return tryAgain('forbidden-address')
    const result = await this.post(
      new URL(webhook.url),
      content.webhookBody,
      this.headers(delivery, webhook, content.webhookBody),
    )
    if (result.statusCode === 410) await this.webhooks.disable(webhook, this.options.now())
    return result
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
        signal: AbortSignal.timeout(this.options.timeoutMs ?? WEBHOOK_TIMEOUT_MS),
        ...(this.options.lookup ? { lookup: this.options.lookup } : {}),
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
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return tryAgain('timeout')
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(error.code ?? '')
  return tryAgain(isTls ? 'tls' : 'unreachable')
}
