import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, {
  type Admin,
  type Consumer,
  type Kafka,
  type Producer,
  type ProducerBatch,
  type SeekEntry,
} from 'kafkajs'
import { mongo } from 'mongoose'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { signLocalToken, type TokenRequest } from '#libs/runtime/auth/local-token'
import { applyTopics } from '#libs/testing/apply-topics'
import { localServiceEnv } from '#libs/testing/local-service-env'
import type { LocalStack } from '#libs/testing/local-stack'
import { type ServiceProcess, startService } from '#libs/testing/service-process'
import { startTemporaryStack } from '#libs/testing/temporary-stack'
import { AnswerContract } from './answer-contract.js'
import { outsideKafka } from './outside-kafka.js'

/** A record as someone outside reads it. */
export interface OutsideRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: string | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  readonly timestamp: number
  /** When it arrived here, milliseconds since 1970. */
  readonly seenAt: number
}

/** An answer of a service. */
export interface Answer<T = unknown> {
  readonly status: number
  readonly body: T
}

const SEND_WITHIN_MS = 120_000

/** What a system runs on. */
export interface SystemOptions {
  /** Its servers; by default a broker and a database of its own on free ports. */
  readonly stack?: LocalStack
  /** The folder whose `dist/` holds the services; by default this repository. */
  readonly root?: string
  /** Of each service, all alike; by default 1. */
  readonly instances?: number
  /** Called before topics are made. */
  readonly prepare?: (brokers: string) => Promise<void>
  /** What only this service is told, over what all are. */
  readonly envOf?: (service: ServiceName) => Readonly<Record<string, string>>
}

/**
 * All of Weir as a user runs it: a Kafka and a MongoDB of its own, the four services as processes, and a client for each
 * side, made of nothing but kafkajs and fetch.
 */
export class WeirSystem {
  private readonly clients: { disconnect(): Promise<void> }[] = []

  private constructor(
    readonly stack: LocalStack,
    public services: Readonly<Record<ServiceName, ServiceProcess>>,
    public env: Readonly<Record<string, string>>,
    private readonly keys: string,
    private readonly options: Pick<SystemOptions, 'root' | 'envOf'>,
    /** Of each service the instances beside the first. */
    private readonly others: Readonly<Record<ServiceName, readonly ServiceProcess[]>>,
  ) {}

  private readonly extra: ServiceProcess[] = []

  /** The instances of a service that the system was started with. */
  instancesOf(name: ServiceName): readonly ServiceProcess[] {
    return [this.services[name], ...this.others[name]]
  }

  /** One more instance of a service, for a time, beside those of `instancesOf`. */
  async startAnother(name: ServiceName, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const own = this.options.envOf?.(name)
    const started = await startService(name, { ...this.env, ...own, ...env }, this.options)
    this.extra.push(started)
    return started
  }

  /** Stops the first instance of each service and starts it anew with `env` over what it had, on the same data. */
  async startAnew(env: Record<string, string>): Promise<void> {
    await Promise.all(Object.values(this.services).map((service) => service.stop()))
    this.env = { ...this.env, ...env }
    const started = await Promise.all(
      SERVICES.map((name) =>
        startService(name, { ...this.env, ...this.options.envOf?.(name) }, this.options),
      ),
    )
    this.services = Object.fromEntries(started.map((one) => [one.name, one])) as WeirSystem['services']
  }

  /** Starts everything on free ports; `env` goes to every service. Nothing is left running when this process ends. */
  static async start(
    env: Record<string, string> = {},
    { stack: given, prepare, instances = 1, ...options }: SystemOptions = {},
  ): Promise<WeirSystem> {
    const keys = await mkdtemp(join(tmpdir(), 'weir-keys-'))
    const stack = given ?? (await startTemporaryStack({ alwaysOwn: true }))
    try {
      const all = { ...localServiceEnv(stack), LOCAL_KEY_DIR: keys, LOG_LEVEL: 'warn', ...env }
      await prepare?.(stack.kafkaBrokers)
      await applyTopics(all)
      const started = await Promise.all(
        SERVICES.map((name) => startService(name, { ...all, ...options.envOf?.(name) }, options)),
      )
      const services = Object.fromEntries(started.map((one) => [one.name, one])) as WeirSystem['services']
      const more = await startOthers(instances - 1, all, options)
      return new WeirSystem(stack, services, all, keys, options, more)
    } catch (error) {
      await stack.stop()
      throw error
    }
  }

