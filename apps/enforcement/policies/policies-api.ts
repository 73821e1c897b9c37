import { Example, Flag, Instant, Int, Many, OneOf, Optional, Shape, Text } from '#libs/contracts/fields'
import { FieldProblem } from '#libs/runtime/http/problem'
import { POLICY_STATES, type PolicyState } from './policy-transitions.js'
import { EXAMPLE_POLICY, EXAMPLE_POLICY_TEXT } from './example-policy.js'

/** From an instant on a version of the policy counts like this, until a later publication says otherwise. None is ever changed. */
export class PublicationView {
  /** Counts the publications of all versions: of two that are in effect the higher one counts. */
  @Example(4) @Int(1) publication!: number
  @OneOf(['live', 'shadow']) mode!: 'live' | 'shadow'
  /** Percent of the accounts. */
  @Example(100) @Int(0, 100) rollout!: number
  @Instant() effectiveFrom!: Date
  @Instant() publishedAt!: Date
  @Example('editor-2') @Text(200, 1) publishedBy!: string
}

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
  /** All that was published of it, the oldest first; the fields above are those of the last one. */
  @Many(() => PublicationView, 100_000) publications!: PublicationView[]
  /** For `If-Match`. */
  @Example(3) @Int(0) changes!: number
}

/** A version with its text, and the document that the text says. */
export class PolicyView extends PolicyInBrief {
  @Example(EXAMPLE_POLICY_TEXT) @Text(10_000_000, 1) text!: string
  @Example(EXAMPLE_POLICY) @Shape() document!: Record<string, unknown>
}

/** What the lint says, with paths into the document; only what is `ok` can be stored. */
export class LintReport {
  @Flag() ok!: boolean
  @Example([{ path: '/appeals/window', reason: 'must be at least 30 days (line 12)' }])
  @Many(() => FieldProblem, 1_000_000)
  errors!: FieldProblem[]
  @Example([]) @Many(() => FieldProblem, 1_000_000) warnings!: FieldProblem[]
}
