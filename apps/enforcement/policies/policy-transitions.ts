export const POLICY_STATES = ['draft', 'approved', 'live', 'shadow', 'retired'] as const
export type PolicyState = (typeof POLICY_STATES)[number]

type PolicyAction = 'approve' | 'publish' | 'shadow' | 'retire'

/**
 * Where each action leads from each state. Printed in docs/states.md. Each publication begins another period of effect, also of a
 * version that is published already: a roll-out is widened so, and a version that was in force before comes back.
 */
export const POLICY_TRANSITIONS: Readonly<
  Record<PolicyState, Readonly<Partial<Record<PolicyAction, PolicyState>>>>
> = {
  draft: { approve: 'approved' },
  approved: { publish: 'live', shadow: 'shadow' },
  shadow: { publish: 'live', shadow: 'shadow', retire: 'retired' },
  live: { publish: 'live', shadow: 'shadow', retire: 'retired' },
  retired: {},
}
