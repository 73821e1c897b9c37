import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import type { Policy } from './policy-document.js'

/**
 * What the CEL expressions of a policy see. Numbers are doubles; a score that was not found is 0, so no key is ever
 * missing and a misspelt category is a type error.
 *
 * | variable | what it is |
 * |---|---|
 * | `message` | `text`, `language`, `links` (list of strings), `media` (list of kinds), `change`, `repost` (bool) |
 * | `account` | `kind` (`""` if not known), `followers` (0 if not known), `followersKnown`, `verified` |
 * | `scores.<category>` | the text model |
 * | `lexicon.<category>`, `links.<category>`, `claims.<category>`, `media.<category>` | the strongest signal of the words, the links, the known false claims, the known media |
 * | `reviewAt.<category>`, `actAt.<category>` | the thresholds for the message's language; 2, out of reach, where there is none |
 * | `contact`, `evasion` | the strongest hint at a private contact; at hidden or disguised links |
 * | `context` | list: `"reporting"`, `"education"`, `"satire"`, `"counter-speech"` |
 * | `signals` | list of everything found: `detector`, `id`, `score` |
 *
 * A rule that acts does not see what two people did not approve of, and where it holds something else must speak for it
 * (second-sign.ts).
 */
export interface RuleInput<S extends RuleSignal = RuleSignal> {
  message: {
    text?: string | null | undefined
    language?: string | null | undefined
    links?: readonly string[] | null | undefined
    media?: readonly { kind: string }[] | null | undefined
    change?: string | null | undefined
    repostOf?: string | null | undefined
  }
  account?:
    | {
        kind?: string | null | undefined
        followers?: number | null | undefined
        verified?: boolean | null | undefined
      }
    | null
    | undefined
  /** By category; what is absent counts as 0. */
  scores: Readonly<Record<string, number>>
  signals: readonly S[]
}

/**
 * What acting may rest on a signal of a bank: on it `alone`, on it with a sign of another kind (`company`), or not at all, because
 * two people did not approve its entry (`review`; SPEC promise 11).
 */
export type Standing = 'alone' | 'company' | 'review'

export interface RuleSignal {
  detector: string
  id: string
  score: number
  /** `[start, end)` in the text. */
  spans?: readonly (readonly [number, number])[]
  /** Of signals of a bank; what has none may be acted on as its detector is. */
  standing?: Standing
}

/** A context sign counts from this score on. */
const CONTEXT_COUNTS_FROM = 0.5
/** Above every score. */
const OUT_OF_REACH = 2

/** Detectors whose signals are about one category: their ids begin with it. */
const BY_DETECTOR = { lexicon: 'lexicon', links: 'links', 'known-claim': 'claims', media: 'media' } as const

class MessageFacts {
  constructor(
    readonly text: string,
    readonly language: string,
    readonly links: readonly string[],
    readonly media: readonly string[],
    readonly change: string,
    readonly repost: boolean,
  ) {}
}
class AccountFacts {
  constructor(
    readonly kind: string,
    readonly followers: number,
    readonly followersKnown: boolean,
    readonly verified: boolean,
  ) {}
}
class SignalFacts {
  constructor(
    readonly detector: string,
    readonly id: string,
    readonly score: number,
  ) {}
}

type Scores = Record<string, number>
/** What an expression is evaluated on. */
export type RuleFacts = Record<string, unknown> & {
  scores: Scores
  lexicon: Scores
  links: Scores
  claims: Scores
  media: Scores
  /** From which score on a category is for review; out of reach where it has no threshold. */
  reviewAt: Scores
  actAt: Scores
  contact: number
  evasion: number
  message: { readonly links: readonly string[] }
  context: string[]
}

export interface RuleEnvironment {
  cel: Environment
  factsOf: (input: RuleInput) => RuleFacts
}

