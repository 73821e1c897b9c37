import { areCovered, idleStrikes } from '#libs/policy/idle-strikes'
import { latest } from '#libs/policy/ladder'
import type { Policy } from '#libs/policy/policy-document'
import type { AccountDraft } from './account-draft.rules.js'
import type { StrikeRecord } from './account-state.js'

/**
 * Leaves strikes to rest that decide nothing, so that an account costs the same however many it has, and makes sure that those
 * that rest still decide nothing (docs/adr/0090). To be called when all that the change does to strikes is done.
 * @throws IdleStrikesNeeded
 */
export function idle(draft: AccountDraft): void {
  const strikes = [...draft.strikes.values()]
  const awake = strikes.filter((strike) => !strike.idle)
  const top = awake.reduce((most, strike) => Math.max(most, topOf(draft, strike)), 0)
  if (isMixed(draft, strikes) || !areCovered(draft.state.idle.spans, awake, top)) draft.needIdleStrikes()
  const { over, times } = draft.context.idling
  if (awake.length <= over) return
  const named = new Set(draft.state.steps.map((step) => step.strikeId))
  const resting = idleStrikes(
    awake,
    top * times,
    (strike, before) =>
      !named.has(strike.strikeId) && before.every((one) => ladderOf(draft, one) === ladderOf(draft, strike)),
  )
  for (const { strikeId, expiresAt } of resting) {
    draft.rest(strikeId, expiresAt <= draft.state.settledAt ? 'over' : 'now')
  }
}

/**
 * Whether the ladders differ, and a strike was added or changed that is not the last: an idle one after it might bring another
 * ladder back; or one was reversed: idle ones after it might have rested because it has theirs.
 */
function isMixed(draft: AccountDraft, strikes: readonly StrikeRecord[]): boolean {
  if (draft.state.idle.spans.length === 0) return false
  const ladders = new Set(strikes.map((strike) => ladderOf(draft, strike)))
  if (ladders.size === 1) return false
  const last = latest(strikes, draft.state.idle.lastAt ?? new Date(0))
  return strikes.some(
    ({ strikeId, at, reversedAt }) => draft.isChanged(strikeId) && (at < last || reversedAt !== null),
  )
}

function topOf(draft: AccountDraft, { policyVersion }: StrikeRecord): number {
  return draft.policyOf(policyVersion).ladder.at(-1)?.minPoints ?? 0
}

const written = new WeakMap<Policy, string>()

/** Two policies may have the same. */
function ladderOf(draft: AccountDraft, { policyVersion }: StrikeRecord): string {
  const policy = draft.policyOf(policyVersion)
  const known = written.get(policy)
  if (known !== undefined) return known
  const text = JSON.stringify(policy.ladder)
  written.set(policy, text)
  return text
}
