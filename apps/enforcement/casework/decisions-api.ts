import { Bilingual, Directive } from '#libs/contracts/directive'
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
  PlatformId,
  PLATFORM_OWN_ID,
  Strings,
  Text,
  WeirId,
  WeirIds,
} from '#libs/contracts/fields'
import {
  ACCOUNT_STATUSES,
  type AccountStatus,
  MEASURES,
  type Measure,
} from '#libs/contracts/measures-in-force'
import { FieldProblem } from '#libs/runtime/http/problem'
import {
  DECISION_STATES,
  type DecisionState,
  NO_STRIKE,
  type NoStrike,
} from '../ledger/decisions/decision.js'
import { StrikeView } from '../ledger/strikes/strike-view.js'

/** Who did something to a decision afterwards. */
export class DecisionStepView {
  @Example('senior-2') @Text(200, 1) by!: string
  @Instant() at!: Date
  @One(() => Bilingual) reasons!: Bilingual
  /** The appeal that it came of, of a reversal that did. */
  @Optional() @WeirId() appealId?: string
}

/** The decision that a lesser measure replaced, and since when time was served under it. */
export class ReplacedView {
  @WeirId() decisionId!: string
  @WeirId() appealId!: string
  @Instant() servedFrom!: Date
}

/** A late appeal that suspends a measure; over with `endedAt`. */
export class PauseView {
  @WeirId() appealId!: string
  @Optional() @Instant() endedAt!: Date | null
}

/** A message that a person's decision is about and that earned no strike by it, and why. */
export class WithoutStrikeView {
  @OwnId() messageId!: string
  @OneOf(NO_STRIKE) why!: NoStrike
}

/** The notice by which the owner of an account learns of an intended ban; the hours to answer run from `deliveredAt`. */
export class NoticeOfIntentView {
  /** By it notification sends it again. */
  @WeirId() noticeId!: string
  /** `undelivered`: nobody could be told, and nothing is under way. */
  @Example('delivered') @OneOf(['pending', 'delivered', 'undelivered']) state!:
    'pending' | 'delivered' | 'undelivered'
  @Optional() @Instant() deliveredAt!: Date | null
}

/** What the owner of an account says to an intended ban: to be read before anybody approves it. */
export class IntentAnswerView {
  @Instant() at!: Date
  /** Where one decision or its case is read. */
  @Example('It was a quotation.') @Optional() @Text(10_000, 1) text?: string
}

/** What was decided on a case, by whom, under which clause, with which reasons, and what it did. */
export class DecisionView {
  @WeirId() decisionId!: string
  @Example('in_force') @OneOf(DECISION_STATES) state!: DecisionState
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @WeirId() caseId!: string
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(120, 1) clause!: string | null
  @Optional() @Text(60, 1) category!: string | null
  @Optional() @Int(1, 4) severity!: number | null
  @Text(40, 1) policyVersion!: string
  @One(() => Bilingual) reasons!: Bilingual
  @Strings(10_000, PLATFORM_OWN_ID) messageIds!: string[]
  @WeirIds(10_000) verdictIds!: string[]
  @Example([]) @WeirIds(10_000) findingIds!: string[]
  @Strings(1_000, 200) detectors!: string[]
  /** Null: without end, or as long as the ladder has it once it is in force. */
  @Optional() @Instant() until!: Date | null
  @Instant() at!: Date
  /** `system`, or the subject of a token. */
  @Text(200, 1) by!: string
  @Flag() automated!: boolean
  /** False on a platform that is only observed: nothing was asked of it. */
  @Example(true) @Flag() ordered!: boolean
  @Optional() @Instant() inForceSince!: Date | null
  @Flag() needsApproval!: boolean
  @Example(null) @Optional() @Instant() notBefore!: Date | null
  @Example(null) @Optional() @Instant() lapsesAt!: Date | null
  @Example(null) @Optional() @One(() => NoticeOfIntentView) notice!: NoticeOfIntentView | null
  @Example(null) @Optional() @One(() => IntentAnswerView) answer!: IntentAnswerView | null
  /** The strikes that count towards it, and those that it added. */
  @WeirIds(10_000) strikesCounted!: string[]
  @WeirIds(10_000) strikeIds!: string[]
  /** Its messages that earned no strike by it; while it is held or only previewed: that would earn none. */
  @Example([]) @Many(() => WithoutStrikeView, 10_000) withoutStrike!: WithoutStrikeView[]
  @WeirIds(10_000) directiveIds!: string[]
  @Example(null) @Optional() @One(() => DecisionStepView) approval!: DecisionStepView | null
  @Example(null) @Optional() @One(() => DecisionStepView) refusal!: DecisionStepView | null
  @Example(null) @Optional() @One(() => DecisionStepView) reversal!: DecisionStepView | null
  @Example(null) @Optional() @One(() => ReplacedView) replaces!: ReplacedView | null
  @Example([]) @Many(() => PauseView, 10_000) pauses!: PauseView[]
  @Optional() @Int(0) version?: number
}

/** Where an account would stand. */
export class PreviewedAccount {
  @OneOf(ACCOUNT_STATUSES) status!: AccountStatus
  @Int(0, 5) level!: number
  @Num(0, Number.MAX_SAFE_INTEGER) points!: number
}

/** What a decision would do; nothing is changed. */
export class DecisionPreview {
  @Example(true) @Flag() dryRun!: boolean
  @One(() => PreviewedAccount) account!: PreviewedAccount
  @Many(() => DecisionView, 1_000) decisions!: DecisionView[]
  @Many(() => StrikeView, 1_000) strikes!: StrikeView[]
  @Many(() => Directive, 1_000) directives!: Directive[]
}

/** Why a case could not be decided like this, in the words of RFC 9457. */
export class BulkProblem {
  @Example('case-decided') @Text(60, 1) type!: string
  @Example(409) @Int(400, 499) status!: number
  @Example('The case is decided; only what is undecided is decided in bulk.') @Text(2_000) detail!: string
  @Many(() => FieldProblem, 1_000) errors!: readonly FieldProblem[]
}

/** What became of one case: the decision, or with `dryRun` its preview, or the problem. */
export class BulkResult {
  @WeirId() caseId!: string
  @Optional() @One(() => DecisionView) decision?: DecisionView
  @Example() @Optional() @One(() => DecisionPreview) preview?: DecisionPreview
  @Example(null) @Optional() @One(() => BulkProblem) problem!: BulkProblem | null
}

export class BulkResults {
  @Flag() dryRun!: boolean
  /** One for each case, in the order in which they were named. */
  @Many(() => BulkResult, 50) results!: BulkResult[]
}