  /** A bearer token of the local key. */
  token(request: Partial<TokenRequest> & Pick<TokenRequest, 'roles'>): Promise<string> {
    return signLocalToken(this.keys, { subject: `${request.roles.join('-')}-1`, ...request })
  }

  private readonly contracts = new Map<ServiceName, AnswerContract>()

  /** What a service says that it answers; undefined while nobody is there to be asked. */
  private async contractOf(service: ServiceName): Promise<AnswerContract | undefined> {
    const known = this.contracts.get(service)
    if (known) return known
    const read = await AnswerContract.of(this.services[service].url)
    if (read) this.contracts.set(service, read)
    return read
  }

  /**
   * Calls a service as somebody with these roles; `json` or `yaml` becomes the body. Throws where the answer is not what the
   * OpenAPI document of the service says.
   */
  async call<T = unknown>(
    service: ServiceName,
    path: string,
    as: Partial<TokenRequest> & Pick<TokenRequest, 'roles'>,
    { method, json, yaml }: { method?: string; json?: unknown; yaml?: string } = {},
  ): Promise<Answer<T>> {
    const body = yaml ?? (json === undefined ? undefined : JSON.stringify(json))
    const sends = yaml === undefined ? 'application/json' : 'application/yaml'
    const verb = method ?? (body === undefined ? 'GET' : 'POST')
    const response = await fetch(`${this.services[service].url}${path}`, {
      method: verb,
      headers: {
        authorization: `Bearer ${await this.token(as)}`,
        ...(body === undefined ? {} : { 'content-type': sends }),
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const { status } = response
    const answer = text === '' ? undefined : (JSON.parse(text) as unknown)
    const type = response.headers.get('content-type') ?? ''
    const contract = await this.contractOf(service)
    const problems = contract?.problems({ method: verb, path, status, type, body: answer }) ?? []
    if (problems.length > 0) {
      throw new Error(`${service} ${verb} ${path} is not answered as documented: ${problems.join('; ')}`)
    }
    return { status, body: answer as T }
  }

  /** All items of a list, page by page. Throws where one is not answered 200. */
  async all<T>(
    service: ServiceName,
    path: string,
    as: Partial<TokenRequest> & Pick<TokenRequest, 'roles'>,
  ): Promise<T[]> {
    const items: T[] = []
    const first = `${path}${path.includes('?') ? '&' : '?'}limit=200`
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? first : `${first}&cursor=${encodeURIComponent(cursor)}`
      const { status, body } = await this.call<{ items: T[]; nextCursor: string | null }>(service, at, as)
      if (status !== 200) throw new Error(`${at} answered ${status}`)
      items.push(...body.items)
      cursor = body.nextCursor
    }
    return items
  }

  /** Registers a platform and waits for nothing else. */
  async register(id: string, more: object = {}): Promise<Answer> {
    const json = { id, name: id, mode: 'enforce', contacts: [], ...more }
    return this.call('enforcement', '/v1/platforms', { roles: ['admin'] }, { json })
  }

  /** Writes values to a topic; objects as JSON, bytes as they are. `compression` is one of kafkajs' CompressionTypes. */
  async produce(
    topic: string,
    records: readonly {
      key?: string | null
      value: object | Buffer | string | null
      headers?: Record<string, string>
    }[],
    compression: number = kafkajs.CompressionTypes.None,
  ): Promise<void> {
    const messages = records.map(({ key, value, headers }) => ({
      key: key ?? null,
      ...(headers ? { headers } : {}),
      value:
        value === null || Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value),
    }))
    for (let from = 0; from < messages.length; from += 500) {
      await this.send({ compression, topicMessages: [{ topic, messages: messages.slice(from, from + 500) }] })
    }
  }

  /** Writes objects as JSON to partitions of topics, all in one go. */
  async produceAt(records: readonly { topic: string; partition: number; value: object }[]): Promise<void> {
    const topicMessages = [...Map.groupBy(records, (one) => one.topic)].map(([topic, some]) => ({
      topic,
      messages: some.map(({ partition, value }) => ({ partition, value: JSON.stringify(value) })),
    }))
    await this.send({ topicMessages })
  }

  /** Sends whole requests until the brokers have one: kafkajs' own retries lose what another broker leads meanwhile. */
  private async send(batch: Omit<ProducerBatch, 'acks'>): Promise<void> {
    const giveUpAt = Date.now() + SEND_WITHIN_MS
    for (;;) {
      const sender = this.producer()
      try {
        await (await sender).sendBatch({ ...batch, acks: -1 })
        return
      } catch (error) {
        if (!mayBeSentAgain(error) || Date.now() > giveUpAt) throw error
        if (this.sender === sender) this.sender = undefined
        await sender.then((producer) => producer.disconnect()).catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }

  private sender: Promise<Producer> | undefined
  private producer(): Promise<Producer> {
    this.sender ??= (async () => {
      const producer = this.kafka().producer({ allowAutoTopicCreation: false, retry: { retries: 0 } })
      await producer.connect()
      this.clients.push(producer)
      return producer
    })()
    return this.sender
  }

  /** Follows topics from their beginning; the list grows as records come. */
  async follow(...topics: string[]): Promise<OutsideRecord[]> {
    const records: OutsideRecord[] = []
    this.clients.push(await this.consume(topics, `outside-${randomUUID()}`, (record) => records.push(record)))
    return records
  }

  private async consume(
    topics: readonly string[],
    groupId: string,
    onRecord: (record: OutsideRecord) => void,
  ): Promise<Consumer> {
    const consumer: Consumer = this.kafka().consumer({
      groupId,
      maxWaitTimeInMs: 100,
      allowAutoTopicCreation: false,
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        for (const message of messages) {
          onRecord({
            topic,
            partition,
            offset: message.offset,
            key: message.key?.toString() ?? null,
            value: message.value,
            headers: Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
            ),
            timestamp: Number(message.timestamp),
            seenAt: Date.now(),
          })
        }
      },
    })
    return consumer
  }

  /** Everything that is on topics now, each record as often as it is there. */
  async readAll(topics: readonly string[]): Promise<OutsideRecord[]> {
    const records: OutsideRecord[] = []
    await this.readOn(topics, `outside-${randomUUID()}`, (record) => records.push(record))
    return records
  }

  /** Reads topics from where the last call with this `groupId` stopped to where they end now; each record once. */
  async readOn(
    topics: readonly string[],
    groupId: string,
    onRecord: (record: OutsideRecord) => void,
  ): Promise<void> {
    const open = new Map<string, number>()
    const next = new Map<string, number>()
    for (const topic of topics) {
      const [before] = await this.ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
      const readTo = new Map(before?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
      for (const { partition, high, low } of await this.ends(topic)) {
        const from = Math.max(Number(low), readTo.get(partition) ?? 0)
        next.set(`${topic}/${partition}`, from)
        if (Number(high) > from) open.set(`${topic}/${partition}`, Number(high))
      }
    }
    if (open.size === 0) return
    // A rebalance makes kafkajs start anew from the committed offset: what was read already is passed over.
    let closed = false
    const consumer = await this.consume(topics, groupId, (record) => {
      const key = `${record.topic}/${record.partition}`
      const offset = Number(record.offset)
      if (closed || offset < (next.get(key) ?? 0)) return
      next.set(key, offset + 1)
      onRecord(record)
    })
    const isRead = () => [...open].every(([key, end]) => (next.get(key) ?? 0) >= end)
    await eventually(`${topics.join()} read to the end`, isRead, 300)
    closed = true
    await consumer.commitOffsets(
      [...next].map(([key, offset]) => {
        const slash = key.lastIndexOf('/')
        return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), offset: String(offset) }
      }),
    )
    await consumer.disconnect()
  }

