import type { ASTNode } from '@marcbachmann/cel-js'
import { formatDuration } from './duration.js'
import { kindsOf, MAX_ACTS_ON } from './harm-kinds.js'
import { beyondLimits } from './limits-of-policy.js'
import { parsePolicy } from './parse-policy.js'
import type { Localised, Policy } from './policy-document.js'
import { pointerTo, type DocumentPath, type PolicyIssue } from './policy-issue.js'
import { hides } from './routing.js'
import { PROTECTED_CONTEXTS } from './protected-contexts.js'
import { childrenOf, checkExpression, ruleEnvironment, type RuleEnvironment } from './rule-environment.js'

type Report = (grade: PolicyIssue['grade'], slug: string, path: DocumentPath, reason: string) => void
type Check = (policy: Policy, report: Report) => void

/**
 * Everything that makes the text of a policy unusable (`error`) or doubtful (`warning`), in the order of the text. The limits
 * of SPEC promises 5 to 7 and 14 are errors: no policy can switch them off. Empty means: fit to be published.
 */
export function lintPolicy(text: string): PolicyIssue[] {
  const { policy, issues, lineOf } = parsePolicy(text)
  if (!policy) return issues
  return lintParsed(policy, lineOf)
}

/** The same for a policy that was read before. */
export function lintParsed(policy: Policy, lineOf: (path: DocumentPath) => number = () => 0): PolicyIssue[] {
  const issues: PolicyIssue[] = []
  const report: Report = (grade, slug, path, reason) => {
    issues.push({ grade, slug, path: pointerTo(path), line: lineOf(path), reason })
  }
  for (const check of CHECKS) check(policy, report)
  return issues.sort((a, b) => a.line - b.line)
}

const has = (map: object, key: string): boolean => Object.hasOwn(map, key)

const languagesAreComplete: Check = (policy, report) => {
  for (const language of ['zh', 'en']) {
    if (!policy.languages.includes(language)) {
      report(
        'error',
        'language-missing',
        ['languages'],
        `Weir speaks ${language}; it must be among the languages.`,
      )
    }
  }
  const check = (text: Localised, path: DocumentPath): void => {
    const missing = policy.languages.filter((language) => !has(text, language))
    if (missing.length > 0)
      report('error', 'text-missing', path, `The text is missing in ${missing.join(', ')}.`)
    for (const [language, words] of Object.entries(text)) {
      if (/[{}]/.test(words)) {
        report(
          'warning',
          'placeholder',
          [...path, language],
          'Braces are shown as they are: nothing is filled in.',
        )
      }
    }
  }
  for (const [id, { title }] of Object.entries(policy.categories)) check(title, ['categories', id, 'title'])
  for (const [id, clause] of Object.entries(policy.clauses)) {
    for (const part of ['title', 'text', 'reasons'] as const) check(clause[part], ['clauses', id, part])
  }
  policy.exceptions.forEach(({ title }, index) => check(title, ['exceptions', index, 'title']))
}

const categoriesKeepTheirBounds: Check = (policy, report) => {
  for (const [id, category] of Object.entries(policy.categories)) {
    const kinds = kindsOf(id, category)
    for (const kind of kinds.filter((one) => !MAX_ACTS_ON[one].includes(category.actsOn))) {
      const reason = `"${id}" may act on no more than: ${MAX_ACTS_ON[kind].join(', ')}; by its names it is ${kind}.`
      report('error', 'acts-too-freely', ['categories', id, 'actsOn'], reason)
    }
    if (kinds.includes('child_safety') && !category.sealed) {
      report('error', 'not-sealed', ['categories', id], 'Evidence of child_safety must be sealed.')
    }
    if (!has(policy.clauses, `${id}.general`)) {
      report('error', 'general-clause-missing', ['categories', id], `There is no clause "${id}.general".`)
    }
    if (!has(policy.thresholds, id)) {
      report(
        'warning',
        'threshold-missing',
        ['categories', id],
        `"${id}" has no thresholds: no score leads to review.`,
      )
    }
  }
}

const clausesFitTheirCategories: Check = (policy, report) => {
  for (const [id, { category }] of Object.entries(policy.clauses)) {
    if (!has(policy.categories, category)) {
      report('error', 'unknown-category', ['clauses', id, 'category'], `There is no category "${category}".`)
    } else if (!id.startsWith(`${category}.`)) {
      report(
        'error',
        'clause-misnamed',
        ['clauses', id],
        `The id of a clause of "${category}" begins with "${category}.".`,
      )
    }
  }
}

