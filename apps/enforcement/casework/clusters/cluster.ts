import type { Bilingual } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'

/** An account that takes part in a cluster, with all that any version of the finding says it did. */
export interface ClusterMember {
  /** `<caseId>/<platform>/<account>`. */
  _id: string
  caseId: string
  platformId: string
  accountId: string
  messageIds: string[]
  /** The windows in which it did so, as one stretch. */
  from: Date
  to: Date
  addedAt: Date
}

/**
 * What a person decided on a cluster, before the accounts follow: each of them gets a decision of its own out of this. Never
 * changed; the case names the one that is being carried out.
 */
export interface ClusterOrder {
  _id: string
  caseId: string
  requestId: string
  findingId: string
  /** Keys of the accounts, sorted. */
  accounts: string[]
  measure: Measure
  clause: string | null
  reasons: Bilingual
  until: Date | null
  notBefore: Date | null
  by: string
  at: Date
  /** In force when it was given: accounts that follow later are judged by it all the same. */
  policyVersion: string
  /** A digest of what was asked, and by whom. */
  asked: string
  /** How often the case had been opened again before. */
  round: number
}
