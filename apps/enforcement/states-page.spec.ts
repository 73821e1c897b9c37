import { describe, expect, it } from 'vitest'
import { CASE_ACTIONS, CASE_STATES, caseAfter, statesBefore } from './ledger/cases/case-transitions.js'
import { statesPage } from './states-page.js'

describe('states', () => {
  it('are printed as the code has them (vitest -u writes the page)', async () => {
    await expect(statesPage()).toMatchFileSnapshot('../../docs/states.md')
  })

  it('of a case lead nowhere but to states, and none but the last is a trap', () => {
    for (const state of CASE_STATES) {
      const ways = CASE_ACTIONS.map((action) => caseAfter(state, action)).filter((to) => to !== undefined)
      expect(ways.length > 0).toBe(state !== 'closed')
      expect(ways.every((to) => CASE_STATES.includes(to))).toBe(true)
    }
    expect(statesBefore('claim')).toEqual(['open'])
    expect(statesBefore('snooze')).toEqual(['open', 'claimed'])
    expect(statesBefore('decide')).toEqual(['open', 'claimed', 'held', 'decided'])
  })
})
