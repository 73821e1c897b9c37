import type { ExceptionRule, Policy, Rule } from './policy-document.js'
import { PermittedEvidence } from './permitted-evidence.js'
import { checkExpression, ruleEnvironment, type RuleFacts, type RuleInput } from './rule-environment.js'

/** A rule whose condition holds. */
export interface RuleHit {
  rule: Rule
}

/** A condition that could not be evaluated; it counts as not met. */
export interface RuleFault {
  ruleId: string
  reason: string
}

export interface RuleResults {
  /** Live and shadow rules that hold, in the order of the policy. */
  hits: RuleHit[]
  /** The exceptions that hold; evaluated when they are asked for, which is where something would be acted on. */
  exceptions: () => ExceptionRule[]
  /** Grows when exceptions are evaluated. */
  faults: RuleFault[]
  facts: RuleFacts
  /** The facts without what two people did not approve of. */
  approvedFacts: () => RuleFacts
}

type Condition = (facts: RuleFacts) => unknown

/**
 * Compiles the rules and exceptions of a policy once; the result evaluates them on a message in about a microsecond each. A rule
 * that acts sees no evidence that is not for its category.
 * @throws Error `bad-expression` if an expression does not compile: lint the policy first.
 */
export function compileRules(policy: Policy): (input: RuleInput) => RuleResults {
  const environment = ruleEnvironment(policy)
  const compile = <T extends { id: string; when: string }>(
    items: readonly T[],
  ): { item: T; holds: Condition }[] =>
    items.map((item) => {
      const [fault] = checkExpression(item.when, environment)
      if (fault) throw new Error(`bad-expression: rule ${item.id}: ${fault.reason}`)
      return { item, holds: environment.cel.parse(item.when) as Condition }
    })
  const permitted = new PermittedEvidence(policy)
  const rules = compile(policy.rules).map((one) => {
    const { then, when } = one.item
    const acts = then.outcome === 'act'
    const sees = acts && permitted.mayExceed(environment.cel.parse(when).ast, then.category)
    return { ...one, acts, onlyFor: sees ? then.category : null }
  })
  const exceptions = compile(policy.exceptions)
  return (input) => {
    const facts = environment.factsOf(input)
    const faults: RuleFault[] = []
    const seenBy = new Map<string, RuleFacts>()
    const approved = permitted.approved(input)
    let approvedFacts = approved === input ? facts : undefined
    const factsOfApproved = (): RuleFacts => (approvedFacts ??= environment.factsOf(approved))
    const factsFor = (category: string): RuleFacts => {
      const known = seenBy.get(category)
      if (known) return known
      const made = environment.factsOf(permitted.inputFor(approved, category))
      seenBy.set(category, made)
      return made
    }
    const holding = <T extends { id: string }>(
      items: readonly { item: T; holds: Condition; acts?: boolean; onlyFor?: string | null }[],
    ): T[] => {
      const found: T[] = []
      for (const { item, holds, acts, onlyFor } of items) {
        try {
          const seen = onlyFor ? factsFor(onlyFor) : acts ? factsOfApproved() : facts
          if (holds(seen) === true) found.push(item)
        } catch (error) {
          const reason = error instanceof Error ? error.message.split('\n')[0]! : 'failed'
          faults.push({ ruleId: item.id, reason })
        }
      }
      return found
    }
    let excepting: ExceptionRule[] | undefined
    return {
      hits: holding(rules).map((rule) => ({ rule })),
      exceptions: () => (excepting ??= holding(exceptions)),
      faults,
      facts,
      approvedFacts: factsOfApproved,
    }
  }
}
