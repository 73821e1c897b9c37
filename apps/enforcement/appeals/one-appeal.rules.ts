import { derivedId } from '#libs/contracts/ids'
import type { StatementOfReasons } from '../ledger/statements/statement.js'
import { isClosed } from './appeal-transitions.js'
import type { AppealRecord } from './appeal.js'

/** So often can a measure be appealed against and the appeal taken back. */
export const MAX_OPENINGS = 5

/** As many additions can be made to one appeal, before and after it is decided together. */
export const MAX_FACTS = 5

/** What stands in the way of an appeal, as the slug of the problem. */
export type Hindrance = 'already-decided' | 'appeal-open' | 'too-many-appeals'

/** An appeal that was opened before against the same measure. */
type Earlier = Pick<AppealRecord, 'state' | 'decisionId' | 'decision' | 'earlier' | 'covers'>

/**
 * What one measure is by which a statement can be told to be about it again: a measure that is ordered anew after a late
 * appeal has another directive and another statement.
 */
export function measureKeyOf(
  statement: Pick<StatementOfReasons, 'decisionId' | 'kind'> & { facts: { messageIds: readonly string[] } },
): string {
  return derivedId('msr', statement.decisionId, statement.kind, ...[...statement.facts.messageIds].sort())
}

/**
 * What keeps a measure from being appealed against once more (SPEC promise 7); null for nothing. `decisionId`: of the statement
 * that is objected to. A decision that came after an appeal was decided, and so was not covered by it, can be objected to by
 * itself. An appeal that was taken back is no decision, but counts.
 */
export function hindranceTo(decisionId: string, earlier: readonly Earlier[]): Hindrance | null {
  if (earlier.some((one) => isDecided(one) && (one.covers ?? [one.decisionId]).includes(decisionId))) {
    return 'already-decided'
  }
  if (earlier.some(({ state }) => state === 'open' || state === 'claimed')) return 'appeal-open'
  return earlier.length >= MAX_OPENINGS ? 'too-many-appeals' : null
}

/** Whether an appeal can be added to. */
export function takesFacts({ state, facts }: Pick<AppealRecord, 'state' | 'facts'>): boolean {
  return state !== 'withdrawn' && facts.length < MAX_FACTS
}

/** Whether an appeal can be taken back; what is heard again for new facts is the senior's. */
export function canWithdraw(appeal: Pick<AppealRecord, 'state' | 'decision' | 'earlier'>): boolean {
  return !isClosed(appeal.state) && !isDecided(appeal)
}

/** Whether an appeal was decided, be it that new facts were taken up since. */
export function isDecided({ decision, earlier }: Pick<AppealRecord, 'decision' | 'earlier'>): boolean {
  return decision !== null || earlier.length > 0
}
