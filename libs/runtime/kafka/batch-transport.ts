import { Inject, Injectable } from '@nestjs/common'
import type { CustomTransportStrategy } from '@nestjs/microservices'
import { Topics, type ServiceName } from '#libs/contracts/catalogue'
import type { Platform } from '#libs/contracts/platform'
import type { Logger } from '../logger.js'
import { ENV, LOGGER, SERVICE_NAME } from '../tokens.js'
import type { InputKind } from './batch-handler.js'
import { CompactedTables, type CompactedTable } from './compacted-table.js'
import { DeadLetters } from './dead-letters.js'
import { FindHandlers, wire, type Handlers } from './find-handlers.js'
import type { KafkaEnv } from './kafka-client.js'
import type { PartitionProgress } from './partition-progress.js'
import { topicsByShard } from './platform-shards.js'
import type { Route } from './run-handler.js'
import { SupervisedGroup } from './supervised-group.js'
import { TopicsAdmin } from './topics-admin.js'

/** Platforms often come several at once: their consumer is made anew once for all of them. */
const SETTLE_MS = { quiet: 300, most: 2_000 }

/**
 * The Kafka side of a service: finds its handlers, checks that they agree with the catalogue, and consumes for them. One
 * group for the topics of the catalogue; for platforms’ topics, whose number grows, a few groups among which they are
 * spread. For `app.connectMicroservice({ strategy: app.get(BatchTransport) })`.
 */
@Injectable()
export class BatchTransport implements CustomTransportStrategy {
  private groups: SupervisedGroup[] = []
  private listening = false

  constructor(
    @Inject(ENV) private readonly env: KafkaEnv,
    @Inject(SERVICE_NAME) private readonly service: ServiceName,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly finder: FindHandlers,
    private readonly tables: CompactedTables,
    private readonly deadLetters: DeadLetters,
    private readonly admin: TopicsAdmin,
  ) {}

  /** Calls back when consuming has begun; the broker may still be away. Throws a WiringError before anything is consumed. */
  listen(callback: (error?: Error) => void): void {
    try {
      const complete = this.env.NODE_ENV !== 'test'
      const handlers = wire(this.service, this.finder.all(), this.tables.opened(), { complete })
      this.listening = true
      this.consumeCatalogue(handlers)
      this.consumePlatforms(handlers)
      callback()
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Lets work in progress finish, commits it and leaves the groups. */
  async close(): Promise<void> {
    this.listening = false
    await Promise.all(this.groups.map((group) => group.close()))
  }

  /** What this service waits for before it consumes everything; empty when it does. */
  waitingFor(): string[] {
    return this.groups.flatMap((group) => group.waitingFor() ?? [])
  }

  /** Consumers that make no progress although no broker is away. */
  stuck(): string[] {
    return this.groups.flatMap((group) => group.stuck() ?? [])
  }

  /** Every partition that this process works on. */
  *progress(): Iterable<PartitionProgress> {
    for (const group of this.groups) yield* group.progress()
  }

  private consumeCatalogue({ topics }: Handlers): void {
    if (topics.size === 0) return
    const group = this.group('', false, (topic) => topics.get(topic)!)
    group.setTopics(topics.keys())
  }

  private consumePlatforms({ platforms }: Handlers): void {
    if (platforms.size === 0) return
    const registered = this.tables.open(Topics.platforms)
    for (const [kind, route] of platforms) this.follow(registered, kind, route)
  }

  private follow(registered: CompactedTable<Platform>, kind: InputKind, route: Route): void {
    const shards = this.env.KAFKA_PLATFORM_SHARDS
    const groups = Array.from({ length: shards }, (_, i) =>
      this.group(`.platforms.${kind}.${i}of${shards}`, true, () => route),
    )
    const topics: string[] = []
    const update = (): void => {
      const ids = [...registered.entries()].map(([id]) => id)
      for (const [i, some] of topicsByShard(ids, kind, shards).entries()) {
        const names = some.join()
        if (this.listening && topics[i] !== names) groups[i]!.setTopics(some)
        topics[i] = names
      }
    }
    void registered.ready.then(() => {
      update()
      registered.onChange(update)
    })
  }

  private group(suffix: string, mayLackTopics: boolean, routeOf: (topic: string) => Route): SupervisedGroup {
    const { env, service, deadLetters, logger } = this
    const group = new SupervisedGroup({
      env,
      groupId: `${env.KAFKA_GROUP_PREFIX}.${service}${suffix}`,
      clientId: `weir-${service}`,
      routeOf,
      deadLetters,
      logger,
      existing: () => this.admin.existing(),
      stands: (groupId, topics) => this.admin.stands(groupId, topics),
      onFatal: (error) => this.die(error),
      settleMs: SETTLE_MS,
      mayLackTopics,
    })
    this.groups.push(group)
    return group
  }

  /** A process that has lost its consumer looks well and does nothing: it ends, and is started again. */
  private die(error: Error): void {
    this.logger.fatal({ err: error }, 'a consumer stopped for good, exiting')
    process.exit(1)
  }
}
