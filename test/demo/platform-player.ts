import { randomUUID } from 'node:crypto'
import type { Consumer, Kafka, Producer } from 'kafkajs'
import { platformOfTopic, platformTopicName } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import type { Receipt } from '#libs/contracts/receipt'

/** A directive as it reached its platform. */
export interface ReceivedDirective {
  readonly platformId: string
  readonly directive: Directive
  /** Milliseconds of the clock. */
  readonly at: number
}

interface DueReceipt {
  readonly platformId: string
  readonly accountId: string
  readonly receipt: Omit<Receipt, 'at'>
  readonly dueAt: number
}

/** How long the platform takes to carry out what it was told. */
const CARRY_OUT_MS = 250
const SEND_EVERY_MS = 50

/** Plays the platforms: takes directives, acknowledges each, carries it out, tells the owner, says so. */
export class PlatformPlayer {
  readonly received = new Map<string, ReceivedDirective>()
  receiptsSent = 0

  private due: DueReceipt[] = []
  private sending: Promise<void> = Promise.resolve()
  private timer: NodeJS.Timeout | undefined
  private readonly consumer: Consumer
  private readonly producer: Producer

  /** `fail` is told when receipts cannot be sent. */
  constructor(
    kafka: Kafka,
    private readonly fail: (error: unknown) => void,
  ) {
    this.consumer = kafka.consumer({ groupId: `weir-demo-platforms-${randomUUID()}`, maxWaitTimeInMs: 20 })
    this.producer = kafka.producer({ allowAutoTopicCreation: false })
  }

  async start(platformIds: readonly string[]): Promise<void> {
    await Promise.all([this.consumer.connect(), this.producer.connect()])
    const topics = platformIds.map((id) => platformTopicName('directives', id))
    await this.consumer.subscribe({ topics, fromBeginning: true })
    await this.consumer.run({
      eachMessage: async ({ topic, message }) => {
        const { platformId } = platformOfTopic(topic)!
        this.take(platformId, JSON.parse(message.value!.toString()) as Directive)
      },
    })
    this.timer = setInterval(() => {
      this.sending = this.sending.then(() => this.sendDue()).catch(this.fail)
    }, SEND_EVERY_MS)
  }

  /** Whether every directive that came has got its receipts. */
  get idle(): boolean {
    return this.due.length === 0 && this.receiptsSent === 2 * this.received.size
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.sending
    await Promise.all([this.consumer.disconnect(), this.producer.disconnect()])
  }

  /** A directive may come again: it is carried out once. */
  private take(platformId: string, directive: Directive): void {
    if (this.received.has(directive.directiveId)) return
    const at = Date.now()
    const { directiveId, accountId } = directive
    this.received.set(directiveId, { platformId, directive, at })
    const told = new Date(at + CARRY_OUT_MS).toISOString()
    this.due.push(
      { platformId, accountId, receipt: { directiveId, status: 'acknowledged' }, dueAt: at },
      {
        platformId,
        accountId,
        receipt: { directiveId, status: 'done', ownerNotifiedAt: told },
        dueAt: at + CARRY_OUT_MS,
      },
    )
  }

  private async sendDue(): Promise<void> {
    const now = Date.now()
    const ready = this.due.filter(({ dueAt }) => dueAt <= now)
    if (ready.length === 0) return
    this.due = this.due.filter(({ dueAt }) => dueAt > now)
    const at = new Date(now).toISOString()
    await this.producer.sendBatch({
      acks: -1,
      topicMessages: [...Map.groupBy(ready, ({ platformId }) => platformId)].map(([platformId, some]) => ({
        topic: platformTopicName('receipts', platformId),
        messages: some.map(({ accountId, receipt }) => ({
          key: accountId,
          value: JSON.stringify({ ...receipt, at }),
        })),
      })),
    })
    this.receiptsSent += ready.length
  }
}
