import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from './account-draft.rules.js'
import type { AccountLabel } from './account-state.js'

/** Labels that an account can carry at once. */
export const MAX_LABELS = 50

/** The labels that still count at an instant, newest first. */
export function labelsAt(labels: readonly AccountLabel[], now: Date): AccountLabel[] {
  return labels.filter((label) => label.expiresAt > now).sort((a, b) => b.at.getTime() - a.at.getTime())
}

/** Puts a label on an account, and drops those that have expired. */
export function applyLabel(facts: AccountFacts, label: AccountLabel, context: ChangeContext): AccountChange {
  const draft = new AccountDraft(facts, context)
  draft.state.labels = [label, ...labelsAt(draft.state.labels, context.now)]
  const { labelId, label: code, expiresAt } = label
  draft.event('account.labelled', draft.subject, labelId, { code, until: expiresAt.toISOString() })
  return draft.finish()
}
