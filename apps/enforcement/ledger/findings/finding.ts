import type { FINDING_KINDS } from '#libs/contracts/finding'
import type { Scheduled } from '../../store/erasure-schedule.js'

/** What one account did in a finding. */
export interface FoundMember {
  platformId: string
  accountId: string
  /** Sorted, each once. */
  messageIds: string[]
}

/**
 * One version of a finding, kept whole as the evidence. A finding whose cluster grows comes again under its id with other
 * content: that is another version, and what is known of the cluster is all of them together.
 */
export interface FindingRecord extends Scheduled {
  /** Derives from the id of the finding and its content. */
  _id: string
  findingId: string
  kind: (typeof FINDING_KINDS)[number]
  category: string
  score: number
  members: FoundMember[]
  window: { from: Date; to: Date }
  /** JSON, as it came: its shape is the detector's. An empty list once they were erased; then their digest remains. */
  edges: string
  edgesSha256?: string
  erasedAt?: Date
  /** Since when it is known that no case has it. */
  strayedAt?: Date
  policyVersion: string
  /** Null until its case has taken it in. */
  caseId: string | null
  addedAt: Date | null
}