const thresholdsAreOrdered: Check = (policy, report) => {
  for (const [category, byLanguage] of Object.entries(policy.thresholds)) {
    if (!has(policy.categories, category)) {
      report('error', 'unknown-category', ['thresholds', category], `There is no category "${category}".`)
      continue
    }
    const free = policy.categories[category]!.actsOn === 'evidence'
    if (!has(byLanguage, 'default')) {
      report('error', 'default-missing', ['thresholds', category], 'The threshold "default" is missing.')
    }
    for (const [language, { review, act }] of Object.entries(byLanguage)) {
      const path = ['thresholds', category, language]
      if (act !== null && act < review) {
        report('error', 'thresholds-disordered', path, `"act" (${act}) lies below "review" (${review}).`)
      }
      if (act !== null && !free) {
        report(
          'error',
          'acts-too-freely',
          [...path, 'act'],
          `No score may act in "${category}": it must be null.`,
        )
      }
      if (review === 0)
        report('warning', 'reviews-everything', [...path, 'review'], 'Every message would go to review.')
    }
  }
}

const rulesAreSound: Check = (policy, report) => {
  const environment = ruleEnvironment(policy)
  const ids = new Map<string, number>()
  const settled = new Map<string, string>()
  policy.rules.forEach((rule, index) => {
    const path = ['rules', index]
    const { category, clause, outcome } = rule.then
    if (ids.has(rule.id))
      report('error', 'duplicate-id', [...path, 'id'], `There are two rules "${rule.id}".`)
    ids.set(rule.id, index)
    const tree = checked(rule.when, [...path, 'when'], environment, report)
    if (!has(policy.categories, category)) {
      report(
        'error',
        'unknown-category',
        [...path, 'then', 'category'],
        `There is no category "${category}".`,
      )
      return
    }
    if (clause !== null && !has(policy.clauses, clause)) {
      report('error', 'unknown-clause', [...path, 'then', 'clause'], `There is no clause "${clause}".`)
    } else if (clause !== null && policy.clauses[clause]!.category !== category) {
      report(
        'error',
        'foreign-clause',
        [...path, 'then', 'clause'],
        `"${clause}" is no clause of "${category}".`,
      )
    }
    const { actsOn } = policy.categories[category]!
    if (outcome === 'act' && actsOn === 'nothing') {
      report('error', 'acts-too-freely', [...path, 'then', 'outcome'], `"${category}" never acts by itself.`)
    }
    if (outcome === 'act' && actsOn === 'evidence' && tree && !demandsEvidence(tree, category)) {
      const reason = `What acts in "${category}" must demand evidence of it in every case, as "lexicon.${category} >= …" or "scores.${category} >= actAt.${category}".`
      report('error', 'acts-too-freely', [...path, 'when'], reason)
    }
    const needed = actsOn === 'known-claim' ? 'claims' : actsOn === 'known-media' ? 'media' : null
    if (outcome === 'act' && needed && tree && !demands(tree, needed, category)) {
      const reason = `"${category}" acts only on the bank: the condition must demand "${needed}.${category} >= …" in every case.`
      report('error', 'acts-too-freely', [...path, 'when'], reason)
    }
    if (!tree || rule.stage === 'shadow') return
    const before = settled.get(category)
    if (before !== undefined) {
      report(
        'error',
        'unreachable-rule',
        path,
        `It is never reached: rule "${before}" always holds for "${category}".`,
      )
    }
    const constant = constantOf(tree)
    if (constant === false) report('error', 'unreachable-rule', [...path, 'when'], 'It never holds.')
    if (constant === true) {
      settled.set(category, rule.id)
      report('warning', 'always-holds', [...path, 'when'], 'It holds for every message.')
    }
    const same = policy.rules.findIndex(
      (other) => other.stage === 'live' && other.when === rule.when && other.then.category === category,
    )
    if (same >= 0 && same < index) {
      report(
        'error',
        'unreachable-rule',
        path,
        `It is never reached: rule "${policy.rules[same]!.id}" has the same condition.`,
      )
    }
  })
}

const exceptionsAreKept: Check = (policy, report) => {
  const environment = ruleEnvironment(policy)
  const ids = new Set<string>()
  const general: ASTNode[] = []
  let broken = false
  policy.exceptions.forEach((exception, index) => {
    const path = ['exceptions', index]
    if (ids.has(exception.id))
      report('error', 'duplicate-id', [...path, 'id'], `There are two exceptions "${exception.id}".`)
    ids.add(exception.id)
    const tree = checked(exception.when, [...path, 'when'], environment, report)
    broken ||= tree === null
    exception.categories?.forEach((category, at) => {
      if (has(policy.categories, category)) return
      report('error', 'unknown-category', [...path, 'categories', at], `There is no category "${category}".`)
    })
    if (tree && constantOf(tree) === true) {
      report(
        'warning',
        'always-holds',
        [...path, 'when'],
        'It holds for every message, so that nothing acts.',
      )
    }
    if (tree && exception.categories === null) general.push(tree)
  })
  if (broken) return
  for (const context of PROTECTED_CONTEXTS) {
    if (!general.some((tree) => holdsIn(tree, context))) {
      const reason = `A message whose context is "${context}" must be an exception in every category, with no further condition: '"${context}" in context'.`
      report('error', 'exception-missing', ['exceptions'], reason)
    }
  }
}