/** The environment of one policy; its categories are fields, so that expressions are checked against them. */
export function ruleEnvironment(policy: Pick<Policy, 'categories' | 'thresholds'>): RuleEnvironment {
  const categories = Object.keys(policy.categories)
  class CategoryScores {
    [category: string]: number
    constructor(scoreOf: (category: string) => number) {
      for (const category of categories) this[category] = scoreOf(category)
    }
  }
  const cel = new Environment({
    limits: { maxAstNodes: 400, maxDepth: 40, maxListElements: 200, maxMapEntries: 20, maxCallArguments: 8 },
  })
    .registerType('Message', {
      ctor: MessageFacts,
      fields: {
        text: 'string',
        language: 'string',
        links: 'list<string>',
        media: 'list<string>',
        change: 'string',
        repost: 'bool',
      },
    })
    .registerType('Account', {
      ctor: AccountFacts,
      fields: { kind: 'string', followers: 'double', followersKnown: 'bool', verified: 'bool' },
    })
    .registerType('Signal', {
      ctor: SignalFacts,
      fields: { detector: 'string', id: 'string', score: 'double' },
    })
    .registerType('Scores', {
      ctor: CategoryScores,
      fields: Object.fromEntries(categories.map((c) => [c, 'double'])),
    })
    .registerVariable('message', 'Message')
    .registerVariable('account', 'Account')
    .registerVariable('signals', 'list<Signal>')
    .registerVariable('context', 'list<string>')
    .registerVariable('contact', 'double')
    .registerVariable('evasion', 'double')
  for (const name of ['scores', 'lexicon', 'links', 'claims', 'media', 'reviewAt', 'actAt']) {
    cel.registerVariable(name, 'Scores')
  }
  const nothing = new CategoryScores(() => 0)
  const byLanguage = new Map<string, { reviewAt: Scores; actAt: Scores }>()
  const thresholdsIn = (language: string): { reviewAt: Scores; actAt: Scores } => {
    const known = byLanguage.get(language)
    if (known) return known
    const of = (pick: 'review' | 'act'): Scores =>
      new CategoryScores((category) => thresholdOf(policy, category, language)?.[pick] ?? OUT_OF_REACH)
    const made = { reviewAt: of('review'), actAt: of('act') }
    if (byLanguage.size < 100) byLanguage.set(language, made)
    return made
  }
  const factsOf = ({ message, account, scores, signals }: RuleInput): RuleFacts => {
    const strongest: Record<string, Scores> = {}
    let [contact, evasion] = [0, 0]
    const context: string[] = []
    for (const { detector, id, score } of signals) {
      const slash = id.indexOf('/')
      const head = slash < 0 ? id : id.slice(0, slash)
      if (head === 'contact') contact = Math.max(contact, score)
      else if (head === 'link') evasion = Math.max(evasion, score)
      else if (head === 'context') {
        if (score >= CONTEXT_COUNTS_FROM) context.push(id.slice(slash + 1))
      } else if (Object.hasOwn(BY_DETECTOR, detector) && Object.hasOwn(policy.categories, head)) {
        const found = (strongest[BY_DETECTOR[detector as keyof typeof BY_DETECTOR]] ??= new CategoryScores(
          () => 0,
        ))
        found[head] = Math.max(found[head] ?? 0, score)
      }
    }
    const { reviewAt, actAt } = thresholdsIn(message.language ?? '')
    return {
      message: new MessageFacts(
        message.text ?? '',
        message.language ?? '',
        message.links ?? [],
        (message.media ?? []).map((medium) => medium.kind),
        message.change ?? 'published',
        Boolean(message.repostOf),
      ),
      account: new AccountFacts(
        account?.kind ?? '',
        account?.followers ?? 0,
        typeof account?.followers === 'number',
        account?.verified ?? false,
      ),
      scores: new CategoryScores((category) => (Object.hasOwn(scores, category) ? scores[category]! : 0)),
      lexicon: strongest['lexicon'] ?? nothing,
      links: strongest['links'] ?? nothing,
      claims: strongest['claims'] ?? nothing,
      media: strongest['media'] ?? nothing,
      reviewAt,
      actAt,
      contact,
      evasion,
      context,
      signals: signals.map(({ detector, id, score }) => new SignalFacts(detector, id, score)),
    }
  }
  return { cel, factsOf }
}

