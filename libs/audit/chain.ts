import { hash } from 'node:crypto'
import type { AuditEntry, AuditRecord } from '#libs/contracts/audit-record'
import { accountKey } from '#libs/contracts/ids'
import type { WeirEvent } from '#libs/contracts/weir-event'
import { canonicalJson } from './canonical-json.js'

/** The chains of the log. Another one may be added; none is ever taken away. */
export const AUDIT_SHARDS = ['0', '1', '2', '3'] as const
export type AuditShard = (typeof AUDIT_SHARDS)[number]

/** The end of a chain: how many records there are, and the hash of the last. */
export interface Tail {
  readonly size: number
  /** Base64. */
  readonly head: string
  readonly loggedAt: string
}

/** The end of a chain without records. */
export const EMPTY_TAIL: Tail = {
  size: 0,
  head: Buffer.alloc(32).toString('base64'),
  loggedAt: new Date(0).toISOString(),
}

/** What is hashed is told apart by its first byte, so that no record is ever taken for a link (RFC 6962, section 2.1). */
const RECORD = '\x00'
const LINK = Buffer.of(0x01)

/** The entry that an event leaves. Absent fields are left out, and strings are as the database gives them back. */
export function entryOf({ eventId, ...event }: WeirEvent): AuditEntry {
  return storable({ entryId: eventId, ...event })
}

/**
 * An entry as it is the same before and after it was stored: no `null` or `undefined`, no half of a surrogate pair. Its fields are in
 * the order in which they are hashed.
 */
export function storable(entry: AuditEntry): AuditEntry {
  const given = entry as unknown as Record<string, unknown>
  const stored: Record<string, unknown> = {}
  for (const name of Object.keys(given).sort()) {
    const value = given[name]
    if (value === undefined || value === null) continue
    stored[name] = wellFormed(value)
  }
  return stored as unknown as AuditEntry
}

function wellFormed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wellFormed)
  return typeof value === 'string' ? value.toWellFormed() : value
}

/** The shard of an entry: all that is about one account stands in one chain. */
export function shardOf(entry: AuditEntry): AuditShard {
  return shardOfKey(keyOf(entry))
}

/** The entries by shard, in their order. */
export function byShard(entries: readonly AuditEntry[]): Map<AuditShard, AuditEntry[]> {
  const shards = new Map<string, AuditShard>()
  return Map.groupBy(entries, (entry) => {
    const key = keyOf(entry)
    const shard = shards.get(key) ?? shardOfKey(key)
    shards.set(key, shard)
    return shard
  })
}

function keyOf({ platformId, accountId, subject }: AuditEntry): string {
  return platformId && accountId ? accountKey(platformId, accountId) : subject
}

function shardOfKey(key: string): AuditShard {
  return AUDIT_SHARDS[hash('sha256', key, 'buffer')[0]! % AUDIT_SHARDS.length]!
}

/**
 * The hash of a record, base64: SHA-256(0x01 ‖ hash of its predecessor ‖ SHA-256(0x00 ‖ the canonical JSON (RFC 8785) of
 * `{entry, loggedAt, seq, shard}`)).
 */
export function recordHash({ shard, seq, loggedAt, prevHash, entry }: Omit<AuditRecord, 'hash'>): string {
  const place = canonicalJson({ loggedAt, seq, shard })
  const leaf = hash('sha256', `${RECORD}{"entry":${canonicalJson(entry)},${place.slice(1)}`, 'buffer')
  return hash('sha256', Buffer.concat([LINK, Buffer.from(prevHash, 'base64'), leaf]), 'base64')
}

/** The records that put the entries onto a chain, in their order. */
export function chainOnto(
  tail: Tail,
  shard: AuditShard,
  entries: readonly AuditEntry[],
  now: Date,
): AuditRecord[] {
  const at = now.toISOString()
  const loggedAt = at > tail.loggedAt ? at : tail.loggedAt
  let prevHash = tail.head
  return entries.map((entry, index) => {
    const record = { shard, seq: tail.size + index, loggedAt, prevHash, entry }
    const chained = { ...record, hash: recordHash(record) }
    prevHash = chained.hash
    return chained
  })
}

/** The end of a chain of which this is the last record. */
export function tailAt({ seq, hash: head, loggedAt }: Pick<AuditRecord, 'seq' | 'hash' | 'loggedAt'>): Tail {
  return { size: seq + 1, head, loggedAt }
}
