import type { Finding, VerifiedShard } from '#libs/audit/log-verifier'

/** One line for people on what is wrong, and where. */
export function findingLine({ fault, shard, seq, detail }: Finding): string {
  const place = shard === null ? 'somewhere' : `shard ${shard}${seq === null ? '' : `, record ${seq}`}`
  return `${fault} at ${place}: ${detail}`
}

/** One line for people on what was read of a shard. */
export function shardLine(verified: VerifiedShard): string {
  const { shard, first, size, confirmed, proved } = verified
  const records = size === first ? 'no records' : `records ${first} to ${size - 1}`
  const read = `shard ${shard}: ${records}, confirmed by ${confirmed} checkpoints`
  if (isUnproved(verified))
    return `${read}; none was kept elsewhere: only whoever signed the export vouches for it`
  return size === first || proved === size
    ? read
    : `${read}, the kept ones up to record ${proved - 1}; for what follows only whoever signed the export vouches`
}

/** Whether a shard has records of which no checkpoint that was kept elsewhere says anything. */
export function isUnproved({ first, size, proved }: VerifiedShard): boolean {
  return size > first && proved <= first
}