/** The threshold of a category for a language: its own, that of the base language (`zh` for `zh-TW`), or the default. */
export function thresholdOf(
  policy: Pick<Policy, 'thresholds'>,
  category: string,
  language: string,
): { review: number; act: number | null } | null {
  if (!Object.hasOwn(policy.thresholds, category)) return null
  const own = policy.thresholds[category]!
  const key = [language, language.split('-')[0]!, 'default'].find((candidate) =>
    Object.hasOwn(own, candidate),
  )
  return key === undefined ? null : own[key]!
}

/** What is wrong with an expression, and where in it (0-based offsets). */
export interface ExpressionFault {
  slug: 'bad-expression' | 'not-a-condition' | 'forbidden-function' | 'nested-loops'
  reason: string
  start: number
  end: number
}

/**
 * Functions that an expression may use. Not among them: `matches`, which runs on an engine that backtracks (patterns belong
 * in the banks), and what makes long lists out of texts.
 */
const ALLOWED = new Set(
  'size startsWith endsWith contains lowerAscii trim indexOf exists exists_one all filter map has'.split(' '),
)
  .add('double')
  .add('int')
  .add('string')
const LOOPS = new Set(['exists', 'exists_one', 'all', 'filter', 'map'])
const MAX_NESTED_LOOPS = 2

/** Checks an expression against the environment; an empty list means that it compiles, is a condition and is cheap. */
export function checkExpression(expression: string, { cel }: RuleEnvironment): ExpressionFault[] {
  let tree: ASTNode
  try {
    tree = cel.parse(expression).ast
  } catch (error) {
    return [faultOf(error)]
  }
  const calls = forbiddenCalls(tree, 0)
  if (calls.length > 0) return calls
  const { valid, type, error } = cel.check(expression)
  if (!valid) return [faultOf(error)]
  if (type === 'bool') return []
  const reason = `Must be true or false, but is of type ${type}.`
  return [{ slug: 'not-a-condition', reason, start: 0, end: expression.length }]
}

function faultOf(error: unknown): ExpressionFault {
  const { summary, message, range } = error as {
    summary?: string
    message: string
    range?: { start: number; end: number }
  }
  const reason = `${summary ?? message.split('\n')[0]!}.`
  return { slug: 'bad-expression', reason, start: range?.start ?? 0, end: range?.end ?? 0 }
}

interface Call {
  name: string
  receiver: boolean
}

function callOf(node: ASTNode): Call | null {
  const { op, args } = node as unknown as { op: string; args: unknown[] }
  if (op !== 'call' && op !== 'rcall') return null
  return { name: String(args[0]), receiver: op === 'rcall' }
}

/** The nodes straight below a node. */
export function childrenOf(node: ASTNode): ASTNode[] {
  const within = (part: unknown): ASTNode[] => {
    if (Array.isArray(part)) return part.flatMap(within)
    return typeof part === 'object' && part !== null && 'op' in part && 'args' in part
      ? [part as ASTNode]
      : []
  }
  return within((node as unknown as { args: unknown }).args)
}

function forbiddenCalls(node: ASTNode, loops: number): ExpressionFault[] {
  const call = callOf(node)
  const { start, end } = node as unknown as { start: number; end: number }
  if (call && !ALLOWED.has(call.name)) {
    const hint =
      call.name === 'matches' ? 'put the pattern in a bank' : `allowed are ${[...ALLOWED].join(', ')}`
    return [
      {
        slug: 'forbidden-function',
        reason: `"${call.name}" may not be used in a rule: ${hint}.`,
        start,
        end,
      },
    ]
  }
  const depth = loops + (call && LOOPS.has(call.name) ? 1 : 0)
  if (depth > MAX_NESTED_LOOPS) {
    const reason = `Loops may be nested ${MAX_NESTED_LOOPS} deep at most.`
    return [{ slug: 'nested-loops', reason, start, end }]
  }
  return childrenOf(node).flatMap((child) => forbiddenCalls(child, depth))
}
