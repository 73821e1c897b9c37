import {
  Example,
  Flag,
  Instant,
  Int,
  Many,
  Num,
  One,
  OneOf,
  Optional,
  OwnId,
  Pattern,
  PlatformId,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import {
  ACCOUNT_STATUSES,
  type AccountStatus,
  MEASURES,
  type Measure,
} from '#libs/contracts/measures-in-force'
import { ACCOUNT_KINDS, type AccountKind } from '#libs/contracts/message-in'
import { StrikeView } from '../ledger/strikes/strike-view.js'

/** A word of an operator's own. */
export const LABEL = '^[a-z0-9][a-z0-9-]{0,39}$'

/** An account in a list. */
export class AccountInBrief {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OneOf(ACCOUNT_STATUSES) status!: AccountStatus
  @Int(0, 5) level!: number
  @Num(0, Number.MAX_SAFE_INTEGER) points!: number
  @Optional() @Text(200) displayName!: string | null
  @Optional() @Int(0) followers!: number | null
  @Optional() @WeirId() openCaseId!: string | null
  @Instant() updatedAt!: Date
}

/** A measure that holds now. */
export class StandingMeasure {
  @Optional() @WeirId() directiveId!: string | null
  @OneOf(MEASURES) measure!: Measure
  @Instant() since!: Date
  /** Null: without end. */
  @Optional() @Instant() until!: Date | null
  @OneOf(['ladder', 'decision']) source!: 'ladder' | 'decision'
}

/** A measure that waits for a second person, for its day, or for both. */
export class HeldMeasure {
  @WeirId() decisionId!: string
  @Example('ban') @OneOf(MEASURES) measure!: Measure
  @Example(true) @Flag() needsApproval!: boolean
  /** Unapproved until then, it lapses. */
  @Optional() @Instant() lapsesAt!: Date | null
  @Example(null) @Optional() @Instant() notBefore!: Date | null
  /** Its owner is not known to have been told: the hours to answer have not begun. */
  @Example(false) @Flag() waitsForNotice!: boolean
}

/** What an operator says of an account to other operators, until it expires. Not a measure. */
export class LabelView {
  @WeirId() labelId!: string
  @Pattern(LABEL) label!: string
  @Text(2_000, 1) reason!: string
  @Text(200, 1) by!: string
  @Instant() at!: Date
  @Instant() expiresAt!: Date
}

/** The account as its platform last described it; empty where it never did. */
export class ProfileView {
  @Optional() @Text(200) displayName?: string | null
  @Optional() @OneOf(ACCOUNT_KINDS) kind?: AccountKind | null
  @Optional() @Flag() verified?: boolean | null
  @Optional() @Text(200) ownerRef?: string | null
  @Optional() @Int(0) followers?: number | null
  @Optional() @Instant() seenAt?: Date
}

/** How likely its judged messages together make it that an account does harm, at the full hour. */
export class RiskView {
  @Num(0, 1) score!: number
  @Instant() at!: Date
  @Example(3) @Int(0) signals!: number
}

export const STRIKES_SHOWN = 1_000

/** An account as it stands now. */
export class AccountView {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OneOf(ACCOUNT_STATUSES) status!: AccountStatus
  @Int(0, 5) level!: number
  @Num(0, Number.MAX_SAFE_INTEGER) points!: number
  /** The newest; all are in the timeline. */
  @Many(() => StrikeView, STRIKES_SHOWN) strikes!: StrikeView[]
  @Many(() => StandingMeasure, 10_000) measures!: StandingMeasure[]
  @Many(() => HeldMeasure, 10_000) held!: HeldMeasure[]
  @Many(() => LabelView, 50) labels!: LabelView[]
  @One(() => ProfileView) account!: ProfileView
  /** From many weak signs: orders the queue, and is the ground of no measure. */
  @One(() => RiskView) risk!: RiskView
  @Optional() @WeirId() openCaseId!: string | null
  @Example('/v1/accounts/chat-one/acc-4711/timeline') @Text(2_048, 1) timelineUrl!: string
  @Int(0) version!: number
}

export const TIMELINE_KINDS = [
  'verdict',
  'finding',
  'strike.added',
  'strike.reversed',
  'decision.made',
  'decision.held',
  'decision.answered',
  'decision.approved',
  'decision.refused',
  'decision.reversed',
  'directive.issued',
  'directive.answered',
  'appeal.opened',
  'appeal.decided',
  'appeal.withdrawn',
  'labelled',
] as const
export type TimelineKind = (typeof TIMELINE_KINDS)[number]

/** One thing that happened to an account: ids and codes, no content. */
export class TimelineItem {
  @Instant() at!: Date
  /** Unique within the timeline. */
  @Example('dec_7h5tq2mzn4kxw3gd6bv8yc1r0p/made') @Text(400, 1) id!: string
  @Example('decision.made') @OneOf(TIMELINE_KINDS) kind!: TimelineKind
  @Optional() @OwnId() messageId?: string
  @Optional() @WeirId() caseId?: string
  @Optional() @WeirId() decisionId?: string
  @Optional() @WeirId() directiveId?: string
  @Optional() @WeirId() strikeId?: string
  @Example() @Optional() @WeirId() findingId?: string
  @Example() @Optional() @WeirId() appealId?: string
  @Optional() @OneOf(MEASURES) measure?: Measure
  @Optional() @Text(120, 1) clause?: string | null
  @Optional() @Text(200, 1) by?: string
  /** The outcome of a verdict or an appeal, the kind of a directive or a finding, the status of a receipt, a label. */
  @Example() @Optional() @Text(60, 1) code?: string
}
