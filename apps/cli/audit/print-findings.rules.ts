import type { Finding, VerifiedShard } from '#libs/audit/log-verifier'

/** One line for people on what is wrong, and where. */
export function findingLine({ fault, shard, seq, detail }: Finding): string {
  const place = shard === null ? 'somewhere' : `shard ${shard}${seq === null ? '' : `, record ${seq}`}`
  return `${fault} at ${place}: ${detail}`
}

/** One line for people on what was read of a shard. */
export function shardLine({ shard, first, size, confirmed }: VerifiedShard): string {
  const records = size === first ? 'no records' : `records ${first} to ${size - 1}`
  return `shard ${shard}: ${records}, confirmed by ${confirmed} checkpoints`
}
