import { type Caller, hasRole, isPlatformOnly } from '#libs/runtime/auth/caller'
import type { Role } from '#libs/runtime/auth/roles'
import { standingOfDirective } from '../ledger/directives/directive-changes.rules.js'
import type { DirectiveDocument } from '../ledger/directives/directive.store.js'
import type { DirectiveView } from './directives-api.js'

/** Who reads the directives of every platform. */
export const DIRECTIVE_READERS = [
  'moderator',
  'senior',
  'auditor',
  'admin',
] as const satisfies readonly Role[]

/**
 * A directive as the API shows it to a caller; the deadlines are those after the time that the clock stood. The link to
 * object is for the platform alone (docs/adr/0109); who of us answered is for us alone.
 */
export function directiveView(document: DirectiveDocument, caller: Caller): DirectiveView {
  const { directive, platformId, state, overdue, receipts, answers, reversedBy, version } = document
  const { acknowledgeBy, dueAt, stoppedBy, ownerNotifiedAt } = standingOfDirective(document)
  const isOurs = hasRole(caller, ...DIRECTIVE_READERS)
  return {
    ...directive,
    appealUrl: isPlatformOnly(caller) ? directive.appealUrl : null,
    platformId,
    state,
    overdue,
    acknowledgeBy: acknowledgeBy.toISOString(),
    dueAt: dueAt.toISOString(),
    stoppedBy,
    ownerNotifiedAt,
    reversedBy,
    receipts,
    answers: isOurs ? answers : answers.map(({ by: _by, ...answer }) => answer),
    version,
  }
}
