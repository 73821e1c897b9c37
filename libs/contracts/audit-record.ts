import { Example, Instant, Int, One, OneOf, Optional, Strings, Text, WeirId } from './fields.js'
import { ChangeFacts, WEIR_EVENT_KINDS } from './weir-event.js'

const AUDIT_ENTRY_KINDS = [...WEIR_EVENT_KINDS, 'evidence.viewed', 'evidence.erased'] as const

/** A page has no more items. */
export const MAX_SEEN = 200

/**
 * What the audit log says of one change of state, one view of evidence or one erasure: who did what to what and when, by ids and codes,
 * never content. Of a change it is the event of that change, under the event's id.
 */
export class AuditEntry extends ChangeFacts {
  @WeirId() entryId!: string
  @OneOf(AUDIT_ENTRY_KINDS) kind!: (typeof AUDIT_ENTRY_KINDS)[number]
  /** Of a view of a list: what stood on it, as `<noun>/<id>`. */
  @Example() @Optional() @Strings(MAX_SEEN, 300) seen?: string[]
}

export const EXAMPLE_ENTRY: AuditEntry = {
  entryId: 'out_2mzq7xw5gd4n6tbv8yhc1r0p3k',
  kind: 'case.claimed',
  platformId: 'chat-one',
  accountId: 'acc-4711',
  subject: 'case/case_3k2mzq7xw5gd4n6tbv8yhc1r0p',
  actor: 'moderator-7',
  at: '2026-11-24T08:00:00.000Z',
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
  @Example(EXAMPLE_ENTRY) @One(() => AuditEntry) entry!: AuditEntry
}
