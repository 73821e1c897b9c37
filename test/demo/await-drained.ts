import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import { shardOf } from '#libs/runtime/kafka/platform-shards'
import type { Offsets, TopicFollower } from './topic-follower.js'

/** Who has to have worked off which topic. */
interface Consumption {
  readonly groupId: string
  readonly topic: string
}

export interface Draining {
  readonly admin: Admin
  readonly follower: TopicFollower
  readonly followed: readonly string[]
  readonly platformIds: readonly string[]
  /** What else is still under way, in words; undefined for nothing. */
  readonly alsoOpen: () => Promise<string | undefined>
  /** Told what is still open. */
  readonly onProgress: (open: string) => void
}

const LOOK_EVERY_MS = 200
const GIVE_UP_AFTER_MS = 90_000

/**
 * Resolves when everything is through: each service has committed the end of each topic it reads, we have read the end of all
 * that we follow, nothing else is open, and meanwhile nothing came that could make more.
 * @throws Error that says what is stuck, when for 90 s nothing came and nothing moved
 */
export async function untilDrained(draining: Draining): Promise<void> {
  let before = ''
  let last = ''
  let changedAt = Date.now()
  for (;;) {
    const { open, ends } = await look(draining)
    if (open === undefined && ends === before) return
    if (ends !== last) changedAt = Date.now()
    last = ends
    if (Date.now() - changedAt > GIVE_UP_AFTER_MS) throw new Error(`Nothing moves any more: ${open}.`)
    // What is open may have gone on unseen while we looked: only two quiet looks in a row tell.
    before = open === undefined ? ends : ''
    draining.onProgress(open ?? 'looking once more')
    await sleep(LOOK_EVERY_MS)
  }
}

/** What is open, and the ends of all topics as a text to compare. */
async function look({ admin, follower, followed, platformIds, alsoOpen }: Draining) {
  const consumptions = consumptionsOf(platformIds)
  const topics = [...new Set([...followed, ...consumptions.map(({ topic }) => topic)])]
  const ends = new Map(
    await Promise.all(topics.map(async (topic) => [topic, await endsOf(admin, topic)] as const)),
  )
  const open: string[] = []
  for (const { groupId, topic } of consumptions) {
    const lag = await lagOf(admin, groupId, topic, ends.get(topic)!)
    if (lag > 0) open.push(`${groupId} has ${lag} records of ${topic} before it`)
  }
  if (!followed.every((topic) => follower.hasReached(topic, ends.get(topic)!))) open.push('we still read')
  open.push(...[await alsoOpen()].filter((one) => one !== undefined))
  return { open: open[0], ends: JSON.stringify([...ends].map(([topic, offsets]) => [topic, [...offsets]])) }
}

/** The groups by their default names (`KAFKA_GROUP_PREFIX`, `KAFKA_PLATFORM_SHARDS`). */
function consumptionsOf(platformIds: readonly string[]): Consumption[] {
  const prefix = process.env.KAFKA_GROUP_PREFIX || 'weir'
  const shards = Number(process.env.KAFKA_PLATFORM_SHARDS || 4)
  const ofPlatform = (service: string, kind: 'messages' | 'receipts', platformId: string): Consumption => ({
    groupId: `${prefix}.${service}.platforms.${kind}.${shardOf(platformId, shards)}of${shards}`,
    topic: platformTopicName(kind, platformId),
  })
  return [
    ...platformIds.map((id) => ofPlatform('ingestion', 'messages', id)),
    { groupId: `${prefix}.classification`, topic: Topics.messages.name },
    { groupId: `${prefix}.enforcement`, topic: Topics.reach.name },
    { groupId: `${prefix}.enforcement`, topic: Topics.verdicts.name },
    ...platformIds.map((id) => ofPlatform('enforcement', 'receipts', id)),
    { groupId: `${prefix}.notification`, topic: Topics.notices.name },
    { groupId: `${prefix}.enforcement`, topic: Topics.deliveries.name },
  ]
}

/** What the demo reads beside the directives. */
export function followedTopics(platformIds: readonly string[]): string[] {
  return [
    ...platformIds.flatMap((id) => [platformTopicName('messages', id), platformTopicName('directives', id)]),
    Topics.messages.name,
    Topics.verdicts.name,
    Topics.events.name,
    Topics.notices.name,
    DeadLetterTopic.name,
  ]
}

async function endsOf(admin: Admin, topic: string): Promise<Offsets> {
  const partitions = await admin.fetchTopicOffsets(topic)
  return new Map(
    partitions
      .map(({ partition, high }) => [partition, Number(high)] as const)
      .sort(([one], [other]) => one - other),
  )
}

async function lagOf(admin: Admin, groupId: string, topic: string, ends: Offsets): Promise<number> {
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
  const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
  return [...ends].reduce((sum, [partition, end]) => sum + end - Math.max(0, at.get(partition) ?? 0), 0)
}
