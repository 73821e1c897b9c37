import { Instant } from '#libs/contracts/fields'

/** What is answered to whoever answered. */
export class AnswerReceipt {
  /** When the answer was recorded. */
  @Instant() at!: Date
}
