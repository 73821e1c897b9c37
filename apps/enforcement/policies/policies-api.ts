import { Example, Flag, Instant, Int, Many, OneOf, Optional, Shape, Text } from '#libs/contracts/fields'
import { POLICY_STATES, type PolicyState } from './policy-transitions.js'
import { EXAMPLE_POLICY, EXAMPLE_POLICY_TEXT } from './example-policy.js'

/** A version of the policy in a list. */
export class PolicyInBrief {
  @Example('2') @Text(40, 1) version!: string
  @Example('default') @Text(200) name!: string
  @Example('live') @OneOf(POLICY_STATES) state!: PolicyState
  @Instant() createdAt!: Date
  @Example('editor-1') @Text(200, 1) createdBy!: string
  @Example('editor-2') @Optional() @Text(200, 1) approvedBy!: string | null
  @Optional() @Instant() approvedAt!: Date | null
  @Example('editor-2') @Optional() @Text(200, 1) publishedBy!: string | null
  @Optional() @Instant() publishedAt!: Date | null
  /** Percent of the accounts. */
  @Example(100) @Optional() @Int(0, 100) rollout!: number | null
  @Optional() @Instant() effectiveFrom!: Date | null
  /** For `If-Match`. */
  @Example(3) @Int(0) changes!: number
}

/** A version with its text, and the document that the text says. */
export class PolicyView extends PolicyInBrief {
  @Example(EXAMPLE_POLICY_TEXT) @Text(10_000_000, 1) text!: string
  @Example(EXAMPLE_POLICY) @Shape() document!: Record<string, unknown>
}

export class PolicyFinding {
  /** JSON Pointer into the document. */
  @Example('/appeals/window') @Text(2_000) path!: string
  @Example('must be at least 30 days (line 12)') @Text(10_000) reason!: string
}

/** What the lint says; only what is `ok` can be stored. */
export class LintReport {
  @Flag() ok!: boolean
  @Many(() => PolicyFinding, 1_000_000) errors!: PolicyFinding[]
  @Example([]) @Many(() => PolicyFinding, 1_000_000) warnings!: PolicyFinding[]
}
