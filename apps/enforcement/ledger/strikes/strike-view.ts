import type { StrikeRecord } from '../account-state.js'
import type { StrikeView } from '../../accounts/accounts-api.js'

/** A strike as it is shown. */
export function strikeView(strike: StrikeRecord): StrikeView {
  const { strikeId, messageId, clause, category, severity, points, at, expiresAt, reversedAt } = strike
  return { strikeId, messageId, clause, category, severity, points, at, expiresAt, reversedAt }
}