  /** How many records there are on a topic, those that were kept for a time included. */
  async topicEnds(topic: string): Promise<number> {
    const ends = await this.ends(topic)
    return ends.reduce((sum, { high }) => sum + Number(high), 0)
  }

  /** The topics that there are. */
  async topics(): Promise<string[]> {
    const all = await this.ask((admin) => admin.listTopics())
    return all.filter((name) => name.startsWith('weir.')).sort()
  }

  /** Records of `topic` that the groups of `service`, under the present prefix or another, have not committed yet. */
  async undone(service: ServiceName, topic: string, prefix = this.prefix): Promise<number> {
    const committed = await this.committed(service, topic, prefix)
    const ends = await this.ends(topic)
    return ends.reduce(
      (sum, { partition, high, low }) =>
        sum + Number(high) - Math.max(Number(low), committed.get(partition) ?? 0),
      0,
    )
  }

  /** Deletes the records of `topic` below an offset of each partition. */
  async truncate(topic: string, below: ReadonlyMap<number, number>): Promise<void> {
    const partitions = [...below].map(([partition, offset]) => ({ partition, offset: String(offset) }))
    await this.ask((admin) => admin.deleteTopicRecords({ topic, partitions }))
  }

  /** The port of the broker that leads each partition of Weir's topics. */
  async leaderPorts(): Promise<number[]> {
    const topics = await this.topics()
    const [metadata, { brokers }] = await Promise.all([
      this.ask((admin) => admin.fetchTopicMetadata({ topics })),
      this.ask((admin) => admin.describeCluster()),
    ])
    const ports = new Map(brokers.map(({ nodeId, port }) => [nodeId, port]))
    return metadata.topics.flatMap(({ partitions }) => partitions.map(({ leader }) => ports.get(leader) ?? 0))
  }

