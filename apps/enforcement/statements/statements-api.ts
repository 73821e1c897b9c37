import { AccountLimits, Bilingual, DIRECTIVE_KINDS, type DirectiveKind } from '#libs/contracts/directive'
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
  PLATFORM_OWN_ID,
  Strings,
  Text,
  WeirId,
  WeirIds,
} from '#libs/contracts/fields'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'

/** On what a measure rests. */
export class GroundView {
  @Optional() @Text(120, 1) clause!: string | null
  @Optional() @Text(60, 1) category!: string | null
  @Optional() @One(() => Bilingual) title!: Bilingual | null
  @Optional() @One(() => Bilingual) text!: Bilingual | null
  @Text(40, 1) policyVersion!: string
}

export class FactsView {
  @Strings(1_000_000, PLATFORM_OWN_ID) messageIds!: string[]
  @WeirIds(1_000_000) verdictIds!: string[]
  @Strings(1_000, 200) detectors!: string[]
  @WeirIds(1_000_000) strikesCounted!: string[]
  @Int(0, 5) level!: number
  @Num(0, Number.MAX_SAFE_INTEGER) points!: number
}

/** How to object. */
export class RedressView {
  /** For the platform concerned; null for everybody else. */
  @Example(null) @Optional() @Text(4_096, 1) appealUrl!: string | null
  @Instant() appealUntil!: Date
  @One(() => Bilingual) information!: Bilingual
}

/** Why, on what ground, found how, decided how, and how to object. */
export class StatementView {
  @WeirId() statementOfReasonsId!: string
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @WeirId() directiveId!: string
  @Example('limit_account') @OneOf(DIRECTIVE_KINDS) kind!: DirectiveKind
  @OneOf(MEASURES) measure!: Measure
  /** The directive that this one undoes; then the statement says why it was undone. */
  @Example(null) @Optional() @WeirId() reverses!: string | null
  @WeirId() decisionId!: string
  @WeirId() caseId!: string
  @Instant() issuedAt!: Date
  @Optional() @Instant() until!: Date | null
  @One(() => AccountLimits) limits!: AccountLimits
  @One(() => GroundView) ground!: GroundView
  @One(() => Bilingual) reasons!: Bilingual
  @One(() => FactsView) facts!: FactsView
  /** Something other than a person's own search found it. */
  @Example(true) @Flag() automatedDetection!: boolean
  @OneOf(['fully', 'partially', 'not']) automatedDecision!: 'fully' | 'partially' | 'not'
  @One(() => RedressView) redress!: RedressView
}

/** The most statements that the DSA Transparency Database takes in one call. */
export const DSA_BATCH = 100
const DATE = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'

/** What the EU DSA Transparency Database takes (docs/dsa-export.md); fields, values and limits are those of its schema v2. */
export class DsaStatementView {
  @Example() @Optional() @Strings(10, 100) decision_visibility?: string[]
  @Example('DECISION_PROVISION_PARTIAL_SUSPENSION') @Optional() @Text(100) decision_provision?: string
  @Example() @Optional() @Text(100) decision_account?: string
  @Example() @Optional() @Pattern(DATE) end_date_visibility_restriction?: string
  @Example('2036-12-01') @Optional() @Pattern(DATE) end_date_service_restriction?: string
  @Example() @Optional() @Pattern(DATE) end_date_account_restriction?: string
  @Example('ACCOUNT_TYPE_PRIVATE') @Optional() @Text(100) account_type?: string
  @Example('1 message of the account was found to break the clause named here.')
  @Text(5_000, 1)
  decision_facts!: string
  @Example('DECISION_GROUND_INCOMPATIBLE_CONTENT') @Text(100, 1) decision_ground!: string
  @Example('fraud.advance-fee') @Text(500, 1) incompatible_content_ground!: string
  @Example('It is forbidden to ask for a fee before a payment that does not exist.')
  @Text(2_000, 1)
  incompatible_content_explanation!: string
  @Example(['CONTENT_TYPE_TEXT']) @Strings(20, 100) content_type!: string[]
  @Example() @Optional() @Text(500) content_type_other?: string
  @Example('STATEMENT_CATEGORY_SCAMS_AND_FRAUD') @Text(100, 1) category!: string
  @Example() @Optional() @Strings(100, 100) category_specification?: string[]
  @Example() @Optional() @Text(500) category_specification_other?: string
  @Example(['DE', 'FR']) @Strings(40, 2) territorial_scope!: string[]
  @Example('EN') @Optional() @Text(2) content_language?: string
  @Example('2026-11-24') @Pattern(DATE) content_date!: string
  @Example('2026-11-24') @Pattern(DATE) application_date!: string
  @Example('SOURCE_VOLUNTARY') @Text(100, 1) source_type!: string
  @Example('Yes') @OneOf(['Yes', 'No']) automated_detection!: 'Yes' | 'No'
  @Example('AUTOMATED_DECISION_FULLY') @Text(100, 1) automated_decision!: string
  @Example('sor_n6tbv8yhc1r0p3k2mzq7xw5gd4') @Text(500, 1) puid!: string
}

/** With `format=json`. */
export class StatementsPage {
  @Many(() => StatementView, 200) items!: readonly StatementView[]
  @Optional() @Text(500) nextCursor!: string | null
}

/** With `format=dsa`: the body of one call to the database, and where the next begins. */
export class DsaBatch {
  @Many(() => DsaStatementView, DSA_BATCH) statements!: readonly DsaStatementView[]
  @Optional() @Text(500) nextCursor!: string | null
}
