import type { Directive } from '#libs/contracts/directive'
import type { MeasuresInForce } from '#libs/contracts/measures-in-force'
import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { WeirEvent } from '#libs/contracts/weir-event'

/** A record that a change must publish. Fixed when the change is stored, so that it is the same to the byte when it comes again. */
export type PendingRecord =
  | { publish: 'event'; value: WeirEvent }
  | { publish: 'notice'; value: Notice }
  | { publish: 'measures'; value: MeasuresInForce }
  | { publish: 'directive'; platformId: string; value: Directive }
  | { publish: 'platform'; value: Platform }
  | { publish: 'policy'; value: PolicyRecord }

/** A document in a collection of its own that a change must write. Which kinds there are says who owns the outbox. */
export interface PendingWrite {
  readonly write: string
}

/**
 * What a change must deliver, kept in the changed document until it is: records, and writes `W` where there are such. `id` is
 * unique within the document.
 */
export type Pending<W extends PendingWrite = never> = { id: string } & (PendingRecord | W)
