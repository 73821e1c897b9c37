import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { freePort } from '#libs/testing/free-port'

/** A notice that arrived by webhook, its signature verified. */
export interface ReceivedWebhook {
  readonly deliveryId: string
  readonly type: string
  readonly data: Record<string, unknown>
}

/** Receives the webhooks of platforms, as the Standard Webhooks specification asks of receivers. */
export class WebhookSink {
  /** Once for each `webhook-id`. */
  readonly webhooks = new Map<string, ReceivedWebhook>()
  badSignatures = 0

  private readonly verifiers = new Map<string, Webhook>()

  private constructor(
    private readonly port: number,
    private readonly server: Server,
  ) {}

  static async start(): Promise<WebhookSink> {
    const port = await freePort()
    const server = createServer((request, response) => {
      void sink.receive(request, response)
    })
    const sink = new WebhookSink(port, server)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return sink
  }

  urlFor(platformId: string): string {
    return `http://127.0.0.1:${this.port}/${platformId}`
  }

  /** The secret that a platform got when it registered its webhook. */
  expect(platformId: string, secret: string): void {
    this.verifiers.set(platformId, new Webhook(secret))
  }

  async stop(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const verifier = this.verifiers.get((request.url ?? '').slice(1))
    try {
      if (!verifier) throw new Error('no such platform')
      const body = verifier.verify(
        Buffer.concat(chunks).toString(),
        request.headers as Record<string, string>,
      ) as Omit<ReceivedWebhook, 'deliveryId'>
      const deliveryId = String(request.headers['webhook-id'])
      this.webhooks.set(deliveryId, { deliveryId, type: body.type, data: body.data })
      response.writeHead(204).end()
    } catch {
      this.badSignatures++
      response.writeHead(401).end()
    }
  }
}
