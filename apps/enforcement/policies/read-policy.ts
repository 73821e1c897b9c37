import { parse } from 'yaml'
import { PermanentError } from '#libs/platform/errors'
import type { FieldProblem } from '#libs/platform/http/problem'
import { lintPolicy } from '#libs/policy/lint-policy'
import { parsePolicy } from '#libs/policy/parse-policy'
import type { Policy } from '#libs/policy/policy-document'

/** The policy of a text that was linted before it was stored. @throws PermanentError `bad-policy` */
export function policyFrom(text: string): Policy {
  const { policy } = parsePolicy(text)
  if (!policy) throw new PermanentError('bad-policy', 'A stored policy does not parse.')
  return policy
}

/** Everything that is wrong with the text of a policy, and what is merely doubtful. */
export function lintOf(text: string): { errors: FieldProblem[]; warnings: FieldProblem[] } {
  const problems = lintPolicy(text)
  return { errors: problems, warnings: [] }
}

/** The text as the plain document that travels to classification. */
export function documentOf(text: string): Record<string, unknown> {
  return parse(text) as Record<string, unknown>
}

/** What a policy calls itself. */
export function nameOf(document: Record<string, unknown>): string {
  const { name } = document
  return typeof name === 'string' && name !== '' ? name : 'default'
}
