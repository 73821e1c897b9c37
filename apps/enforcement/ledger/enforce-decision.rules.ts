import type { AccountLimits } from '#libs/contracts/directive'
import type { Policy } from '#libs/policy/policy-document'
import type { DecisionRecord } from './decisions/decision.js'
import { decidedDirectiveId, DIRECTIVE_OF, messageDirectiveId } from './directives/directive-ids.rules.js'
import type { AccountDraft } from './account-draft.rules.js'
import { addStrikes } from './earn-strikes.rules.js'
import { joinDirective, orderDirective } from './order-directive.rules.js'
import type { DecidedMeasure } from './account-state.js'

/**
 * Puts a person's decision in force: adds the strikes that its messages have not earned yet, orders its measure. On a
 * platform that is only observed it stands in the record and nothing else happens.
 */
export function enforceDecision(draft: AccountDraft, decision: DecisionRecord): void {
  const held = decision.state === 'held'
  decision.state = 'in_force'
  decision.inForceSince = draft.now
  decision.hold = null
  if (decision.durationMs !== null) decision.until = new Date(draft.now.getTime() + decision.durationMs)
  decision.ordered = !draft.observed
  if (held) draft.tellDecision('decision.made', decision)
  if (draft.observed) {
    if (held) settleHeld(draft, decision, null)
    return
  }
  addStrikes(draft, decision)
  orderMeasure(draft, decision, held)
}

/** Orders what a decision decided; `held`: its measure waited in the account's books. */
export function orderMeasure(draft: AccountDraft, decision: DecisionRecord, held: boolean): void {
  const { measure } = decision
  switch (measure) {
    case 'none':
      return
    case 'label':
    case 'remove':
      for (const { messageId } of decision.messages) orderOnMessage(draft, decision, measure, messageId)
      if (held) settleHeld(draft, decision, null)
      return
    case 'warn':
    case 'limit':
    case 'suspend':
    case 'ban': {
      const directiveId = orderDirective(draft, decision, {
        directiveId: decidedDirectiveId(decision.decisionId, measure),
        kind: DIRECTIVE_OF[measure],
        measure,
        messageIds: decision.messages.map((message) => message.messageId),
        until: decision.until,
        limits: measure === 'limit' ? limitsOf(draft.policyOf(decision.policyVersion)) : {},
      })
      settleHeld(draft, decision, directiveId)
    }
  }
}

/** Removes or labels one message, unless that is in force already: then the decision stands on that directive too. */
export function orderOnMessage(
  draft: AccountDraft,
  decision: DecisionRecord,
  measure: 'label' | 'remove',
  messageId: string,
): void {
  const message = draft.messageMeasures(messageId)
  const standing = measure === 'remove' ? message.removedBy : message.labelledBy
  if (standing) {
    joinDirective(draft, decision, measure, { directiveId: standing, messageId })
    return
  }
  const before = measure === 'remove' ? message.removals : message.labels
  const directiveId = orderDirective(draft, decision, {
    directiveId: messageDirectiveId({ ...draft.state, messageId }, measure, before),
    kind: DIRECTIVE_OF[measure],
    measure,
    messageIds: [messageId],
    until: null,
  })
  if (measure === 'remove') {
    message.removedBy = directiveId
    message.removals += 1
  } else {
    message.labelledBy = directiveId
    message.labels += 1
  }
}

/** A measure on the account enters its books; one that was held there comes to its end or into force. */
function settleHeld(draft: AccountDraft, decision: DecisionRecord, directiveId: string | null): void {
  const { state } = draft
  const entry: DecidedMeasure = {
    decisionId: decision.decisionId,
    measure: decision.measure,
    state: directiveId ? 'in_force' : 'over',
    since: draft.now,
    until: decision.until,
    directiveId,
    hold: null,
  }
  const at = state.decided.findIndex((measure) => measure.decisionId === decision.decisionId)
  if (at === -1) state.decided.push(entry)
  else state.decided[at] = entry
}

/** What `limit` limits where a person decides it: as the ladder has it. */
export function limitsOf(policy: Policy): AccountLimits {
  const rung = policy.ladder.find((candidate) => candidate.measure === 'limit')
  return rung?.limits ?? { recommendations: false, forwarding: false }
}
