import canonicalize from 'canonicalize'
import type { AuditRecord } from '#libs/contracts/audit-record'

/**
 * An export of the log is NDJSON, each line canonical JSON (RFC 8785): first one head for each shard, in their order, then the
 * records, by shard and place. A head says where the export of its shard begins (`first`) and, signed, where it ends (`note`).
 */
export interface ExportHead {
  readonly shard: string
  readonly first: number
  /** A checkpoint note. */
  readonly note: string
}

export function headLine({ shard, first, note }: ExportHead): string {
  return `${canonicalize({ shard, first, note })!}\n`
}

export function recordLine({ shard, seq, loggedAt, prevHash, hash, entry }: AuditRecord): string {
  return `${canonicalize({ shard, seq, loggedAt, prevHash, hash, entry })!}\n`
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a line without its end is; null where it is neither, or is spelled in another way than the one. */
export function parseLine(
  bytes: Uint8Array,
): { head: ExportHead; record?: never } | { record: AuditRecord; head?: never } | null {
  try {
    const text = utf8.decode(bytes)
    const value = JSON.parse(text) as unknown
    if (canonicalize(value) !== text) return null
    if (isHead(value)) return { head: value }
    if (isRecord(value)) return { record: value }
    return null
  } catch {
    return null
  }
}

function isHead(value: unknown): value is ExportHead {
  if (!hasKeys(value, ['first', 'note', 'shard'])) return false
  return typeof value['shard'] === 'string' && isCount(value['first']) && typeof value['note'] === 'string'
}

function isRecord(value: unknown): value is AuditRecord {
  if (!hasKeys(value, ['entry', 'hash', 'loggedAt', 'prevHash', 'seq', 'shard'])) return false
  const { entry, hash, loggedAt, prevHash, seq, shard } = value
  const texts = [hash, loggedAt, prevHash, shard].every((text) => typeof text === 'string')
  return texts && isCount(seq) && typeof entry === 'object' && entry !== null
}

function hasKeys(value: unknown, keys: readonly string[]): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).sort().join() === keys.join()
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
