import { Flag, Instant, Int, OneOf, One, Optional, OwnId, Shape, Strings, Text, WeirId } from './fields.js'

export const DIRECTIVE_KINDS = [
  'label_message',
  'warn_account',
  'remove_message',
  'limit_account',
  'suspend_account',
  'ban_account',
  'restore_message',
  'lift_restriction',
  'provide_message',
] as const
export type DirectiveKind = (typeof DIRECTIVE_KINDS)[number]

/** The same text in the languages that Weir speaks. */
export class Bilingual {
  @Text(10_000) zh!: string
  @Text(10_000) en!: string
}

/** What `limit_account` limits. */
export class AccountLimits {
  @Optional() @Flag() recommendations?: boolean
  @Optional() @Flag() forwarding?: boolean
  @Optional() @Int(0, 100_000) postsPerDay?: number
}

/** An order to a platform to carry out a measure, with its deadlines (SPEC 4.3). */
export class Directive {
  @WeirId() directiveId!: string
  /** Counts the directives on one account from 1, so that a platform can put them in order. */
  @Int(1) accountSeq!: number
  @OneOf(DIRECTIVE_KINDS) kind!: DirectiveKind
  @OwnId() accountId!: string
  @Strings(1_000, 128) messageIds!: string[]
  @Optional() @Instant() until?: string | null
  @Instant() issuedAt!: string
  @Instant() acknowledgeBy!: string
  @Instant() dueAt!: string
  @Optional() @WeirId() caseId?: string | null
  @Optional() @WeirId() decisionId?: string | null
  @Optional() @WeirId() statementOfReasonsId?: string | null
  @Optional() @Text(60, 1) category?: string | null
  @Optional() @Text(120, 1) clause?: string | null
  @One(() => Bilingual) reasons!: Bilingual
  /** The published correction of a false claim, to be shown beside a labelled message. */
  @Optional() @Shape() correction?: Record<string, unknown> | null
  @Optional() @Text(2_048) appealUrl?: string | null
  @One(() => AccountLimits) limits!: AccountLimits
  @Flag() automated!: boolean
  /** The directive that this one undoes. */
  @Optional() @WeirId() reverses?: string | null
}
