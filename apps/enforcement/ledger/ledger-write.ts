import type { CaseChange, TakenVerdict, TakenVersion } from './cases/case.js'
import type { DecisionRecord } from './decisions/decision.js'
import type { DirectiveChange, DirectiveOrder } from './directives/directive-order.js'
import type { Exoneration } from './exonerations/exoneration.js'
import type { Pending } from '../outbox/pending.js'
import { takersOf } from '../outbox/writes-pending.js'
import type { StatementOfReasons } from './statements/statement.js'
import type { RevisedWrite } from '../store/write-revised.js'
import type { StrikeRecord } from './account-state.js'

/**
 * A document in a collection of its own that a change of an account must write. `rev` is that of the account: a write that
 * comes late never replaces what a later change wrote.
 */
export type LedgerWrite =
  | ({ write: 'entry' } & TakenVerdict)
  | { write: 'exoneration'; value: Exoneration }
  | ({ write: 'finding' } & TakenVersion)
  | ({ write: 'strike' } & RevisedWrite<StrikeRecord>)
  | ({ write: 'decision' } & RevisedWrite<DecisionRecord>)
  | { write: 'case'; rev: number; value: CaseChange }
  | { write: 'statement'; value: StatementOfReasons }
  | { write: 'directive'; value: DirectiveOrder }
  | { write: 'directive-change'; value: DirectiveChange }

/** Those of one kind. */
export type LedgerWriteOf<K extends LedgerWrite['write']> = Extract<LedgerWrite, { write: K }>

/** What a change of an account puts into its outbox. */
export type LedgerPending = Pending<LedgerWrite>

/** What a change of a case that is about no single account puts into its outbox: a cluster takes findings in. */
export type CasePending = Pending<LedgerWriteOf<'finding'>>

/** The kinds of writes, in the order in which they are done. */
export const LEDGER_WRITES = Object.keys({
  strike: true,
  decision: true,
  statement: true,
  case: true,
  directive: true,
  'directive-change': true,
  entry: true,
  finding: true,
  exoneration: true,
} satisfies Record<LedgerWrite['write'], true>) as LedgerWrite['write'][]

/** For the methods that take what changes of accounts left to be written. */
export const { WritesPending, FollowsPending } = takersOf<LedgerWrite>()