  private get prefix(): string {
    return this.env['KAFKA_GROUP_PREFIX'] ?? 'weir'
  }

  /** The next offset of each partition for the groups of a `KAFKA_GROUP_PREFIX`. */
  async committed(
    service: ServiceName,
    topic: string,
    groupPrefix = this.prefix,
  ): Promise<Map<number, number>> {
    const prefix = `${groupPrefix}.${service}`
    const { groups } = await this.ask((admin) => admin.listGroups())
    const mine = groups.filter(({ groupId }) => groupId.startsWith(prefix) && !groupId.includes('.tables.'))
    const committed = new Map<number, number>()
    for (const { groupId } of mine) {
      const [of] = await this.ask((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
      for (const { partition, offset } of of?.partitions ?? [])
        committed.set(partition, Math.max(committed.get(partition) ?? 0, Number(offset)))
    }
    return committed
  }

  /** Resolves when every record has gone all the way and no outbox holds anything; rejects after `seconds`. */
  async drained(platforms: readonly string[], seconds = 120): Promise<void> {
    const way = wayOf(platforms)
    const isDone = async (): Promise<boolean> => {
      for (const [service, topic] of way) if ((await this.undone(service, topic)) > 0) return false
      return (await this.unsettled()) === 0
    }
    // Twice, because a record may be between two topics while each is looked at.
    await eventually('everything drained', async () => (await isDone()) && (await isDone()), seconds)
  }

  /** Resolves when, stage after stage, what is in the stage's topic has been done; more may come meanwhile. */
  async caughtUp(platforms: readonly string[], seconds = 120): Promise<void> {
    for (const [service, topic] of wayOf(platforms)) {
      const ends = await this.ends(topic)
      const end = new Map(ends.map(({ partition, high }) => [partition, Number(high)]))
      await eventually(
        `${service} is through ${topic}`,
        async () => {
          const committed = await this.committed(service, topic)
          return [...end].every(([partition, high]) => (committed.get(partition) ?? 0) >= high)
        },
        seconds,
      )
    }
  }

  /** Verdicts that wait for their accounts, and accounts whose outbox is not delivered yet. */
  async unsettled(): Promise<number> {
    const database = this.database('enforcement')
    const waits = { waitsSince: { $type: 'date' } }
    // In the order of their way: what goes on meanwhile is counted twice, and not missed.
    const verdicts = await database.collection('case_entries').countDocuments(waits, { hint: 'waiting' })
    return (
      verdicts + (await database.collection('accounts').countDocuments({ 'pending.0.id': { $exists: true } }))
    )
  }

  /** The database of a service, read directly where its API does not show something. */
  database(service: ServiceName): mongo.Db {
    return this.mongo().db(`weir_${service}`)
  }

  private databases: mongo.MongoClient | undefined
  mongo(): mongo.MongoClient {
    if (!this.databases) {
      const client = new mongo.MongoClient(this.stack.mongoUri)
      this.databases = client
      this.clients.push({ disconnect: () => client.close() })
    }
    return this.databases
  }

  private async ends(topic: string): Promise<(SeekEntry & { high: string; low: string })[]> {
    return this.ask((admin) => admin.fetchTopicOffsets(topic))
  }

  /** Asks the broker, and again for a minute while it has only just come back. */
  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = await this.admin()
    const end = Date.now() + 60_000
    for (;;) {
      try {
        return await question(admin)
      } catch (error) {
        if (!(error instanceof kafkajs.KafkaJSError) || Date.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }

  private administrator: Promise<Admin> | undefined
  private admin(): Promise<Admin> {
    this.administrator ??= (async () => {
      const admin = this.kafka().admin()
      await admin.connect()
      this.clients.push(admin)
      return admin
    })()
    return this.administrator
  }

  private kafka(): Kafka {
    return outsideKafka(this.stack.kafkaBrokers, { retry: { retries: 60, maxRetryTime: 2_000 } })
  }

  /** Ends clients, services and stack, in this order. */
  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.disconnect().catch(() => undefined)))
    const all = [...SERVICES.flatMap((name) => this.instancesOf(name)), ...this.extra]
    await Promise.all(all.map((service) => service.stop()))
    await this.stack.stop()
    await rm(this.keys, { recursive: true, force: true })
  }
}

/** So many instances of each service, one after the other: all at once would take the machine from those that start. */
async function startOthers(
  count: number,
  env: Record<string, string>,
  options: Pick<SystemOptions, 'root' | 'envOf'>,
): Promise<Record<ServiceName, ServiceProcess[]>> {
  const others: Record<ServiceName, ServiceProcess[]> = {
    ingestion: [],
    classification: [],
    enforcement: [],
    notification: [],
  }
  for (let i = 0; i < count; i++)
    for (const name of SERVICES)
      others[name].push(await startService(name, { ...env, ...options.envOf?.(name) }, options))
  return others
}

/** kafkajs calls an error final too when it was told to try once only. */
function mayBeSentAgain(error: unknown): boolean {
  if (error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded) return true
  return error instanceof kafkajs.KafkaJSError && !(error instanceof kafkajs.KafkaJSNonRetriableError)
}

/** The topics that a message goes through, with who takes it from there. */
export function wayOf(platforms: readonly string[]): [ServiceName, string][] {
  return [
    ...platforms.map((id): [ServiceName, string] => ['ingestion', `weir.in.${id}.messages.v1`]),
    ['classification', 'weir.messages.v1'],
    ['enforcement', 'weir.reach.v1'],
    ['enforcement', 'weir.verdicts.v1'],
    ['notification', 'weir.notices.v1'],
    ['enforcement', 'weir.deliveries.v1'],
  ]
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
