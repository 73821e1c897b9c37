export const CASE_STATES = ['open', 'claimed', 'held', 'decided', 'closed'] as const
export type CaseState = (typeof CASE_STATES)[number]

export const CASE_ACTIONS = [
  'claim',
  'release',
  'extend',
  'lapse',
  'snooze',
  'wake',
  'reassign',
  'escalate',
  'hold',
  'decide',
  'reopen',
  'merge',
] as const
export type CaseAction = (typeof CASE_ACTIONS)[number]

/** Where each action leads from each state; what is not listed is not possible. Printed in docs/states.md. */
export const CASE_TRANSITIONS: Readonly<Record<CaseState, Readonly<Partial<Record<CaseAction, CaseState>>>>> =
  {
    open: {
      claim: 'claimed',
      reassign: 'claimed',
      snooze: 'open',
      wake: 'open',
      escalate: 'open',
      hold: 'held',
      decide: 'decided',
    },
    claimed: {
      release: 'open',
      lapse: 'open',
      extend: 'claimed',
      snooze: 'open',
      reassign: 'claimed',
      escalate: 'open',
      hold: 'held',
      decide: 'decided',
    },
    held: { decide: 'decided', reopen: 'open' },
    decided: { hold: 'held', decide: 'decided', reopen: 'open', merge: 'closed' },
    // It is a part of another case, for good.
    closed: {},
  }

/** The state that an action leads to; undefined where the action is not possible. */
export function caseAfter(state: CaseState, action: CaseAction): CaseState | undefined {
  return CASE_TRANSITIONS[state][action]
}

/** The states from which an action is possible. */
export function statesBefore(action: CaseAction): CaseState[] {
  return CASE_STATES.filter((state) => caseAfter(state, action) !== undefined)
}
