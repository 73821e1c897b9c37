import type { Directive } from '#libs/contracts/directive'
import {
  isOverdue,
  nextDeadline,
  standingOf,
  type ClockAnswer,
  type DirectiveStanding,
  type DirectiveState,
  type KeptReceipt,
} from './directive-state.rules.js'

/** What the state of a directive follows from. */
export interface DirectiveFacts {
  directive: Pick<Directive, 'acknowledgeBy' | 'dueAt'>
  reversedAt: Date | null
  receipts: readonly KeptReceipt[]
  answers: readonly ClockAnswer[]
}

/** Where a stored directive stands. */
export function standingOfDirective(facts: DirectiveFacts): DirectiveStanding {
  const terms = {
    acknowledgeBy: new Date(facts.directive.acknowledgeBy),
    dueAt: new Date(facts.directive.dueAt),
    reversedAt: facts.reversedAt,
  }
  return standingOf(terms, facts.receipts, facts.answers)
}

/** The derived fields of a directive after its facts changed, or the clock. */
export function standingAfter(
  facts: DirectiveFacts,
  now: Date,
): { state: DirectiveState; overdue: boolean; nextDueAt: Date | null; ownerNotifiedAt: Date | null } {
  const standing = standingOfDirective(facts)
  return {
    state: standing.state,
    overdue: isOverdue(standing, now),
    nextDueAt: nextDeadline(standing, now),
    ownerNotifiedAt: standing.ownerNotifiedAt,
  }
}
