import type { AccountLimits } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { DecisionRecord } from './decisions/decision.js'
import { DIRECTIVE_OF } from './directives/directive-ids.rules.js'
import type { AccountDraft } from './account-draft.rules.js'
import type { DecidedMeasure, StepOnAccount } from './account-state.js'
import { limitsOf } from './enforce-decision.rules.js'
import { orderDirective } from './order-directive.rules.js'

/** Orders a measure again that an appeal had suspended, until the end that it had. */
export function orderAgain(
  draft: AccountDraft,
  decision: DecisionRecord,
  held: StepOnAccount | DecidedMeasure,
  appealId: string,
): void {
  if (held.measure === 'none') return
  held.directiveId = orderDirective(draft, decision, {
    directiveId: derivedId('dir', decision.decisionId, 'again', appealId),
    kind: DIRECTIVE_OF[held.measure],
    measure: held.measure,
    messageIds: decision.messages.map((message) => message.messageId),
    until: held.until,
    limits: limitsAgain(draft, decision, held),
  })
  held.state = held.directiveId ? 'in_force' : 'over'
}

/** What was limited before: a step of the ladder has limits of its own. */
function limitsAgain(
  draft: AccountDraft,
  decision: DecisionRecord,
  held: StepOnAccount | DecidedMeasure,
): AccountLimits {
  if (held.measure !== 'limit') return {}
  return 'limits' in held ? held.limits : limitsOf(draft.policyOf(decision.policyVersion))
}
