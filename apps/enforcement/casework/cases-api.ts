import { Bilingual } from '#libs/contracts/directive'
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
  Shape,
  Strings,
  Text,
  WeirId,
  WeirIds,
} from '#libs/contracts/fields'
import { AccountIn, type Change, CHANGES, MediaIn, VISIBILITIES } from '#libs/contracts/message-in'
import { CategoryVerdict, MODE, type Outcome, OUTCOMES } from '#libs/contracts/verdict'
import { DecisionView } from './decisions-api.js'
import { FindingView, MemberView } from './clusters/findings-api.js'
import { type Route, ROUTES } from '#libs/policy/routing'
import { CASE_KINDS, type CaseKind } from '../ledger/cases/case.js'
import { CASE_STATES, type CaseState } from '../ledger/cases/case-transitions.js'

const SHA256 = '^[0-9a-f]{64}$'

/** What an operator wrote down. */
export class NoteView {
  @WeirId() noteId!: string
  @Instant() at!: Date
  @Text(200, 1) by!: string
  /** Empty once it was erased, with the evidence of its case. */
  @Example('The link leads to a shop that was closed in May.') @Text(10_000) text!: string
  /** SHA-256 of a text that was erased. */
  @Example() @Optional() @Pattern(SHA256) textSha256?: string
}

/** In which queue a case waits. */
export class QueuePlace {
  @Text(60, 1) category!: string
  /** Null where the platform did not say. */
  @Optional() @Text(35) language!: string | null
  @OneOf(ROUTES) route!: Route
}

/** A case as it stands now. */
export class CaseView {
  @WeirId() caseId!: string
  /** On one account, or on a cluster of accounts that were seen to act together. */
  @Example('account') @OneOf(CASE_KINDS) kind!: CaseKind
  /** Null for a cluster on several platforms. */
  @Optional() @PlatformId() platformId!: string | null
  /** Null for a cluster. */
  @Optional() @OwnId() accountId!: string | null
  /** Of a cluster: the finding that it comes from, and how many accounts take part. */
  @Example(null) @Optional() @WeirId() findingId!: string | null
  @Example(null) @Optional() @Int(0) memberCount!: number | null
  @OneOf(CASE_STATES) state!: CaseState
  /** Everything in it was decided automatically and nobody is asked for anything. */
  @Flag() automated!: boolean
  @Strings(100, 60) categories!: string[]
  @Int(0, 4) severity!: number
  /** Hours of head start. */
  @Example(24) @Num(0, Number.MAX_SAFE_INTEGER) priority!: number
  /** The order of the queue. */
  @Instant() urgentSince!: Date
  @Instant() dueAt!: Date
  @Flag() overdue!: boolean
  @One(() => QueuePlace) queue!: QueuePlace
  /** What people are asked to decide. */
  @Example(null) @Optional() @OneOf(['ban']) proposal!: 'ban' | null
  /** `notice-undelivered`: a ban waits in it, and nobody could be told of it. */
  @Example([]) @Strings(10, 40) flags!: string[]
  @Instant() openedAt!: Date
  @Instant() updatedAt!: Date
  @Example(null) @Optional() @Text(200, 1) assignee!: string | null
  @Example(null) @Optional() @Instant() claimedAt!: Date | null
  @Example(null) @Optional() @Instant() claimedUntil!: Date | null
  @Example(null) @Optional() @Instant() snoozedUntil!: Date | null
  @Many(() => NoteView, 10_000) notes!: NoteView[]
  /** The case of the same account that it became a part of. */
  @Example(null) @Optional() @WeirId() mergedInto!: string | null
  /** The cases that became a part of it: what is in them is shown here too. */
  @Example([]) @WeirIds(100) merged!: string[]
  /** For `If-Match`. */
  @Int(0) version!: number
}

/** A judged message; one that is sealed without its content. */
export class EvidenceMessage {
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OwnId() messageId!: string
  @WeirId() revision!: string
  @OneOf(VISIBILITIES) visibility!: (typeof VISIBILITIES)[number]
  @Instant() sentAt!: string
  @Instant() receivedAt!: string
  @Optional() @Text(20_000) text?: string
  @Optional() @Text(35) language?: string
  @Optional() @One(() => AccountIn) account?: AccountIn
  @Optional() @Many(() => MediaIn, 20) media?: MediaIn[]
  @Optional() @Strings(50, 2_048) links?: string[]
  @Example() @Optional() @OwnId() repostOf?: string
  @Optional() @Int(0) audience?: number
  @Optional() @OneOf(CHANGES) change?: Change
  @Example() @Optional() @Text(200, 1) requested?: string
}

