import { Instant, Num, OneOf, Optional, OwnId, PlatformId, Strings, WeirId } from '#libs/contracts/fields'
import { OUTCOMES, type Outcome } from '#libs/contracts/verdict'
import { CASE_STATES, type CaseState } from '../ledger/cases/case-transitions.js'
import { COPY_REASONS, type CopyReason } from '../ledger/cases/copy-keys.rules.js'

/** An entry of another case whose message is a copy of one of a case. No word of what it says. */
export class CopyView {
  @WeirId() verdictId!: string
  @PlatformId() platformId!: string
  @OwnId() accountId!: string
  @OwnId() messageId!: string
  @OneOf(OUTCOMES) outcome!: Outcome
  @Instant() receivedAt!: Date
  @WeirId() caseId!: string
  @OneOf(CASE_STATES) caseState!: CaseState
  /** Why it counts as a copy: `repost` of the same message, the same `media` or `link`, nearly the same `text`. */
  @Strings(4, `^(${COPY_REASONS.join('|')})$`) why!: CopyReason[]
  /** How alike the texts are where that is why, 0.8 to 1. */
  @Optional() @Num(0, 1) similarity!: number | null
}