const ladderRises: Check = (policy, report) => {
  const { ladder, strikes } = policy
  ladder.forEach((rung, index) => {
    const path = ['ladder', index]
    const before = ladder[index - 1]
    if (before && rung.level <= before.level) {
      report('error', 'ladder-disordered', [...path, 'level'], 'Levels must rise from rung to rung.')
    }
    if (before && rung.minPoints <= before.minPoints) {
      report('error', 'ladder-disordered', [...path, 'minPoints'], 'Points must rise from rung to rung.')
    }
    if (before && GRAVITY[rung.measure] < GRAVITY[before.measure]) {
      report(
        'error',
        'ladder-disordered',
        [...path, 'measure'],
        'A higher rung must not bring a lesser measure.',
      )
    }
    if (before?.duration && rung.duration !== null && rung.duration < before.duration) {
      report('error', 'ladder-disordered', [...path, 'duration'], 'A higher rung must not be shorter.')
    }
    if (rung.measure === 'warn' && rung.duration !== null) {
      report('error', 'duration-misplaced', [...path, 'duration'], 'A warning has no duration.')
    }
    if (rung.measure !== 'warn' && rung.duration === null) {
      report('error', 'duration-missing', path, `A rung with "${rung.measure}" needs a duration.`)
    }
    if (rung.measure === 'limit' && Object.keys(rung.limits).length === 0) {
      report('error', 'limits-missing', path, 'A rung with "limit" says in "limits" what is limited.')
    }
    if (rung.measure !== 'limit' && Object.keys(rung.limits).length > 0) {
      report('error', 'limits-misplaced', [...path, 'limits'], 'Only a rung with "limit" has limits.')
    }
    if (
      rung.measure === 'suspend' &&
      rung.duration !== null &&
      rung.duration > policy.automation.maxSuspension
    ) {
      const most = formatDuration(policy.automation.maxSuspension)
      report('error', 'suspension-too-long', [...path, 'duration'], `Automation may suspend up to ${most}.`)
    }
    if (rung.duration !== null && rung.duration > strikes.expiresAfter) {
      report(
        'error',
        'duration-too-long',
        [...path, 'duration'],
        'A measure must not outlast the strikes behind it.',
      )
    }
  })
  for (const [lesser, graver] of [
    ['1', '2'],
    ['2', '3'],
    ['3', '4'],
  ] as const) {
    if (strikes.points[Number(graver) as 2] < strikes.points[Number(lesser) as 1]) {
      report(
        'error',
        'points-disordered',
        ['strikes', 'points', graver],
        'Points must not fall as severity rises.',
      )
    }
  }
}

const GRAVITY = { warn: 0, limit: 1, suspend: 2 } as const

const promisesAreKept: Check = (policy, report) => {
  for (const { path, reason } of beyondLimits(policy)) report('error', 'promise-broken', path, reason)
  if (policy.decisions.maxSuspension >= policy.automation.maxSuspension) return
  const least = formatDuration(policy.automation.maxSuspension)
  const reason = `Must be ${least} at least: a person decides no less than automation.`
  report('error', 'promise-broken', ['decisions', 'maxSuspension'], reason)
}

const deadlinesCanBeMet: Check = (policy, report) => {
  const { deadlines } = policy
  const check = (
    path: DocumentPath,
    { acknowledge, carryOut }: { acknowledge: number; carryOut: number },
  ): void => {
    if (acknowledge <= carryOut) return
    report(
      'error',
      'deadlines-disordered',
      path,
      'What is to be carried out sooner than acknowledged needs no acknowledgement: swap them.',
    )
  }
  check(['deadlines', 'default'], deadlines.default)
  for (const group of ['kinds', 'categories', 'severities'] as const) {
    for (const [key, deadline] of Object.entries(deadlines[group])) check(['deadlines', group, key], deadline)
  }
  for (const category of Object.keys(deadlines.categories)) {
    if (has(policy.categories, category)) continue
    report(
      'error',
      'unknown-category',
      ['deadlines', 'categories', category],
      `There is no category "${category}".`,
    )
  }
}

