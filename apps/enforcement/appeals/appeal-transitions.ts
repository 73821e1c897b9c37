export const APPEAL_STATES = ['open', 'claimed', 'upheld', 'granted', 'partly_granted', 'withdrawn'] as const
export type AppealState = (typeof APPEAL_STATES)[number]

export const APPEAL_OUTCOMES = ['upheld', 'granted', 'partly_granted'] as const
export type AppealOutcome = (typeof APPEAL_OUTCOMES)[number]

type AppealAction = 'claim' | 'uphold' | 'grant' | 'grant_partly' | 'withdraw' | 'reopen'

/** Where each action leads from each state; what is not listed is not possible. Printed in docs/states.md. */
export const APPEAL_TRANSITIONS: Readonly<
  Record<AppealState, Readonly<Partial<Record<AppealAction, AppealState>>>>
> = {
  open: { claim: 'claimed', withdraw: 'withdrawn' },
  claimed: {
    claim: 'claimed',
    uphold: 'upheld',
    grant: 'granted',
    grant_partly: 'partly_granted',
    withdraw: 'withdrawn',
  },
  upheld: { reopen: 'claimed' },
  granted: {},
  partly_granted: {},
  withdrawn: {},
}

/** The action by which an appeal comes to an outcome. */
export const DECIDES: Readonly<Record<AppealOutcome, AppealAction>> = {
  upheld: 'uphold',
  granted: 'grant',
  partly_granted: 'grant_partly',
}

/** The states from which an action is possible. */
export function appealStatesBefore(action: AppealAction): AppealState[] {
  return APPEAL_STATES.filter((state) => APPEAL_TRANSITIONS[state][action] !== undefined)
}

/** Whether it is decided or was taken back: nobody has to do anything about it any more. */
export function isClosed(state: AppealState): boolean {
  return APPEAL_TRANSITIONS[state].withdraw === undefined
}
