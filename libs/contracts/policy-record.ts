import { Instant, Int, One, OneOf, Optional, Shape, Text } from './fields.js'

export const POLICY_RECORD_KINDS = ['policy', 'bank', 'overlay'] as const
export const POLICY_RECORD_STATES = ['live', 'shadow', 'retired'] as const

/** A large bank travels in chunks under one version and counts only when all are there. */
export class Chunk {
  @Int(0, 10_000) index!: number
  @Int(1, 10_000) count!: number
}

/**
 * One publication of a version of a policy, bank or overlay on the compacted topic `weir.policies.v1`. Each has a key of its own
 * and never changes, so that compaction keeps every period of effect; the text travels with the first publication of a version.
 */
export class PolicyRecord {
  @OneOf(POLICY_RECORD_KINDS) kind!: (typeof POLICY_RECORD_KINDS)[number]
  @Text(100, 1) name!: string
  @Text(40, 1) version!: string
  @OneOf(POLICY_RECORD_STATES) state!: (typeof POLICY_RECORD_STATES)[number]
  /** Applies to messages that the broker received from this instant on. */
  @Instant() effectiveFrom!: string
  /** Per cent of accounts, by hash of the account. */
  @Int(0, 100) rollout!: number
  @Instant() publishedAt!: string
  /** Counts the publications of policies, and of each bank and overlay: of two that are in effect the higher one counts. */
  @Optional() @Int(1, 1_000_000_000) publication?: number
  /** Absent where the version was published before: it is the one that came with it then. */
  @Optional() @Shape() document?: Record<string, unknown>
  @Optional() @One(() => Chunk) chunk?: Chunk
}

/** The compaction key of a policy record: `kind/name/version[/chunk]`, or `kind/name/version@publication` of one without text. */
export function policyRecordKey(record: PolicyRecord): string {
  const key = `${record.kind}/${record.name}/${record.version}`
  if (record.chunk) return `${key}/${record.chunk.index}`
  return record.document || record.publication === undefined ? key : `${key}@${record.publication}`
}