const routingRulesCount: Check = ({ routing, categories }, report) => {
  routing.forEach(({ when }, index) => {
    const path = ['routing', index, 'when']
    if (when.category !== undefined && !has(categories, when.category)) {
      report('error', 'unknown-category', [...path, 'category'], `There is no category "${when.category}".`)
    }
    const before = routing.findIndex((earlier, at) => at < index && hides(earlier.when, when))
    if (before >= 0) {
      const reason = `Nothing reaches this rule: rule ${before + 1} is met by all that would fit it.`
      report('warning', 'rule-hidden', path, reason)
    }
  })
}

const CHECKS: readonly Check[] = [
  languagesAreComplete,
  categoriesKeepTheirBounds,
  clausesFitTheirCategories,
  thresholdsAreOrdered,
  rulesAreSound,
  exceptionsAreKept,
  ladderRises,
  promisesAreKept,
  deadlinesCanBeMet,
  routingRulesCount,
]

/** Reports what is wrong with an expression; its tree if nothing is. */
function checked(
  expression: string,
  path: DocumentPath,
  environment: RuleEnvironment,
  report: Report,
): ASTNode | null {
  const faults = checkExpression(expression, environment)
  for (const { slug, reason, start, end } of faults) {
    const place =
      end > start
        ? ` At "${expression.slice(start, Math.min(end, start + 60))}" (character ${start + 1}).`
        : ''
    report('error', slug, path, `${reason}${place}`)
  }
  return faults.length > 0 ? null : environment.cel.parse(expression).ast
}

interface Shape {
  op: string
  args: unknown
}

function shapeOf(node: ASTNode): Shape {
  return node
}

/** Whether an expression can only hold where `<source>.<category>` is at least some positive number. */
function demands(tree: ASTNode, source: string, category: string): boolean {
  const { op } = shapeOf(tree)
  const children = childrenOf(tree)
  if (op === '&&') return children.some((child) => demands(child, source, category))
  if (op === '||') return children.every((child) => demands(child, source, category))
  if (op !== '>=' && op !== '>') return false
  const [left, right] = children
  const bound = right && shapeOf(right).op === 'value' ? Number(shapeOf(right).args) : NaN
  return left !== undefined && isField(left, source, category) && (op === '>' ? bound >= 0 : bound > 0)
}

/** Whether an expression can only hold where a detector found something of a category. */
function demandsEvidence(tree: ASTNode, category: string): boolean {
  const { op } = shapeOf(tree)
  const children = childrenOf(tree)
  if (op === '&&') return children.some((child) => demandsEvidence(child, category))
  if (op === '||') return children.every((child) => demandsEvidence(child, category))
  if (EVIDENCE.some((source) => demands(tree, source, category))) return true
  const [left, right] = op === '<' || op === '<=' ? [children[1], children[0]] : children
  if (!left || !right || !['>', '>=', '<', '<='].includes(op)) return false
  const bound = ['actAt', 'reviewAt'].some((source) => isField(right, source, category))
  const flipped = (op === '<' || op === '<=') && isAbove(right, op === '<')
  return (bound || flipped) && EVIDENCE.some((source) => isField(left, source, category))
}

const EVIDENCE = ['scores', 'lexicon', 'links', 'claims', 'media'] as const

function isAbove(node: ASTNode, orZero: boolean): boolean {
  const { op, args } = shapeOf(node)
  const bound = op === 'value' ? Number(args) : NaN
  return orZero ? bound >= 0 : bound > 0
}

/** Whether an expression holds for every message of a context, whatever else is true of it. */
function holdsIn(tree: ASTNode, context: string): boolean {
  const { op } = shapeOf(tree)
  const children = childrenOf(tree)
  if (op === '||') return children.some((child) => holdsIn(child, context))
  if (op === '&&') return children.every((child) => holdsIn(child, context))
  if (op === 'value') return shapeOf(tree).args === true
  const [left, right] = children.map(shapeOf)
  return (
    op === 'in' &&
    left?.op === 'value' &&
    left.args === context &&
    right?.op === 'id' &&
    right.args === 'context'
  )
}

function isField(node: ASTNode, source: string, category: string): boolean {
  const { op, args } = shapeOf(node)
  if (op !== '.') return false
  const [object, field] = args as [ASTNode, string]
  return field === category && shapeOf(object).op === 'id' && shapeOf(object).args === source
}

/** What an expression always is, as far as literals tell. */
function constantOf(tree: ASTNode): boolean | null {
  const { op, args } = shapeOf(tree)
  if (op === 'value') return typeof args === 'boolean' ? args : null
  const values = childrenOf(tree).map(constantOf)
  if (op === '&&')
    return values.includes(false) ? false : values.every((value) => value === true) ? true : null
  if (op === '||')
    return values.includes(true) ? true : values.every((value) => value === false) ? false : null
  return null
}
