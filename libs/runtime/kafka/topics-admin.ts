import { Inject, Injectable } from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs'
import { catalogueTopics, topicsOfPlatform, type WantedTopic } from '#libs/contracts/topic-config'
import { RetryableError } from '../errors.js'
import type { Logger } from '../logger.js'
import { ENV, LOGGER } from '../tokens.js'
import { createKafka, type KafkaEnv } from './kafka-client.js'
import type { PartitionStand } from './partition-progress.js'

/** What keeps the broker's topics from being as they should. */
export type TopicDifference =
  | { readonly topic: string; readonly what: 'missing'; readonly wanted: WantedTopic }
  | {
      readonly topic: string
      readonly what: 'config'
      readonly setting: string
      readonly is: string
      readonly wanted: string
    }
  | { readonly topic: string; readonly what: 'partitions'; readonly is: number; readonly wanted: number }

const USABLE_WITHIN_MS = 15_000

/** Creates topics and compares them with the catalogue. Consumers and producers never create one. */
@Injectable()
export class TopicsAdmin {
  constructor(
    @Inject(ENV) private readonly env: KafkaEnv,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What `apply` would do, and what it never does: a partition count is fixed when the topic is created. */
  async plan(platformIds: readonly string[] = []): Promise<TopicDifference[]> {
    return this.withAdmin((admin) => this.differences(admin, this.wanted(platformIds)))
  }

  /** Creates missing topics and sets what is set otherwise. Returns what it changed; other partition counts are left. */
  async apply(platformIds: readonly string[] = []): Promise<TopicDifference[]> {
    return this.withAdmin(async (admin) => {
      const differences = await this.differences(admin, this.wanted(platformIds))
      await create(
        admin,
        differences.flatMap((one) => (one.what === 'missing' ? [one.wanted] : [])),
      )
      await configure(admin, differences)
      return differences.filter(({ what }) => what !== 'partitions')
    })
  }

  /** Creates the topics of the catalogue that do not exist. */
  async createMissing(): Promise<void> {
    await this.withAdmin((admin) => this.ensure(admin, this.wanted([])))
  }

  /** Resolves when the three topics of a platform exist and can be used. Creating them twice does no harm. */
  async createPlatformTopics(platformId: string): Promise<void> {
    const wanted = this.wantedOf(platformId)
    await this.withAdmin((admin) => this.ensure(admin, wanted))
  }

  /** Those of a platform's three topics that do not exist. */
  async missingPlatformTopics(platformId: string): Promise<string[]> {
    const existing = await this.existing()
    return this.wantedOf(platformId)
      .map(({ name }) => name)
      .filter((name) => !existing.has(name))
  }

  /** The names of all topics that this service may see. */
  async existing(): Promise<Set<string>> {
    return this.withAdmin(async (admin) => new Set(await admin.listTopics()))
  }

  /** First and next offset of each partition. */
  async offsets(topic: string): Promise<{ partition: number; low: string; high: string }[]> {
    return this.withAdmin((admin) => admin.fetchTopicOffsets(topic))
  }

  /** The first offset of each partition whose record is not older than an instant; the next one where none is. */
  async offsetsSince(topic: string, since: Date): Promise<{ partition: number; offset: string }[]> {
    return this.withAdmin((admin) => admin.fetchTopicOffsetsByTimestamp(topic, since.getTime()))
  }

  /** How many partitions each of these topics has; those that do not exist are left out. */
  async partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    return this.withAdmin(async (admin) => {
      const existing = new Set(await admin.listTopics())
      const present = topics.filter((topic) => existing.has(topic))
      if (present.length === 0) return new Map<string, number>()
      const metadata = await admin.fetchTopicMetadata({ topics: present })
      return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]))
    })
  }

  /** Where each partition of these topics stands, and a group with it, by `topic/partition`. Topics that are gone are left out. */
  async stands(groupId: string, topics: readonly string[]): Promise<Map<string, PartitionStand>> {
    return this.withAdmin(async (admin) => {
      const existing = new Set(await admin.listTopics())
      const present = topics.filter((topic) => existing.has(topic))
      const positions = await admin.fetchOffsets({ groupId, topics: present })
      const committed = new Map(
        positions.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }): [string, bigint] => [
            `${topic}/${partition}`,
            BigInt(offset),
          ]),
        ),
      )
      const stands = new Map<string, PartitionStand>()
      for (const topic of present) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const name = `${topic}/${partition}`
          const position = committed.get(name) ?? -1n
          stands.set(name, {
            low: BigInt(low),
            end: BigInt(high),
            committed: position < 0n ? undefined : position,
          })
        }
      }
      return stands
    })
  }

  private wanted(platformIds: readonly string[]): WantedTopic[] {
    return [...catalogueTopics(this.env.KAFKA_REPLICATION), ...platformIds.flatMap((id) => this.wantedOf(id))]
  }

  private wantedOf(platformId: string): WantedTopic[] {
    return topicsOfPlatform(platformId, this.env.KAFKA_REPLICATION)
  }

  private async ensure(admin: Admin, wanted: readonly WantedTopic[]): Promise<void> {
    const existing = new Set(await admin.listTopics())
    await create(
      admin,
      wanted.filter(({ name }) => !existing.has(name)),
    )
  }

  private async differences(admin: Admin, wanted: readonly WantedTopic[]): Promise<TopicDifference[]> {
    const existing = new Set(await admin.listTopics())
    const missing = wanted.filter(({ name }) => !existing.has(name))
    const present = wanted.filter(({ name }) => existing.has(name))
    return [
      ...missing.map((one): TopicDifference => ({ topic: one.name, what: 'missing', wanted: one })),
      ...(present.length > 0 ? await comparePresent(admin, present) : []),
    ]
  }

  /** A connection for one errand: there are few, and an old one would have to survive outages. */
  private async withAdmin<T>(errand: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = createKafka(this.env, 'weir-admin', this.logger).admin()
    try {
      await admin.connect()
      return await errand(admin)
    } catch (error) {
      throw new RetryableError('kafka-away', 'Kafka did not do what it was asked about topics.', {
        cause: error,
      })
    } finally {
      await admin.disconnect().catch(() => undefined)
    }
  }
}

