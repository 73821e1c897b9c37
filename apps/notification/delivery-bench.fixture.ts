import { createConnection, type Connection, type Model } from 'mongoose'
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { DELIVERIES, DeliverySchema, DeliveryStore } from './delivery.store.js'
import { Dispatcher, type DispatcherOptions } from './dispatcher.js'
import { webhookDestination } from './expand-notice.rules.js'
import { NOTICES, NoticeSchema, NoticeStore, type StoredNotice } from './notice.store.js'
import { SecretBox } from '#libs/runtime/secret-box'
import { MailSender } from './send-mail.js'
import { WebhookSender, type WebhookSenderOptions } from './send-webhook.js'
import { type Webhook, WEBHOOKS, WebhookSchema, WebhookStore } from './webhook.store.js'
import type { Delivery } from './delivery.js'

/** For tests: stores in a database of their own, and senders and dispatchers over them. */
export class DeliveryBench {
  readonly box = new SecretBox(randomBytes(32))
  private readonly open: { stop: () => Promise<void> }[] = []

  private constructor(
    readonly connection: Connection,
    readonly deliveries: DeliveryStore,
    readonly notices: NoticeStore,
    readonly webhooks: WebhookStore,
  ) {}

  static async start(): Promise<DeliveryBench> {
    const connection = await createConnection(process.env.MONGODB_URI ?? '', {
      monitorCommands: true,
      dbName: `weir_notification_${randomUUID().slice(0, 8)}`,
    }).asPromise()
    const deliveryModel = connection.model<Delivery, Model<Delivery>>(DELIVERIES, DeliverySchema)
    await deliveryModel.createIndexes()
    return new DeliveryBench(
      connection,
      new DeliveryStore(deliveryModel),
      new NoticeStore(connection.model<StoredNotice, Model<StoredNotice>>(NOTICES, NoticeSchema)),
      new WebhookStore(connection.model<Webhook, Model<Webhook>>(WEBHOOKS, WebhookSchema)),
    )
  }

  /** A dispatcher that runs, as one instance of the service has it. */
  dispatcher(smtpPort: number, over: Partial<DispatcherOptions & WebhookSenderOptions> = {}): Dispatcher {
    const now = over.now ?? (() => new Date())
    const mail = new MailSender(`smtp://127.0.0.1:${smtpPort}?ignoreTLS=true`, 4)
    const webhook = new WebhookSender(this.webhooks, this.box, {
      allowPrivate: true,
      lookup: undefined,
      now,
      timeoutMs: 2_000,
      onHealth: async (platformId, inUse) => {
        if (inUse) await this.deliveries.hasten(webhookDestination(platformId), now())
      },
      ...over,
    })
    const dispatcher = new Dispatcher(
      this.deliveries,
      this.notices,
      { email: mail, webhook },
      {
        perDestination: 4,
        inFlight: 64,
        leaseMs: 60_000,
        attemptMs: 30_000,
        pollMs: 20,
        stopMs: 10_000,
        keepMs: 31 * 86_400_000,
        now,
        random: () => 0,
        onAttempt: () => undefined,
        onExpired: () => undefined,
        onForgotten: () => undefined,
        onOverdue: () => undefined,
        onError: () => undefined,
        ...over,
      },
    )
    dispatcher.onApplicationBootstrap()
    this.open.push({ stop: () => dispatcher.beforeApplicationShutdown() })
    return dispatcher
  }

  async all(): Promise<Delivery[]> {
    return this.connection.model<Delivery>(DELIVERIES).find().sort({ _id: 1 }).lean<Delivery[]>()
  }

  async stop(): Promise<void> {
    await Promise.all(this.open.map((part) => part.stop()))
    await this.connection.dropDatabase()
    await this.connection.close()
  }
}

/** Waits until a condition holds; the test's own time limit is the limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10)
}

export interface ReceivedMail {
  from: string
  to: string[]
  raw: Buffer
}

/** A real SMTP server that keeps what it takes. */
export async function startMailSink(options: SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      buffer(stream).then((raw) => {
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address
        mails.push({ from, to: session.envelope.rcptTo.map(({ address }) => address), raw })
        done()
      }, done)
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return { mails, port, stop: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

export interface ReceivedHook {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** A real HTTP server that keeps what it takes; `answer` may say something else than 204. */
export async function startHookSink(
  answer: (hook: ReceivedHook, response: ServerResponse) => void | Promise<void> = (_hook, response) => {
    response.writeHead(204).end()
  },
) {
  const hooks: ReceivedHook[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const hook = { path: request.url ?? '', headers: request.headers, body: await text(request) }
    hooks.push(hook)
    await answer(hook, response)
  }
  const server = createServer(
    (request, response) => void take(request, response).catch(() => response.destroy()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    hooks,
    port,
    url: `http://127.0.0.1:${port}/hook`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
