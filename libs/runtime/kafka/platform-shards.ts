import { hash } from 'node:crypto'
import { platformTopicName } from '#libs/contracts/catalogue'
import type { InputKind } from './batch-handler.js'

/**
 * Which consumer reads a platform's topic. The number of consumers stands in the names of their groups: with another
 * number every platform is read anew by groups that have committed nothing yet, which repeats effects but makes no new ones.
 */
export function shardOf(platformId: string, shards: number): number {
  return parseInt(hash('sha256', platformId, 'hex').slice(0, 8), 16) % shards
}

/** The topics of each shard. */
export function topicsByShard(platformIds: Iterable<string>, kind: InputKind, shards: number): string[][] {
  const topics = Array.from({ length: shards }, (): string[] => [])
  for (const id of platformIds) topics[shardOf(id, shards)]!.push(platformTopicName(kind, id))
  return topics.map((some) => some.sort())
}