async function create(admin: Admin, wanted: readonly WantedTopic[]): Promise<void> {
  if (wanted.length === 0) return
  const topics = wanted.map(({ name, partitions, replication, config }): ITopicConfig => ({
    topic: name,
    numPartitions: partitions,
    replicationFactor: replication,
    configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }))
  // Somebody else may create them at the same moment: what exists is not an error.
  await admin.createTopics({ topics, waitForLeaders: false, timeout: USABLE_WITHIN_MS })
  await untilUsable(
    admin,
    wanted.map(({ name }) => name),
  )
}

/** A topic that was just created may be unknown for a moment: brokers hear of it one after the other. */
async function untilUsable(admin: Admin, topics: string[]): Promise<void> {
  const end = Date.now() + USABLE_WITHIN_MS
  while (!(await areUsable(admin, topics))) {
    if (Date.now() > end) throw new Error('topics were created, and some have no leader yet')
    await sleep(50)
  }
}

async function areUsable(admin: Admin, names: string[]): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: names })
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  } catch {
    return false
  }
}

async function configure(admin: Admin, differences: readonly TopicDifference[]): Promise<void> {
  const settings = differences.filter((one) => one.what === 'config')
  const byTopic = Map.groupBy(settings, ({ topic }) => topic)
  if (byTopic.size === 0) return
  const wanted = new Map<string, Map<string, string>>()
  for (const [topic] of byTopic) wanted.set(topic, new Map())
  // AlterConfigs replaces all settings of a topic: those that differ from the default are sent again.
  const current = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [...byTopic.keys()].map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  for (const { resourceName, configEntries } of current.resources) {
    for (const { configName, configValue, isDefault } of configEntries) {
      if (!isDefault) wanted.get(resourceName)?.set(configName, configValue)
    }
  }
  for (const one of settings) wanted.get(one.topic)?.set(one.setting, one.wanted)
  await admin.alterConfigs({
    validateOnly: false,
    resources: [...wanted].map(([name, entries]) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configEntries: [...entries].map(([key, value]) => ({ name: key, value })),
    })),
  })
}

async function comparePresent(admin: Admin, present: readonly WantedTopic[]): Promise<TopicDifference[]> {
  const names = present.map(({ name }) => name)
  const { topics } = await admin.fetchTopicMetadata({ topics: names })
  const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  const configs = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
  return present.flatMap(({ name: topic, partitions, config }) => {
    const found: TopicDifference[] = []
    const count = counts.get(topic)
    if (count !== undefined && count !== partitions) {
      found.push({ topic, what: 'partitions', is: count, wanted: partitions })
    }
    for (const [setting, wanted] of Object.entries(config)) {
      const is = configs.get(topic)?.get(setting)
      if (is !== undefined && is !== wanted) found.push({ topic, what: 'config', setting, is, wanted })
    }
    return found
  })
}
