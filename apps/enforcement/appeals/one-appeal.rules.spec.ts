import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOBODY } from '#libs/runtime/auth/caller'
import { type Role, ROLES } from '#libs/runtime/auth/roles'
import { actsForOwner } from './acts-for-owner.rules.js'
import { APPEAL_OUTCOMES, type AppealState } from './appeal-transitions.js'
import type { AppealDecision } from './appeal.js'
import { hindranceTo, measureKeyOf, MAX_OPENINGS } from './one-appeal.rules.js'

const decided = (outcome: AppealDecision['outcome']): AppealDecision => ({
  outcome,
  by: 'ben',
  at: new Date(0),
  reasons: { zh: '', en: '' },
  replacement: null,
})
const appeal = (state: AppealState, more: object = {}) => ({
  state,
  decisionId: 'dec_1',
  decision: (APPEAL_OUTCOMES as readonly string[]).includes(state)
    ? decided(state as AppealDecision['outcome'])
    : null,
  earlier: [],
  ...more,
})

describe('one measure', () => {
  it.each(APPEAL_OUTCOMES)('is appealed against once: %s is the end of it', (state) => {
    expect(hindranceTo('dec_1', [appeal('withdrawn'), appeal(state)])).toBe('already-decided')
    const again = appeal('claimed', { earlier: [decided(state)] })
    expect(hindranceTo('dec_1', [again])).toBe('already-decided')
  })

  it('can be objected to for a decision that came after the appeal was decided', () => {
    expect(hindranceTo('dec_2', [appeal('upheld')])).toBeNull()
    expect(hindranceTo('dec_2', [appeal('upheld', { covers: ['dec_1', 'dec_2'] })])).toBe('already-decided')
    expect(hindranceTo('dec_1', [appeal('upheld', { covers: ['dec_1', 'dec_2'] })])).toBe('already-decided')
    expect(hindranceTo('dec_2', [appeal('upheld'), appeal('open')])).toBe('appeal-open')
  })

  it('takes one appeal at a time, and five in all', () => {
    expect(hindranceTo('dec_1', [])).toBeNull()
    for (const state of ['open', 'claimed'] as const)
      expect(hindranceTo('dec_1', [appeal('withdrawn'), appeal(state)])).toBe('appeal-open')
    const taken = Array.from({ length: MAX_OPENINGS }, () => appeal('withdrawn'))
    expect(hindranceTo('dec_1', taken.slice(1))).toBeNull()
    expect(hindranceTo('dec_1', taken)).toBe('too-many-appeals')
  })

  it('is the same one under whichever directive it is ordered, and another for other messages', () => {
    const of = (
      decisionId: string,
      kind: 'remove_message' | 'ban_account',
      ...messageIds: string[]
    ): string => measureKeyOf({ decisionId, kind, facts: { messageIds } })
    expect(of('d', 'ban_account', 'm1', 'm2')).toBe(of('d', 'ban_account', 'm2', 'm1'))
    const others = [
      of('d', 'remove_message', 'm1'),
      of('d', 'remove_message', 'm2'),
      of('e', 'remove_message', 'm1'),
      of('d', 'ban_account', 'm1'),
    ]
    expect(new Set(others).size).toBe(others.length)
  })
})

describe('the owner of an account', () => {
  it('is spoken for by nobody who holds a role of ours, whatever else they hold', () => {
    expect(actsForOwner(NOBODY, 'p1')).toBe(true)
    expect(actsForOwner({ subject: 'reader', roles: [] }, 'p1')).toBe(true)
    expect(actsForOwner({ subject: 'm', roles: ['platform'], platform: 'p1' }, 'p1')).toBe(true)
    expect(actsForOwner({ subject: 'm', roles: ['platform'], platform: 'p2' }, 'p1')).toBe(false)
    const ours = ROLES.filter((role): role is Exclude<Role, 'platform'> => role !== 'platform')
    fc.assert(
      fc.property(fc.constantFrom(...ours), fc.subarray([...ROLES]), (role, others) => {
        const caller = { subject: 'x', roles: [role, ...others], platform: 'p1' }
        expect(actsForOwner(caller, 'p1')).toBe(false)
      }),
      { numRuns: 200 },
    )
  })
})
