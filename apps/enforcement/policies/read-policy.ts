import { PermanentError } from '#libs/runtime/errors'
import type { FieldProblem } from '#libs/runtime/http/problem'
import { withinLimits } from '#libs/policy/limits-of-policy'
import { lintPolicy } from '#libs/policy/lint-policy'
import { parsePolicy } from '#libs/policy/parse-policy'
import type { Policy } from '#libs/policy/policy-document'
import type { PolicyIssue } from '#libs/policy/policy-issue'

/** The policy of a text that was linted before it was stored, within its limits all the same. @throws PermanentError `bad-policy` */
export function policyFrom(text: string): Policy {
  const { policy, issues } = parsePolicy(text)
  if (policy) return withinLimits(policy)
  throw new PermanentError('bad-policy', `A stored policy does not parse: ${issues[0]?.reason ?? ''}`)
}

/** What the lint says of the text of a policy, and the plain document that travels to classification. */
export function lintOf(text: string): {
  errors: FieldProblem[]
  warnings: FieldProblem[]
  document: Record<string, unknown>
} {
  const { document } = parsePolicy(text)
  const issues = lintPolicy(text)
  const of = (grade: PolicyIssue['grade']): FieldProblem[] =>
    issues.filter((issue) => issue.grade === grade).map(problemOf)
  return { errors: of('error'), warnings: of('warning'), document: document ?? {} }
}

function problemOf({ path, line, reason }: PolicyIssue): FieldProblem {
  return { path, reason: line > 0 ? `${reason} (line ${line})` : reason }
}
