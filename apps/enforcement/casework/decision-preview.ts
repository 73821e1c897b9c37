import type { AccountChange } from '../ledger/account-draft.rules.js'
import { strikeView } from '../ledger/strikes/strike-view.js'
import { decisionView } from './decision-view.js'
import type { DecisionPreview } from './decisions-api.js'

/** What a change would do, in the order in which it would do it. The links to object are for the platform that is ordered. */
export function previewOf({ state, pending }: AccountChange): DecisionPreview {
  const { status, level, points } = state
  return {
    dryRun: true,
    account: { status, level, points },
    decisions: pending.flatMap((entry) =>
      'write' in entry && entry.write === 'decision' ? [decisionView(entry.value)] : [],
    ),
    strikes: pending.flatMap((entry) =>
      'write' in entry && entry.write === 'strike' ? [strikeView(entry.value)] : [],
    ),
    directives: pending.flatMap((entry) =>
      'publish' in entry && entry.publish === 'directive' ? [{ ...entry.value, appealUrl: null }] : [],
    ),
  }
}
