import {
  DeadLetterTopic,
  type PlatformTopicKind,
  PlatformTopics,
  platformTopicName,
  Topics,
  type TopicSpec,
} from './catalogue.js'

/** A topic as it should be. */
export interface WantedTopic {
  readonly name: string
  readonly partitions: number
  readonly replication: number
  readonly config: Readonly<Record<string, string>>
}

type Keeping = Pick<TopicSpec, 'partitions' | 'cleanup' | 'retentionMs' | 'timestamps'>

/** Dead letters hold a whole record of an input topic, and headers. */
const DEAD_LETTER_BATCH_BYTES = 2 * 1024 * 1024
const DAY_MS = 86_400_000
/** What is kept for longer holds ids and codes only. */
const LONGEST_CONTENT_MS = 14 * DAY_MS

/** How a topic of the catalogue is to be kept: by `weir topics apply` and by the resources for Strimzi alike. */
export function wantedTopic(name: string, keeping: Keeping, replication: number): WantedTopic {
  const config: Record<string, string> = {
    'cleanup.policy': keeping.cleanup,
    'message.timestamp.type': keeping.timestamps,
    ...(replication >= 3 ? { 'min.insync.replicas': '2' } : {}),
    ...(keeping.cleanup === 'compact'
      ? {
          'min.compaction.lag.ms': '0',
          'delete.retention.ms': String(7 * DAY_MS),
          'segment.ms': String(DAY_MS),
        }
      : deletion(keeping.retentionMs)),
    ...(isInput(name) ? { 'compression.type': 'uncompressed' } : {}),
    ...(name === DeadLetterTopic.name ? { 'max.message.bytes': String(DEAD_LETTER_BATCH_BYTES) } : {}),
  }
  return { name, partitions: keeping.partitions, replication, config }
}

/** The topics that every system has: those of the catalogue, and that of dead letters. */
export function catalogueTopics(replication: number): WantedTopic[] {
  return [
    ...Object.values(Topics).map((spec) => wantedTopic(spec.name, spec, replication)),
    wantedTopic(DeadLetterTopic.name, DeadLetterTopic, replication),
  ]
}

/** The topics of one platform. Throws a RangeError on an id that is none. */
export function topicsOfPlatform(platformId: string, replication: number): WantedTopic[] {
  return Object.entries(PlatformTopics).map(([kind, spec]) =>
    wantedTopic(platformTopicName(kind as PlatformTopicKind, platformId), spec, replication),
  )
}

/**
 * A broker deletes whole segments, by their newest record, and never the one that is written to: of a topic with few records that would
 * be a week old before its first one goes. So segments end after a quarter of a day, or a day where records are kept for long.
 */
function deletion(retentionMs: number): Record<string, string> {
  if (retentionMs < 0) return { 'retention.ms': String(retentionMs) }
  const segmentMs = retentionMs <= LONGEST_CONTENT_MS ? DAY_MS / 4 : DAY_MS
  return { 'retention.ms': String(retentionMs), 'segment.ms': String(segmentMs) }
}

/**
 * What platforms compress is unpacked by the broker: it takes batches that kafkajs cannot read (two zstd frames, bytes behind a
 * gzip member), of which one ends every consumer of its topic; and one that unpacks to more than `max.message.bytes` it refuses.
 */
const isInput = (topic: string): boolean => topic.startsWith('weir.in.')
