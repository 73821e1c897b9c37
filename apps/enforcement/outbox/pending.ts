import type { Directive } from '#libs/contracts/directive'
import type { MeasuresInForce } from '#libs/contracts/measures-in-force'
import type { Notice } from '#libs/contracts/notice'
import type { Platform } from '#libs/contracts/platform'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { StrikeRecord } from '../accounts/account-state.js'
import type { CaseChange, TakenVerdict } from '../cases/case.js'
import type { DecisionRecord } from '../decisions/decision.js'
import type { DirectiveChange, DirectiveOrder } from '../directives/directive-order.js'
import type { Exoneration } from '../exonerations/exoneration.js'
import type { StatementOfReasons } from '../statements/statement.js'
import type { RevisedWrite } from '../write-revised.js'

/** A record that a change must publish. Fixed when the change is stored, so that it is the same to the byte when it comes again. */
export type PendingRecord =
  | { publish: 'event'; value: WeirEvent }
  | { publish: 'notice'; value: Notice }
  | { publish: 'measures'; value: MeasuresInForce }
  | { publish: 'directive'; platformId: string; value: Directive }
  | { publish: 'platform'; value: Platform }
  | { publish: 'policy'; value: PolicyRecord }

/**
 * A document in a collection of its own that a change of an account must write. `rev` is that of the account: a write that
 * comes late never replaces what a later change wrote.
 */
export type PendingWrite =
  | ({ write: 'entry' } & TakenVerdict)
  | { write: 'exoneration'; value: Exoneration }
  | { write: 'finding'; versionId: string; caseId: string; at: Date }
  | ({ write: 'strike' } & RevisedWrite<StrikeRecord>)
  | ({ write: 'decision' } & RevisedWrite<DecisionRecord>)
  | { write: 'case'; rev: number; value: CaseChange }
  | { write: 'statement'; value: StatementOfReasons }
  | { write: 'directive'; value: DirectiveOrder }
  | { write: 'directive-change'; value: DirectiveChange }

/** What a change must make real, kept in the changed document until it is. `id` is unique within the document. */
export type Pending = { id: string } & (PendingRecord | PendingWrite)
