import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// eslint-disable-next-line no-restricted-imports -- plays classification and the platforms, with a plain client
import kafkajs, { type Kafka, type Producer } from 'kafkajs'
import { expect, vi } from 'vitest'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import type { Verdict } from '#libs/contracts/verdict'
import { signLocalToken, type TokenRequest } from '#libs/runtime/auth/local-token'
import type { Role } from '#libs/runtime/auth/roles'
import { calmRequestQueues } from '#libs/runtime/kafka/kafka-client'
import { applyTopics } from '#libs/testing/apply-topics'
import { localServiceEnv } from '#libs/testing/local-service-env'
import type { LocalStack } from '#libs/testing/local-stack'
import { startService, type ServiceProcess } from '#libs/testing/service-process'
import { startTemporaryStack } from '#libs/testing/temporary-stack'

/** A record as somebody outside reads it. */
export interface SeenRecord {
  /** That of CloudEvents; of a dead letter where it came from. */
  id: string
  key: string
  text: string
  /** Of a dead letter `{}`: it may hold anything. */
  value: Record<string, unknown>
  headers: Record<string, string>
}

/** An answer of the API. */
export interface Answer<T> {
  status: number
  etag: string | null
  text: string
  body: T & { type?: string }
}

/** Somebody with a token. */
export function person(subject: string, ...roles: Role[]): TokenRequest {
  return { subject, roles }
}

/** What a check gives once it passes; throws what it last threw where it does not within `ms`. */
export function settled<T>(check: () => T | Promise<T>, ms = 30_000): Promise<T> {
  return vi.waitFor(check, { timeout: ms, interval: 100 })
}

type Ends = (() => Promise<unknown>)[]

/**
 * Enforcement as a process, on a Kafka and a MongoDB of its own, and everybody outside it: for integration specs that see
 * what the topics and the API show.
 */
export class StartedEnforcement {
  /** All that came on the topics that are watched, repeats too. */
  readonly seen = new Map<string, SeenRecord[]>()

  private constructor(
    readonly stack: LocalStack,
    /** For files of the spec; gone when it has ended. */
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
    readonly service: ServiceProcess,
    readonly kafka: Kafka,
    private readonly producer: Producer,
    private readonly ends: Ends,
  ) {}

  /** `settings`: of the service, over those of a local one. `platforms`: registered when it resolves. */
  static async start(settings: Record<string, string>, ...platforms: string[]): Promise<StartedEnforcement> {
    const ends: Ends = []
    try {
      const folder = await mkdtemp(join(tmpdir(), 'weir-enforcement-'))
      ends.push(() => rm(folder, { recursive: true, force: true }))
      const stack = await startTemporaryStack({ alwaysOwn: true })
      ends.push(() => stack.stop())
      const own = { LOCAL_KEY_DIR: join(folder, 'keys'), LOG_LEVEL: 'warn' }
      const env = { ...localServiceEnv(stack), ...own, ...settings }
      await applyTopics(env)
      const service = await startService('enforcement', env)
      ends.push(() => service.stop())
      calmRequestQueues()
      const kafka = new kafkajs.Kafka({ brokers: [stack.kafkaBrokers], logLevel: kafkajs.logLevel.NOTHING })
      const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
      await producer.connect()
      ends.push(() => producer.disconnect())
      const started = new StartedEnforcement(stack, folder, env, service, kafka, producer, ends)
      for (const id of platforms) await started.register(id)
      return started
    } catch (error) {
      await endAll(ends)
      throw error
    }
  }

  /** Ends all of it; what was killed or stopped before too. */
  stop(): Promise<void> {
    return endAll(this.ends)
  }

  /** One more instance, with `settings` over those of the first. */
  async startAnother(settings: Record<string, string> = {}): Promise<ServiceProcess> {
    const another = await startService('enforcement', { ...this.env, ...settings })
    this.ends.push(() => another.stop())
    return another
  }

  /** Calls the API; a `body` that is a text is YAML unless `headers` say otherwise, any other JSON. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    as: TokenRequest,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const token = await signLocalToken(join(this.folder, 'keys'), as)
    const isYaml = typeof body === 'string'
    const response = await fetch(`${this.service.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': isYaml ? 'application/yaml' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isYaml ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const answer = (isJson && text !== '' ? JSON.parse(text) : undefined) as T & { type?: string }
    return { status: response.status, etag: response.headers.get('etag'), text, body: answer }
  }

  /** Sets the clock of a service that runs with `TEST_CLOCK`. */
  async setClock(now: Date): Promise<void> {
    await fetch(`${this.service.url}/v1/test/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ now: now.toISOString() }),
    })
  }

  /** Writes records to a topic; a value that is a text as it is, any other as JSON. */
  async send(topic: string, ...records: { key: string; value: unknown }[]): Promise<void> {
    const messages = records.map(({ key, value }) => ({
      key,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    }))
    await this.producer.send({ topic, messages })
  }

  judge(...verdicts: Verdict[]): Promise<void> {
    const records = verdicts.map((value) => ({ key: `${value.platformId}/${value.accountId}`, value }))
    return this.send(Topics.verdicts.name, ...records)
  }

  /** Lets a verdict come, and gives the case of its account that waits for people then. */
  async opened<T>(verdict: Verdict): Promise<T> {
    await this.judge(verdict)
    const { platformId, accountId } = verdict
    const path = `/cases?platform=${platformId}&account=${accountId}&state=open`
    return settled(async () => {
      const { items } = (await this.call<{ items: T[] }>('GET', path, person('looks', 'auditor'))).body
      expect(items).toHaveLength(1)
      return items[0] as T
    })
  }

  /** Keeps what comes on topics, from their beginning. */
  async watch(...topics: string[]): Promise<void> {
    const consumer = this.kafka.consumer({ groupId: `spec-${topics[0]}` })
    await consumer.connect()
    this.ends.push(() => consumer.disconnect().catch(() => undefined))
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ topic, message }) => {
        const headers = Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        )
        const text = String(message.value)
        const value = (topic === DeadLetterTopic.name ? {} : JSON.parse(text)) as SeenRecord['value']
        const id =
          headers['ce_id'] ??
          `${headers['weir-topic']}/${headers['weir-partition']}/${headers['weir-offset']}`
        const record = { id, key: String(message.key), text, value, headers }
        this.seen.set(topic, [...(this.seen.get(topic) ?? []), record])
      },
    })
  }

  /** Everything on a topic that is watched, distinct by id; fails where one id came with other bytes. */
  on(topic: string): SeenRecord[] {
    const byId = new Map<string, SeenRecord>()
    for (const record of this.seen.get(topic) ?? []) {
      const known = byId.get(record.id)
      if (known) expect(record.text, `${record.id} came with other bytes`).toBe(known.text)
      byId.set(record.id, record)
    }
    return [...byId.values()]
  }

  /** What a platform whose directives are watched was ordered. */
  directives(platform = 'p1'): Directive[] {
    return this.on(platformTopicName('directives', platform)).map(
      ({ value }) => value as unknown as Directive,
    )
  }

  private async register(id: string): Promise<void> {
    const answer = await this.call('POST', '/platforms', person('root', 'admin'), {
      id,
      name: id,
      contacts: [],
    })
    expect(answer).toMatchObject({ status: 201, body: { id, mode: 'enforce' } })
  }
}

async function endAll(ends: Ends): Promise<void> {
  for (const end of ends.toReversed()) await end()
}
