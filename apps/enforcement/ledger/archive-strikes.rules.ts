import { areCovered, strikesToArchive } from '#libs/policy/archived-strikes'
import { latest } from '#libs/policy/ladder'
import type { Policy } from '#libs/policy/policy-document'
import type { AccountDraft } from './account-draft.rules.js'
import type { StrikeRecord } from './account-state.js'

/**
 * Archives strikes that decide nothing, so that an account costs the same however many it has, and makes sure that those
 * that are archived still decide nothing (docs/adr/0090). To be called when all that the change does to strikes is done.
 * @throws ArchivedStrikesNeeded
 */
export function archiveStrikes(draft: AccountDraft): void {
  const strikes = [...draft.strikes.values()]
  const active = strikes.filter((strike) => !strike.archived)
  const top = active.reduce((most, strike) => Math.max(most, topOf(draft, strike)), 0)
  if (isMixed(draft, strikes) || !areCovered(draft.state.archived.spans, active, top))
    draft.needArchivedStrikes()
  const { over, times } = draft.context.archiving
  if (active.length <= over) return
  const named = new Set(draft.state.steps.map((step) => step.strikeId))
  const toArchive = strikesToArchive(
    active,
    top * times,
    (strike, before) =>
      !named.has(strike.strikeId) && before.every((one) => ladderOf(draft, one) === ladderOf(draft, strike)),
  )
  for (const { strikeId, expiresAt } of toArchive) {
    draft.archive(strikeId, expiresAt <= draft.state.settledAt ? 'expired' : 'counting')
  }
}

/**
 * Whether the ladders differ, and a strike was added or changed that is not the last: an archived one after it might bring another
 * ladder back; or one was reversed: archived ones after it might have been archived because it has theirs.
 */
function isMixed(draft: AccountDraft, strikes: readonly StrikeRecord[]): boolean {
  if (draft.state.archived.spans.length === 0) return false
  const ladders = new Set(strikes.map((strike) => ladderOf(draft, strike)))
  if (ladders.size === 1) return false
  const last = latest(strikes, draft.state.archived.lastAt ?? new Date(0))
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