/** Why automation did not act on a verdict in one of its categories: its text was found wrongly judged under the clause. */
export class HeldBackView {
  @Text(60, 1) category!: string
  @Text(120, 1) clause!: string
  /** When it was found. */
  @Instant() at!: Date
  /** The decision that was undone. */
  @WeirId() decisionId!: string
  /** The appeal that found it; null where a person reversed the automated decision without one. */
  @Optional() @WeirId() appealId!: string | null
  @One(() => Bilingual) reason!: Bilingual
}

/** One verdict in a case: the evidence. */
export class CaseEntryView {
  @WeirId() verdictId!: string
  @OwnId() messageId!: string
  @WeirId() revision!: string
  /** What it came to: `review` where the verdict acts, but was held back in all categories in which it does. */
  @OneOf(OUTCOMES) outcome!: Outcome
  @Example('live') @Pattern(MODE) mode!: string
  /** As judged. */
  @Many(() => CategoryVerdict, 50) categories!: CategoryVerdict[]
  @Example() @Optional() @Many(() => HeldBackView, 50) heldBack?: HeldBackView[]
  @Text(40, 1) policyVersion!: string
  @Shape() bankVersions!: Record<string, string>
  @Shape() modelVersions!: Record<string, string>
  @Strings(50, 100) overlays!: string[]
  @Shape() inputs!: Record<string, unknown>
  @Instant() receivedAt!: Date
  @Instant() classifiedAt!: Date
  /** When the account took it in. */
  @Optional() @Instant() addedAt!: Date | null
  /** Its category is for a named role only: the message stands here without its content. */
  @Flag() sealed!: boolean
  /** To be shown when the reader asks for it, not before. */
  @Example(true) @Flag() blurred!: boolean
  @One(() => EvidenceMessage) message!: EvidenceMessage
  /** When its text, links and account were erased, because their time was over; what remains are their digests (SHA-256). */
  @Example() @Optional() @Instant() erasedAt?: Date
  @Example() @Optional() @Pattern(SHA256) textSha256?: string | null
  @Example() @Optional() @Strings(50, 64) linkSha256?: string[]
}

/** A case with its evidence and what was decided on it. */
export class CaseFile extends CaseView {
  @Example(1) @Int(0) entryCount!: number
  /** The newest; the rest is in the account's timeline. */
  @Many(() => CaseEntryView, 200) entries!: CaseEntryView[]
  /** The newest first. */
  @Example([]) @Many(() => FindingView, 200) findings!: FindingView[]
  /** Of a cluster: a page of its accounts; `nextMember` goes into `membersAfter`. */
  @Example() @Optional() @Many(() => MemberView, 100) members?: MemberView[]
  @Example() @Optional() @Text(300) nextMember?: string | null
  @Many(() => DecisionView, 10_000) decisions!: DecisionView[]
}

/** How much waits, and how long. */
export class QueueView {
  @Optional() @Text(60) category!: string | null
  @Optional() @Text(35) language!: string | null
  /** Null for clusters on several platforms. */
  @Optional() @PlatformId() platformId!: string | null
  @OneOf(ROUTES) route!: Route
  @Example(12) @Int(0) depth!: number
  @Optional() @Instant() oldest!: Date | null
  @Example(1) @Int(0) snoozed!: number
  @Example(2) @Int(0) claimed!: number
  @Int(0) overdue!: number
}

/** Which entries of cases a rule is about: all of what it says must hold. */
export class RoutingConditionView {
  @Optional() @Text(60) category?: string
  /** `zh` is also `zh-Hant`. */
  @Example('zh') @Optional() @Text(35) language?: string
  @Example() @Optional() @PlatformId() platform?: string
  @Example(4) @Optional() @Int(1, 4) minSeverity?: number
}

/** A rule of the policy in force: for whom entries are that fit it. The first that fits counts. */
export class RoutingRuleView {
  @One(() => RoutingConditionView) when!: RoutingConditionView
  @Example('senior') @OneOf(ROUTES) route!: Route
}

/** All queues; never more than one page. */
export class QueuesView {
  @Many(() => QueueView, 2_000) items!: QueueView[]
  @Optional() @Text(500) nextCursor!: null
  @Instant() countedAt!: Date
  @Many(() => RoutingRuleView, 100) routing!: RoutingRuleView[]
}
