import {
  AccountDraft,
  type AccountChange,
  type AccountFacts,
  type ChangeContext,
} from '../ledger/account-draft.rules.js'
import type { AccountState } from '../ledger/account-state.js'
import { openCasesOf } from '../ledger/waiting-cases.rules.js'

const DAY = 86_400_000
/** A measure may be lifted at any time: an account with one is looked at so often. */
const LONGEST = 7 * DAY

/**
 * When to look again at an account of which no evidence is kept, or null: nothing is in force on it and nobody looks at it, so that
 * nobody needs to know who it is.
 */
export function profileLook(
  state: Pick<AccountState, 'steps' | 'decided' | 'openCase' | 'alsoOpen' | 'heldCases' | 'status'>,
  now: Date,
): Date | null {
  const { steps, decided, status } = state
  const standing = [...steps, ...decided].filter(
    (one) => one.state === 'in_force' || one.state === 'held' || one.state === 'paused',
  )
  if (standing.length === 0 && openCasesOf(state).length === 0 && status === 'active') return null
  const ends = standing.flatMap(({ until }) => (until && until > now ? [until.getTime()] : []))
  // What is over by the clock is over in the books a moment later.
  return new Date(Math.min(now.getTime() + LONGEST, ...ends.map((end) => end + 1_000)))
}

/** Whether anything says who it is. */
export function hasProfile({
  profile,
  followersByDay,
}: Pick<AccountState, 'profile' | 'followersByDay'>): boolean {
  return profile !== null || Object.keys(followersByDay).length > 0
}

/** Forgets how its platform described an account, and what labels said that have expired; null where it is forgotten already. */
export function eraseProfile(facts: AccountFacts, context: ChangeContext): AccountChange | null {
  const { state } = facts
  if (!state || profileLook(state, context.now)) return null
  const labels = state.labels.filter(({ expiresAt }) => expiresAt > context.now)
  if (!hasProfile(state) && labels.length === state.labels.length) return null
  const draft = new AccountDraft(facts, context)
  draft.state.profile = null
  draft.state.followersByDay = {}
  draft.state.labels = labels
  return draft.finish()
}
