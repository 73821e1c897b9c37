import { describe, expect, it } from 'vitest'
import { ACCOUNT_STATUSES, type AccountStatus, type Measure } from '#libs/contracts/measures-in-force'
import { replacementProblem } from './replacement.rules.js'

const now = new Date('2026-11-24T08:00:00Z')
const decision = (measure: Measure) => ({ measure, stepId: null, until: null, inForceSince: now, at: now })
const problem = (from: Measure, to: Measure, status: AccountStatus) =>
  replacementProblem(decision(from), { measure: to, until: null }, status, now)

describe('what takes the place of a measure on messages', () => {
  it.each(ACCOUNT_STATUSES)('may be a warning only where the account is warned already: %s', (status) => {
    const found = problem('remove', 'warn', status)
    if (status === 'active') expect(found?.path).toBe('/replacement/measure')
    else expect(found).toBeNull()
  })

  it.each<Measure>(['none', 'label'])('may be %s, however the account stands', (measure) => {
    for (const status of ACCOUNT_STATUSES) expect(problem('remove', measure, status)).toBeNull()
  })
})

it('a measure on an account may give way to a warning', () => {
  expect(problem('suspend', 'warn', 'suspended')).toBeNull()
})
