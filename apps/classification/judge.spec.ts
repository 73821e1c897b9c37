import { describe, expect, it } from 'vitest'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import { buildJudge } from './judge.js'
import { UnreadablePolicyError } from './unreadable-policy.js'

const record = (changes: Partial<PolicyRecord>): PolicyRecord => ({
  kind: 'policy',
  name: 'default',
  version: '1',
  state: 'live',
  effectiveFrom: '2026-01-01T00:00:00Z',
  rollout: 100,
  publishedAt: '2026-01-01T00:00:00Z',
  document: {},
  ...changes,
})

describe('a judge', () => {
  it('is refused for a policy that cannot be read, naming its version', () => {
    const build = () => buildJudge({ policy: record({ version: '9' }), banks: [] })
    expect(build).toThrow(UnreadablePolicyError)
    expect(build).toThrow(/Policy 9 cannot be read/)
  })
})
