import { Instant, Int, Shape, Text } from './fields.js'
import type { WeirEvent, WeirEventKind } from './weir-event.js'

/**
 * What the audit log says of one change of state or one view of evidence: who did what to what and when, by ids and codes,
 * never content. Of a change it is the event of that change, under the event's id.
 */
export interface AuditEntry extends Omit<WeirEvent, 'eventId' | 'kind'> {
  entryId: string
  kind: WeirEventKind | 'evidence.viewed'
}

/** An entry in its place in the log: a line of an export, in canonical JSON (docs/adr/0083). */
export class AuditRecord {
  @Text(100, 1) shard!: string
  /** Its place in the shard, from 0 and without gaps. */
  @Int(0) seq!: number
  /** When it was appended; never before its predecessor. */
  @Instant() loggedAt!: string
  /** Hash of the predecessor, base64; of the first, 32 zero bytes. */
  @Text(44, 44) prevHash!: string
  @Text(44, 44) hash!: string
  @Shape() entry!: AuditEntry
}
