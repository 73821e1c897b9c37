import type { Outcome } from '#libs/contracts/verdict'
import { compileRules, type RuleFault, type RuleResults } from './compile-rules.js'
import { clauseOf, type ActsOn, type Policy, type Severity } from './policy-document.js'
import type { RuleFacts, RuleInput, RuleSignal } from './rule-environment.js'

/** What the policy says of a message in one category. */
export interface CategoryJudgement<S extends RuleSignal = RuleSignal> {
  category: string
  outcome: Outcome
  /** The clause that is met; `null` where clear. */
  clause: string | null
  severity: Severity | null
  /** The strongest of model, signals and rule. */
  score: number
  /** The signals that speak of this category, and the general ones (contacts, links, context) where it is not clear. */
  signals: S[]
  /** The rule that decided, or `null`: then the threshold did. */
  rule: string | null
  /** The exceptions that kept it from acting. */
  exceptions: string[]
}

export interface Judgement<S extends RuleSignal = RuleSignal> {
  /** The gravest of the categories. */
  outcome: Outcome
  /** Every category of the policy, in its order. */
  categories: CategoryJudgement<S>[]
  /** Ids of shadow rules that would have counted. */
  shadowHits: string[]
  faults: RuleFault[]
}

const GRAVITY: Record<Outcome, number> = { clear: 0, review: 1, act: 2 }

/**
 * Compiles a policy into the function that judges a message. For each category the first live rule that holds decides;
 * if none does, the score does, from `review` on, for review: a score alone never acts. Then an exception that holds, and
 * what the category may act on, lower `act` to `review` (SPEC promise 5), whatever the rules say.
 * @throws Error `bad-expression` if a rule does not compile: lint the policy first.
 */
export function compileJudge(policy: Policy): <S extends RuleSignal>(input: RuleInput<S>) => Judgement<S> {
  const evaluate = compileRules(policy)
  const categories = Object.keys(policy.categories)
  return <S extends RuleSignal>(input: RuleInput<S>): Judgement<S> => {
    const results = evaluate(input)
    const judged = categories.map((category) => judgeCategory(policy, category, input, results))
    return {
      outcome: gravest(judged.map((one) => one.outcome)),
      categories: judged,
      shadowHits: results.hits.filter((hit) => hit.rule.stage === 'shadow').map((hit) => hit.rule.id),
      faults: results.faults,
    }
  }
}

function judgeCategory<S extends RuleSignal>(
  policy: Policy,
  category: string,
  { signals }: RuleInput<S>,
  { hits, exceptions, facts }: RuleResults,
): CategoryJudgement<S> {
  const rule =
    hits.find((hit) => hit.rule.stage === 'live' && hit.rule.then.category === category)?.rule ?? null
  const own = signals.filter((signal) => speaksOf(signal, category))
  const score = Math.max(scoreOf(category, facts), rule?.then.score ?? 0)
  const wanted = rule?.then.outcome ?? (score >= facts.reviewAt[category]! ? 'review' : 'clear')
  if (wanted === 'clear') {
    const exceptions: string[] = []
    return {
      category,
      outcome: wanted,
      clause: null,
      severity: null,
      score,
      signals: own,
      rule: rule?.id ?? null,
      exceptions,
    }
  }
  const excepting =
    wanted === 'act'
      ? exceptions().filter((one) => one.categories === null || one.categories.includes(category))
      : []
  const mayAct = excepting.length === 0 && actsOn(policy.categories[category]!.actsOn, category, facts)
  const outcome = wanted === 'act' && !mayAct ? 'review' : wanted
  const clause = rule?.then.clause ?? clauseBySignal(policy, category, own)
  return {
    category,
    outcome,
    clause,
    severity: clauseOf(policy, clause)?.severity ?? null,
    score,
    signals: signals.filter((signal) => own.includes(signal) || isGeneral(signal)),
    rule: rule?.id ?? null,
    exceptions: excepting.map((one) => one.id),
  }
}

function gravest(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce<Outcome>((most, one) => (GRAVITY[one] > GRAVITY[most] ? one : most), 'clear')
}

function scoreOf(category: string, { scores, lexicon, links, claims, media }: RuleFacts): number {
  return Math.max(
    scores[category] ?? 0,
    lexicon[category] ?? 0,
    links[category] ?? 0,
    claims[category] ?? 0,
    media[category] ?? 0,
  )
}

function actsOn(allowed: ActsOn, category: string, { claims, media }: RuleFacts): boolean {
  switch (allowed) {
    case 'evidence':
      return true
    case 'known-claim':
      return (claims[category] ?? 0) > 0
    case 'known-media':
      return (media[category] ?? 0) > 0
    case 'nothing':
      return false
  }
}

function speaksOf({ id }: RuleSignal, category: string): boolean {
  return id === category || id.startsWith(`${category}/`)
}

function isGeneral({ id }: RuleSignal): boolean {
  return id.startsWith('contact/') || id.startsWith('link/') || id.startsWith('context/')
}

/** The clause that the strongest signal names (`fraud/advance-fee/…` is `fraud.advance-fee`), else the general one. */
function clauseBySignal(policy: Policy, category: string, signals: readonly RuleSignal[]): string {
  const named = [...signals]
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    .map(({ id }) => `${category}.${id.split('/')[1] ?? ''}`)
    .find((clause) => clauseOf(policy, clause)?.category === category)
  return named ?? `${category}.general`
}
