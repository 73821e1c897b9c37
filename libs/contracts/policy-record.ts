import { Instant, Int, One, OneOf, Optional, Shape, Text } from './fields.js'

export const POLICY_RECORD_KINDS = ['policy', 'bank', 'overlay'] as const
export const POLICY_RECORD_STATES = ['live', 'shadow', 'retired'] as const

/** A large bank travels in chunks under one version and counts only when all are there. */
export class Chunk {
  @Int(0, 10_000) index!: number
  @Int(1, 10_000) count!: number
}

/** One version of a policy, bank or overlay on the compacted topic `weir.policies.v1`; key `kind/name/version[/chunk]`. */
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
  @Shape() document!: Record<string, unknown>
  @Optional() @One(() => Chunk) chunk?: Chunk
}

/** The compaction key of a policy record. */
export function policyRecordKey(record: PolicyRecord): string {
  const key = `${record.kind}/${record.name}/${record.version}`
  return record.chunk ? `${key}/${record.chunk.index}` : key
}
