import { expect, it } from 'vitest'
import { lintPolicy } from '#libs/policy/lint-policy'
import { parsePolicy } from '#libs/policy/parse-policy'
import { EXAMPLE_POLICY, EXAMPLE_POLICY_TEXT } from './example-policy.js'

it('the policy of the examples is one that can be published, and its text says the same', () => {
  expect(lintPolicy(EXAMPLE_POLICY_TEXT)).toEqual([])
  expect(parsePolicy(EXAMPLE_POLICY_TEXT).document).toEqual(EXAMPLE_POLICY)
})
