import type { DirectiveKind } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import type { Measure } from '#libs/contracts/measures-in-force'

export const DIRECTIVE_OF: Readonly<Record<Exclude<Measure, 'none'>, DirectiveKind>> = {
  label: 'label_message',
  warn: 'warn_account',
  remove: 'remove_message',
  limit: 'limit_account',
  suspend: 'suspend_account',
  ban: 'ban_account',
}

/** The directive of a step of the ladder. */
export function stepDirectiveId(stepId: string): string {
  return derivedId('dir', stepId)
}

/** The directive of a person's decision about an account. */
export function decidedDirectiveId(decisionId: string, measure: Measure): string {
  return derivedId('dir', decisionId, measure)
}

/** The directive that undoes another: there is one, whatever the reason. */
export function undoingId(directiveId: string): string {
  return derivedId('dir', directiveId, 'undo')
}

/**
 * The directive that removes or labels a message. Whoever decides it, there is one until it is undone; `before` counts
 * those that were.
 */
export function messageDirectiveId(
  message: { platformId: string; accountId: string; messageId: string },
  measure: 'label' | 'remove',
  before: number,
): string {
  const parts = [message.platformId, message.accountId, message.messageId, measure]
  return before === 0 ? derivedId('dir', ...parts) : derivedId('dir', ...parts, before)
}
