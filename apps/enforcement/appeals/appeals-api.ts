import { Bilingual } from '#libs/contracts/directive'
import {
  Example,
  Flag,
  Instant,
  Int,
  Many,
  One,
  OneOf,
  Optional,
  OwnId,
  Pattern,
  PlatformId,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { APPEAL_OUTCOMES, APPEAL_STATES, type AppealOutcome, type AppealState } from './appeal-transitions.js'

export class AppealReceipt {
  /** Shows where the appeal stands; nobody can look it up again. */
  @Text(60, 1) receiptCode!: string
}

/** An appeal as everybody sees it who has its code: state and outcome, nothing more. */
export class AppealStatus {
  @OneOf(APPEAL_STATES) state!: AppealState
  @Example(null) @Optional() @OneOf(APPEAL_OUTCOMES) outcome!: AppealOutcome | null
}

/** The lesser measure in the place of the one appealed. */
export class ReplacementView {
  @Example('warn') @OneOf(MEASURES) measure!: Measure
  /** Null: as long as the policy has it. */
  @Example(null) @Optional() @Instant() until!: Date | null
}

export class AppealDecisionView {
  @OneOf(APPEAL_OUTCOMES) outcome!: AppealOutcome
  @Example('senior-2') @Text(200, 1) by!: string
  @Instant() at!: Date
  @One(() => Bilingual) reasons!: Bilingual
  /** With `partly_granted` only. */
  @Example(null) @Optional() @One(() => ReplacementView) replacement!: ReplacementView | null
}

/** What the owner added after the appeal was opened. */
export class AppealFactsView {
  @Example('fact_8yhc1r0p3k2mzq7xw5gd4n6tbv') @WeirId() factId!: string
  @Instant() at!: Date
  /** Empty once it was erased, with the evidence. */
  @Example('The shop has been closed since May.') @Text(20_000) text!: string
  /** SHA-256 of a text that was erased. */
  @Example() @Optional() @Pattern('^[0-9a-f]{64}$') textSha256?: string
  /** It was decided by then: a senior may take it up. */
  @Example(true) @Flag() afterDecision!: boolean
}

/** An appeal as operators see it. */
export class AppealView {
  @WeirId() appealId!: string
  @Example('upheld') @OneOf(APPEAL_STATES) state!: AppealState
  /** It was not decided in time: its measure was suspended. */
  @Flag() late!: boolean
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @WeirId() statementOfReasonsId!: string
  @WeirId() directiveId!: string
  @WeirId() decisionId!: string
  @WeirId() caseId!: string
  @OneOf(MEASURES) measure!: Measure
  @Optional() @Text(60, 1) category!: string | null
  @Optional() @Text(120, 1) clause!: string | null
  @OneOf(['account']) appellant!: 'account'
  /** Empty once it was erased, with the evidence. */
  @Example('The text quotes a warning of the police.') @Text(20_000) text!: string
  /** SHA-256 of a text that was erased. */
  @Example() @Optional() @Pattern('^[0-9a-f]{64}$') textSha256?: string
  @Many(() => AppealFactsView, 100) facts!: AppealFactsView[]
  /** Some that came after the decision were not taken up yet. */
  @Flag() factsWaiting!: boolean
  @Instant() openedAt!: Date
  @Instant() updatedAt!: Date
  @Optional() @Text(200, 1) claimedBy!: string | null
  @Optional() @Instant() claimedAt!: Date | null
  @Optional() @One(() => AppealDecisionView) decision!: AppealDecisionView | null
  /** What was decided before new facts were taken up and it was heard again. */
  @Example([]) @Many(() => AppealDecisionView, 100) earlier!: AppealDecisionView[]
  /** For `If-Match`. */
  @Int(0) version!: number
}
