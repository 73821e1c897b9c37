import { Instant, OneOf, Optional, Text, WeirId } from './fields.js'

export const RECEIPT_STATUSES = [
  'acknowledged',
  'done',
  'impossible',
  'clarification_needed',
  'disputed',
] as const
export type ReceiptStatus = (typeof RECEIPT_STATUSES)[number]

/** A platform's answer to a directive (SPEC 4.4). */
export class Receipt {
  @WeirId() directiveId!: string
  @OneOf(RECEIPT_STATUSES) status!: ReceiptStatus
  @Instant() at!: string
  @Optional() @Text(2_000) note?: string
  /** When the account's owner was told; starts the appeal window. */
  @Optional() @Instant() ownerNotifiedAt?: string
}
