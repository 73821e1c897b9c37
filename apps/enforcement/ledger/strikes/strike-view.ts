import { Example, Instant, Int, Num, Optional, OwnId, Text, WeirId } from '#libs/contracts/fields'
import type { StrikeRecord } from '../account-state.js'

export class StrikeView {
  @WeirId() strikeId!: string
  @OwnId() messageId!: string
  @Text(120, 1) clause!: string
  @Text(60, 1) category!: string
  @Int(1, 4) severity!: number
  @Num(0, Number.MAX_SAFE_INTEGER) points!: number
  @Instant() at!: Date
  @Instant() expiresAt!: Date
  /** It no longer counts, and never did. */
  @Example(null) @Optional() @Instant() reversedAt!: Date | null
}

/** A strike as it is shown. */
export function strikeView(strike: StrikeRecord): StrikeView {
  const { strikeId, messageId, clause, category, severity, points, at, expiresAt, reversedAt } = strike
  return { strikeId, messageId, clause, category, severity, points, at, expiresAt, reversedAt }
}
