import type { Outcome } from '#libs/contracts/verdict'
import { compileRules, type RuleFault, type RuleResults } from './compile-rules.js'
import { boundOf, kindsOf, kindsOfSignal, type HarmKind } from './harm-kinds.js'
import { clauseOf, type ActsOn, type Policy, type Severity } from './policy-document.js'
import { protectedContextsIn } from './protected-contexts.js'
import type { RuleFacts, RuleInput, RuleSignal } from './rule-environment.js'
import { isMoreThanOneSign } from './second-sign.js'

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

/** What no rule of a policy changes of a category. */
interface Bounds {
  actsOn: ActsOn
  kinds: readonly HarmKind[]
}

const GRAVITY: Record<Outcome, number> = { clear: 0, review: 1, act: 2 }

/**
 * Compiles a policy into the function that judges a message. For each category the first live rule that holds decides;
 * if none does, the score does, from `review` on, for review: a score alone never acts. Then an exception that holds, a
 * context that is one to every clause, what the category may act on, that nothing was found of it, and that it rests on one phrase
 * lower `act` to `review` (SPEC promises 5 and 11), whatever the policy says.
 * @throws Error `bad-expression` if a rule does not compile: lint the policy first.
 */
export function compileJudge(policy: Policy): <S extends RuleSignal>(input: RuleInput<S>) => Judgement<S> {
  const evaluate = compileRules(policy)
  const categories = Object.entries(policy.categories).map(([id, category]): [string, Bounds] => [
    id,
    { actsOn: boundOf(id, category), kinds: kindsOf(id, category) },
  ])
  return <S extends RuleSignal>(input: RuleInput<S>): Judgement<S> => {
    const results = evaluate(input)
    const judged = categories.map(([id, bounds]) => judgeCategory(policy, id, bounds, input, results))
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
  bounds: Bounds,
  { message, signals }: RuleInput<S>,
  { hits, exceptions, facts, approvedFacts }: RuleResults,
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
  const protecting = wanted === 'act' ? protectedContextsIn(facts.context) : []
  const mayAct =
    excepting.length + protecting.length === 0 &&
    isFound(category, own, bounds.kinds, facts) &&
    actsOn(bounds.actsOn, category, facts) &&
    (bounds.actsOn !== 'evidence' || isMoreThanOneSign(category, own, message.text ?? '', approvedFacts()))
  const outcome = wanted === 'act' && !mayAct ? 'review' : wanted
  const clause = rule?.then.clause ?? clauseBySignal(policy, category, own)
  return {
    category,
    outcome,
    clause,
    severity: clauseOf(policy, clause)?.severity ?? null,
    score,
    signals: signals.filter((signal) => speaksOf(signal, category) || isGeneral(signal)),
    rule: rule?.id ?? null,
    exceptions: [...new Set([...excepting.map((one) => one.id), ...protecting])],
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

/** From this score on the model has found something. */
const MODEL_FINDS_FROM = 0.5

/** Whether there is evidence of a category: no rule acts on the text or the account alone, or on what is of another kind. */
function isFound(
  category: string,
  own: readonly RuleSignal[],
  kinds: readonly HarmKind[],
  { scores }: RuleFacts,
): boolean {
  if ((scores[category] ?? 0) >= MODEL_FINDS_FROM) return true
  return own.some((signal) => signal.score > 0 && kindsOfSignal(signal).every((kind) => kinds.includes(kind)))
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
