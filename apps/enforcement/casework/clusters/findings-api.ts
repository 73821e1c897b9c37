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
  PLATFORM_OWN_ID,
  PlatformId,
  Shape,
  Strings,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import { FINDING_KINDS } from '#libs/contracts/finding'
import { MEASURES } from '#libs/contracts/measures-in-force'
import { DECISION_STATES } from '../../ledger/decisions/decision.js'
import { DecisionPreview, DecisionView, PreviewedAccount } from '../decisions-api.js'

/** The stretch of time that a finding looked at. */
export class WindowView {
  @Instant() from!: Date
  @Instant() to!: Date
}

/** A version of a finding. */
export class FindingView {
  @WeirId() findingId!: string
  @Example('coordination') @OneOf(FINDING_KINDS) kind!: (typeof FINDING_KINDS)[number]
  @Text(60, 1) category!: string
  @Num(0, 1) score!: number
  @One(() => WindowView) window!: WindowView
  @Text(40, 1) policyVersion!: string
  @Example(12) @Int(0) memberCount!: number
  @Example(40) @Int(0) messageCount!: number
  /** Null where they are left out (only the newest version shows them, and no more than a thousand) or erased. */
  @Example(null) @Optional() @Shape('array') edges!: unknown[] | null
  @Optional() @Instant() addedAt!: Date | null
}

/** What was last decided on an account of a cluster. */
export class MemberDecision {
  @WeirId() decisionId!: string
  @Example('in_force') @OneOf(DECISION_STATES) state!: string
  @OneOf(MEASURES) measure!: string
}

/** An account that takes part in a cluster. */
export class MemberView {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @Int(0) messageCount!: number
  /** The first hundred. */
  @Strings(100, PLATFORM_OWN_ID) messageIds!: string[]
  @One(() => WindowView) window!: WindowView
  @Example(null) @Optional() @One(() => MemberDecision) decision!: MemberDecision | null
}

/** Decisions on a cluster that are answered with. */
export const DECISIONS_SHOWN = 200

/** What was decided on the accounts of a cluster: a decision for each. */
export class ClusterDecided {
  @WeirId() caseId!: string
  @Example(1) @Int(0) count!: number
  /** The first of them; `GET /v1/decisions?case=` has all. */
  @Many(() => DecisionView, DECISIONS_SHOWN) decisions!: DecisionView[]
}

export class PreviewedMember extends PreviewedAccount {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
}

/** What a decision would do to one account of a cluster. */
export class MemberPreview extends DecisionPreview {
  @One(() => PreviewedMember) declare account: PreviewedMember
}

/** What a decision on a cluster would do; nothing is changed. */
export class ClusterPreview {
  @Example(true) @Flag() dryRun!: boolean
  @Many(() => MemberPreview, 100) accounts!: MemberPreview[]
}
