import type { PartitionProgress } from './partition-progress.js'
import { topicLabel } from './topic-names.js'

/** How far behind one partition is. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  readonly seconds: number
}

/** How far behind a process is. */
export interface Lag {
  /** The worst partition of each topic, platforms' topics under their pattern's name. */
  readonly byTopic: ReadonlyMap<string, number>
  /** The worst partitions, the worst first; those without an open record are left out. */
  readonly worst: readonly PartitionLag[]
}

/** Lag as time: the age of the oldest open record in seconds, at `now` (milliseconds since 1970). At most `most` partitions. */
export function measureLag(
  partitions: Iterable<Pick<PartitionProgress, 'topic' | 'partition' | 'oldestOpen'>>,
  now: number,
  most: number,
): Lag {
  const byTopic = new Map<string, number>()
  const open: PartitionLag[] = []
  for (const one of partitions) {
    const oldest = one.oldestOpen()
    const seconds = oldest === undefined ? 0 : Math.max(0, now - oldest) / 1_000
    const label = topicLabel(one.topic)
    byTopic.set(label, Math.max(seconds, byTopic.get(label) ?? 0))
    if (oldest !== undefined) open.push({ topic: one.topic, partition: one.partition, seconds })
  }
  return { byTopic, worst: open.sort((a, b) => b.seconds - a.seconds).slice(0, most) }
}
