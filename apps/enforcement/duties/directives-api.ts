import { Directive } from '#libs/contracts/directive'
import {
  Example,
  Flag,
  Instant,
  Int,
  Many,
  OneOf,
  Optional,
  PlatformId,
  Text,
  WeirId,
} from '#libs/contracts/fields'
import { RECEIPT_STATUSES, type ReceiptStatus } from '#libs/contracts/receipt'
import {
  DIRECTIVE_STATES,
  type DirectiveState,
  STOPPING,
  type Stopping,
} from '../ledger/directives/directive-state.rules.js'

/** An answer of the platform. */
export class ReceiptView {
  @WeirId() receiptId!: string
  @OneOf(RECEIPT_STATUSES) status!: ReceiptStatus
  /** As the platform has it. */
  @Instant() at!: Date
  /** When Weir took it: the clock stops here. */
  @Instant() receivedAt!: Date
  @Example(null) @Optional() @Text(2_000) note!: string | null
  @Optional() @Instant() ownerNotifiedAt!: Date | null
}

/** An operator's answer to a stopped clock. */
export class ClockAnswerView {
  @Example('clarification_needed') @OneOf(STOPPING) to!: Stopping
  @Instant() at!: Date
  /** Absent for a platform. */
  @Optional() @Text(200, 1) by?: string
  @Example('The message is the one of 24 November, 08:00.') @Text(2_000, 1) text!: string
}

/** A directive, what its platform answered, and where it stands; the deadlines are those after the time that the clock stood. */
export class DirectiveView extends Directive {
  @PlatformId() platformId!: string
  @Example('acknowledged') @OneOf(DIRECTIVE_STATES) state!: DirectiveState
  @Flag() overdue!: boolean
  /** The answer that stopped the clock. */
  @Example(null) @Optional() @OneOf(STOPPING) stoppedBy!: Stopping | null
  @Optional() @Instant() ownerNotifiedAt!: Date | null
  /** The directive that undid it. */
  @Example(null) @Optional() @WeirId() reversedBy!: string | null
  @Many(() => ReceiptView, 1_000) receipts!: ReceiptView[]
  @Example([]) @Many(() => ClockAnswerView, 1_000) answers!: ClockAnswerView[]
  @Int(0) version!: number
}
