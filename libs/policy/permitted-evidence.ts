import type { ASTNode } from '@marcbachmann/cel-js'
import { kindsOf, kindsOfSignal, type HarmKind } from './harm-kinds.js'
import type { Policy } from './policy-document.js'
import { childrenOf, type RuleInput } from './rule-environment.js'
import { mayBeActedOn } from './second-sign.js'

/** The variables of an expression that hold a number for each category. */
const BY_CATEGORY = ['scores', 'lexicon', 'links', 'claims', 'media']

/**
 * Tells what a rule that acts may see. Evidence of rumours, of coordination and of harm to children is for the categories of that
 * kind, whose bounds hold it (SPEC promise 5): a rule that acts in another category does not see it, so that it cannot act on it.
 */
export class PermittedEvidence {
  private readonly kinds: ReadonlyMap<string, readonly HarmKind[]>

  constructor(policy: Pick<Policy, 'categories'>) {
    this.kinds = new Map(Object.entries(policy.categories).map(([id, one]) => [id, kindsOf(id, one)]))
  }

  /** Whether an expression may see evidence that a rule acting in a category must not rest on. */
  mayExceed(tree: ASTNode, category: string): boolean {
    const { op, args } = tree as unknown as { op: string; args: unknown }
    if (op === '.' && Array.isArray(args)) {
      const [object, field] = args as [ASTNode, string]
      const { op: of, args: name } = object as unknown as { op: string; args: unknown }
      if (of === 'id' && BY_CATEGORY.includes(String(name))) return !this.isOpen(String(field), category)
    }
    // Whatever else names one of them may look anywhere in it.
    if (op === 'id') return args === 'signals' || BY_CATEGORY.includes(String(args))
    return childrenOf(tree).some((child) => this.mayExceed(child, category))
  }

  /** The input without what two people did not approve of, on which nothing acts (SPEC promise 11); itself where there is none. */
  approved<T extends RuleInput>(input: T): T {
    if (input.signals.every(mayBeActedOn)) return input
    return { ...input, signals: input.signals.filter(mayBeActedOn) }
  }

  /** The input without the evidence that is not for a category. */
  inputFor<T extends RuleInput>(input: T, category: string): T {
    const own = this.kinds.get(category) ?? []
    const scores = Object.entries(input.scores).filter(([of]) => this.isOpen(of, category))
    return {
      ...input,
      scores: Object.fromEntries(scores),
      signals: input.signals.filter((signal) => kindsOfSignal(signal).every((kind) => own.includes(kind))),
    }
  }

  /** Whether evidence of a category is for another one too. */
  private isOpen(of: string, category: string): boolean {
    const own = this.kinds.get(category) ?? []
    return (this.kinds.get(of) ?? kindsOf(of, undefined)).every((kind) => own.includes(kind))
  }
}
