import { standingOfDirective } from './directive-changes.rules.js'
import type { DirectiveDocument } from './directive.store.js'
import type { DirectiveView } from './directives-api.js'

/** A directive as the API shows it; the deadlines are those after the time that the clock stood. */
export function directiveView(document: DirectiveDocument): DirectiveView {
  const { directive, platformId, state, overdue, receipts, answers, reversedBy, version } = document
  const { acknowledgeBy, dueAt, stoppedBy, ownerNotifiedAt } = standingOfDirective(document)
  return {
    ...directive,
    platformId,
    state,
    overdue,
    acknowledgeBy: acknowledgeBy.toISOString(),
    dueAt: dueAt.toISOString(),
    stoppedBy,
    ownerNotifiedAt,
    reversedBy,
    receipts,
    answers,
    version,
  }
}
