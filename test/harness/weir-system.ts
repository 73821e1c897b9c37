import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { signLocalToken, type TokenRequest } from '#libs/platform/auth/local-token'
import { registerCodecs } from '#libs/platform/kafka/codecs'
import { applyTopics } from '#libs/testing/apply-topics'
import { localServiceEnv } from '#libs/testing/local-service-env'
import type { LocalStack } from '#libs/testing/local-stack'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import { startTemporaryStack } from '#libs/testing/temporary-stack'

/** A record as someone outside reads it. */
export interface OutsideRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  readonly timestamp: number
}

/** An answer of a service. */
export interface Answer<T = unknown> {
  readonly status: number
  readonly body: T
}

/**
 * All of Weir as a user runs it: a Kafka and a MongoDB of its own, the four services as processes, and a client for each
 * side, made of nothing but kafkajs and fetch.
 */
export class WeirSystem {
  private readonly clients: { disconnect(): Promise<void> }[] = []

  private constructor(
    readonly stack: LocalStack,
    readonly services: Readonly<Record<ServiceName, ServiceProcess>>,
    readonly env: Readonly<Record<string, string>>,
    private readonly keys: string,
  ) {}

  /** Starts everything on free ports; `env` goes to every service. Nothing is left running when this process ends. */
  static async start(env: Record<string, string> = {}): Promise<WeirSystem> {
    const keys = await mkdtemp(join(tmpdir(), 'weir-keys-'))
    const stack = await startTemporaryStack({ alwaysOwn: true })
    try {
      const all = { ...localServiceEnv(stack), LOCAL_KEY_DIR: keys, LOG_LEVEL: 'warn', ...env }
      await applyTopics(all)
      const started = await Promise.all(SERVICES.map((name) => startService(name, all)))
      const services = Object.fromEntries(started.map((one) => [one.name, one])) as WeirSystem['services']
      return new WeirSystem(stack, services, all, keys)
    } catch (error) {
      await stack.stop()
      throw error
    }
  }

  /** A bearer token of the local key. */
  token(request: Partial<TokenRequest> & Pick<TokenRequest, 'roles'>): Promise<string> {
    return signLocalToken(this.keys, { subject: `${request.roles.join('-')}-1`, ...request })
  }

  /** Calls a service as somebody with these roles; `json` becomes the body. */
  async call<T = unknown>(
    service: ServiceName,
    path: string,
    as: Partial<TokenRequest> & Pick<TokenRequest, 'roles'>,
    { method, json }: { method?: string; json?: unknown } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.services[service].url}${path}`, {
      method: method ?? (json === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${await this.token(as)}`,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }

  /** Registers a platform and waits for nothing else. */
  async register(id: string, more: object = {}): Promise<Answer> {
    const json = { id, name: id, mode: 'enforce', contacts: [], ...more }
    return this.call('enforcement', '/v1/platforms', { roles: ['admin'] }, { json })
  }

  /** Writes values to a topic; objects as JSON, bytes as they are. */
  async produce(
    topic: string,
    records: readonly { key?: string | null; value: object | Buffer | string | null }[],
  ): Promise<void> {
    const producer = await this.producer()
    const messages = records.map(({ key, value }) => ({
      key: key ?? null,
      value:
        value === null || Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value),
    }))
    for (let from = 0; from < messages.length; from += 500) {
      await producer.send({ topic, messages: messages.slice(from, from + 500), acks: -1 })
    }
  }

  private sender: Promise<Producer> | undefined
  private producer(): Promise<Producer> {
    this.sender ??= (async () => {
      const producer = this.kafka().producer({ allowAutoTopicCreation: false })
      await producer.connect()
      this.clients.push(producer)
      return producer
    })()
    return this.sender
  }

  /** Follows topics from their beginning; the list grows as records come. */
  async follow(...topics: string[]): Promise<OutsideRecord[]> {
    const records: OutsideRecord[] = []
    const consumer: Consumer = this.kafka().consumer({
      groupId: `outside-${randomUUID()}`,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
    })
    await consumer.connect()
    this.clients.push(consumer)
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        records.push({
          topic,
          partition,
          offset: message.offset,
          key: message.key?.toString() ?? null,
          value: message.value,
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
          timestamp: Number(message.timestamp),
        })
      },
    })
    return records
  }

  private kafka(): Kafka {
    registerCodecs()
    return new Kafka({
      brokers: [this.stack.kafkaBrokers],
      clientId: 'outside',
      logLevel: logLevel.NOTHING,
      retry: { retries: 60, maxRetryTime: 2_000 },
    })
  }

  /** Ends clients, services and stack, in this order. */
  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.disconnect().catch(() => undefined)))
    await Promise.all(Object.values(this.services).map((service) => service.stop()))
    await this.stack.stop()
    await rm(this.keys, { recursive: true, force: true })
  }
}

/** The value of a record as the object that it is. */
export function jsonOf<T = Record<string, unknown>>(record: Pick<OutsideRecord, 'value'>): T {
  return JSON.parse(record.value?.toString() ?? 'null') as T
}

/** Resolves with what `ask` gives once it gives something; rejects with `what` after `seconds`. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1_000
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
