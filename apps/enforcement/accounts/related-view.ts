import { Int, Num, One, OneOf, Optional, OwnId, PlatformId, Text, WeirId } from '#libs/contracts/fields'
import { ACCOUNT_STATUSES, type AccountStatus } from '#libs/contracts/measures-in-force'

/** How many things two accounts have in common, by sort. */
export class EvidenceView {
  /** Messages that one reposted from the other, or both from a third. */
  @Int(0) repost!: number
  @Int(0) media!: number
  @Int(0) link!: number
  /** Messages of the account that the other has a near-duplicate of. */
  @Int(0) text!: number
  /** 1 where their platform names the same owner. */
  @Int(0) owner!: number
}

/** An account that has something in common with another. */
export class RelatedView {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  /** What n accounts have in common adds 1/n, the same owner 1. */
  @Num(0, 1_000_000) score!: number
  @One(() => EvidenceView) evidence!: EvidenceView
  @OneOf(ACCOUNT_STATUSES) status!: AccountStatus
  @Int(0, 5) level!: number
  @Optional() @Text(200) displayName!: string | null
  @Optional() @WeirId() openCaseId!: string | null
}
