import { Ajv, type ErrorObject } from 'ajv'
import {
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type Document,
} from 'yaml'
import { yamlExcessOf } from './bound-yaml.js'
import { parseDuration, type Milliseconds } from './duration.js'
import { USUAL_LONGEST_SUSPENSION } from './limits-of-decisions.js'
import type { CaseTerms, Deadline, Policy } from './policy-document.js'
import { pointerTo, type DocumentPath, type PolicyIssue } from './policy-issue.js'
import { POLICY_SCHEMA } from './policy-schema.js'

/** A policy has a few hundred rules; what is larger is a mistake or an attack. In UTF-16 units. */
const MAX_TEXT = 1_000_000
/** Of the document as JSON: it travels in one record, of which the broker takes up to a megabyte. */
const MAX_BYTES = 800_000
const MAX_DEPTH = 12
const MAX_NODES = 50_000
const MAX_TOKENS = 25_000
/** More than a person mends at once; each costs a look at the text. */
const MAX_ISSUES = 200
/** Longer than any word of ours by more than the edits that are looked for. */
const LONGEST_WORD = 60

export interface ParsedPolicy {
  /** Absent if there is any error. */
  policy?: Policy
  /** The plain document, as it travels on `weir.policies.v1`; absent if the text is no YAML. */
  document?: Record<string, unknown>
  issues: PolicyIssue[]
  /** The line (from 1) of a place in the document. */
  lineOf: (path: DocumentPath) => number
}

/** Reads the YAML text of a policy: its shape only, `lintPolicy` judges the content. Never throws. */
export function parsePolicy(text: string): ParsedPolicy {
  const lines = new LineCounter()
  const failed = (slug: string, reason: string, line = 1): ParsedPolicy => ({
    issues: [{ grade: 'error', slug, path: '', line, reason }],
    lineOf: () => line,
  })
  if (text.length > MAX_TEXT) return failed('too-large', `The text is longer than ${MAX_TEXT} characters.`)
  if (deepestIndent(text) > MAX_DEPTH * 40) return failed('too-deep', 'The text is indented too deeply.')
  const excess = yamlExcessOf(text, { maxTokens: MAX_TOKENS, maxDepth: MAX_DEPTH })
  if (excess) return failed(excess, UNSAFE[excess])
  // Pretty errors copy the line of each, and a look for keys that are given twice compares each with each: both are done here.
  const yaml = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
  })
  const broken = yaml.errors[0]
  // The YAML library reports its own overflow on absurd nesting as an error of the text.
  if (broken?.message.includes('call stack')) return failed('too-deep', UNSAFE['too-deep'])
  if (broken) return failed('not-yaml', broken.message.split('\n')[0]!, lines.linePos(broken.pos[0]).line)
  // Another version of YAML reads other things into the same text: merged keys, yes for true, 1:30 for 90.
  if (hasDirectives(yaml)) return failed('directives', UNSAFE.directives)
  const doubtful = yaml.warnings[0]
  if (doubtful)
    return failed('not-yaml', doubtful.message.split('\n')[0]!, lines.linePos(doubtful.pos[0]).line)
  const unsafe = unsafeNode(yaml)
  if (unsafe) return failed(unsafe, UNSAFE[unsafe])
  const twice = keyGivenTwice(yaml)
  if (twice !== null) return failed('not-yaml', 'Map keys must be unique', lines.linePos(twice).line)
  const document: unknown = yaml.toJS({ maxAliasCount: 0 })
  if (Buffer.byteLength(JSON.stringify(document) ?? '') > MAX_BYTES)
    return failed('too-large', `The document has more than ${MAX_BYTES} bytes as JSON.`)
  const lineOf = (path: DocumentPath): number => lineIn(yaml, lines, path)
  return { ...readPolicy(document, lineOf), lineOf }
}

/** Reads a policy from its plain document, as found on `weir.policies.v1`. Never throws. */
export function readPolicy(
  document: unknown,
  lineOf: (path: DocumentPath) => number = () => 0,
): Omit<ParsedPolicy, 'lineOf'> {
  if (isShaped(document)) {
    return {
      policy: policyOf(document),
      document: document,
      issues: [],
    }
  }
  const issues = (isShaped.errors ?? []).slice(0, MAX_ISSUES).flatMap((error) => issueOf(error, lineOf))
  const known = typeof document === 'object' && document !== null && !Array.isArray(document)
  return {
    ...(known ? { document: document as Record<string, unknown> } : {}),
    issues: distinctIssues(issues),
  }
}

/** The document as the schema guarantees it: a policy with durations as text and defaults left out. */
type Written<T> = T extends Milliseconds
  ? number | string
  : T extends object
    ? { [K in keyof T]: Written<T[K]> }
    : T
type PolicyText = Written<Policy>

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
})
ajv.addFormat('duration-of-policy', (text: string) => (parseDuration(text) ?? 0) > 0)
const isShaped = ajv.compile<PolicyText>(POLICY_SCHEMA)

const UNSAFE = {
  aliases: 'Anchors and aliases are not allowed: write it out.',
  directives: 'Directives are not allowed: the text is YAML 1.2.',
  tags: 'Tags are not allowed: write the plain value.',
  'too-deep': `The document is nested deeper than ${MAX_DEPTH} levels.`,
  'too-many-nodes': `The document has more than ${MAX_NODES} values.`,
} as const

/** What a plain value is of. Others make of the text what neither JSON nor the schema knows, as sets and dates. */
const PLAIN_TAGS = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
)

function hasDirectives({ directives }: Document): boolean {
  return (
    Boolean(directives?.yaml.explicit) ||
    Object.keys(directives?.tags ?? {}).some((handle) => handle !== '!!')
  )
}

function deepestIndent(text: string): number {
  return text.split('\n').reduce((most, line) => Math.max(most, line.search(/\S|$/)), 0)
}

function unsafeNode(yaml: Document): keyof typeof UNSAFE | null {
  let nodes = 0
  const visit = (node: unknown, depth: number): keyof typeof UNSAFE | null => {
    if (isAlias(node)) return 'aliases'
    if (isNode(node) && (node as { anchor?: string }).anchor) return 'aliases'
    if (isNode(node) && node.tag && !PLAIN_TAGS.has(node.tag)) return 'tags'
    if (depth > MAX_DEPTH) return 'too-deep'
    if (++nodes > MAX_NODES) return 'too-many-nodes'
    if (isPair(node)) return visit(node.key, depth) ?? visit(node.value, depth)
    if (!isCollection(node)) return null
    for (const item of node.items) {
      const found = visit(item, depth + 1)
      if (found) return found
    }
    return null
  }
  return visit(yaml.contents, 0)
}

/** Where the second of two equal keys of one map stands, or null. */
function keyGivenTwice(yaml: Document): number | null {
  let found: number | null = null
  visit(yaml, {
    Map: (_key, map) => {
      const seen = new Set<unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        if (seen.has(name)) {
          found = isNode(key) && key.range ? key.range[0] : 0
          return visit.BREAK
        }
        seen.add(name)
      }
      return undefined
    },
  })
  return found
}

/** The line of a place, or of the nearest place around it that is there. */
function lineIn(yaml: Document, lines: LineCounter, path: DocumentPath): number {
  for (let length = path.length; length > 0; length--) {
    const node = yaml.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

function issueOf(error: ErrorObject, lineOf: (path: DocumentPath) => number): PolicyIssue[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const at = (extra: readonly string[], slug: string, reason: string): PolicyIssue[] => {
    const full = [...path, ...extra]
    const place = full.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    return [{ grade: 'error', slug, path: pointerTo(full), line: lineOf(place), reason }]
  }
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = (error.params as { additionalProperty: string }).additionalProperty
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
      const near = nearest(key, known)
      return at([key], 'unknown-key', `There is no "${key}" here${near ? `; did you mean "${near}"?` : '.'}`)
    }
    case 'required': {
      const { missingProperty } = error.params as { missingProperty: string }
      return at([], 'missing-key', `"${missingProperty}" is missing.`)
    }
    case 'propertyNames': {
      const { propertyName } = error.params as { propertyName: string }
      return at([propertyName], 'bad-key', `"${propertyName}" cannot stand here as a key.`)
    }
    case 'enum': {
      if (error.propertyName !== undefined) return []
      const { allowedValues } = error.params as { allowedValues: string[] }
      const near = typeof error.data === 'string' ? nearest(error.data, allowedValues) : null
      const choice = allowedValues.join(', ')
      return at([], 'bad-value', `Must be one of ${choice}${near ? `; did you mean "${near}"?` : '.'}`)
    }
    case 'format':
    case 'pattern':
      if (error.propertyName !== undefined) return []
      return (error.schema as string).startsWith('duration') ||
        (error.parentSchema as { format?: string }).format
        ? at(
            [],
            'bad-duration',
            'Must be an ISO 8601 duration above zero, in weeks, days, hours, minutes and seconds.',
          )
        : at([], 'bad-value', 'Is no well-formed name or id.')
    default:
      return error.propertyName === undefined ? at([], 'bad-value', `${error.message ?? 'is wrong'}.`) : []
  }
}

function distinctIssues(issues: readonly PolicyIssue[]): PolicyIssue[] {
  const seen = new Map(issues.map((issue) => [`${issue.path} ${issue.reason}`, issue]))
  return [...seen.values()].sort((a, b) => a.line - b.line)
}

/** The known word that is at most two edits away (Levenshtein), if any. */
function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > LONGEST_WORD) return null
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance)
  return best?.candidate ?? null
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced))
    }
    row = next
  }
  return row[b.length]!
}

function ms(text: number | string): Milliseconds {
  return parseDuration(String(text))!
}

function deadlineOf(text: Written<Deadline>): Deadline {
  return { acknowledge: ms(text.acknowledge), carryOut: ms(text.carryOut) }
}

/** What a policy says of work on cases; each setting that it leaves out is as in the default policy. */
function caseTermsOf(text: Partial<PolicyText['cases']> | undefined): CaseTerms {
  const { claimLease = 'PT30M', dueWithin = { 1: 'P7D', 2: 'P3D', 3: 'P1D', 4: 'PT4H' } } = text ?? {}
  return {
    claimLease: ms(claimLease),
    dueWithin: { 1: ms(dueWithin[1]), 2: ms(dueWithin[2]), 3: ms(dueWithin[3]), 4: ms(dueWithin[4]) },
  }
}

/** What a policy says of people's decisions; what it leaves out is as in the default policy. */
function decisionTermsOf(text: Partial<PolicyText['decisions']> | undefined): Policy['decisions'] {
  const { maxSuspension } = text ?? {}
  return { maxSuspension: maxSuspension === undefined ? USUAL_LONGEST_SUSPENSION : ms(maxSuspension) }
}

function mapValues<K extends string, V, W>(
  entries: Partial<Record<K, V>> | undefined,
  change: (value: V) => W,
): Record<K, W> {
  const pairs = Object.entries(entries ?? {}) as [K, V][]
  return Object.fromEntries(pairs.map(([key, value]) => [key, change(value)])) as Record<K, W>
}

function policyOf(text: PolicyText): Policy {
  const { deadlines } = text
  return {
    name: text.name,
    languages: text.languages,
    categories: mapValues(text.categories, (one) => ({
      ...one,
      sealed: one.sealed ?? false,
      blurred: one.blurred ?? true,
      dsa: one.dsa ?? null,
    })),
    clauses: mapValues(text.clauses, (one) => ({ ...one, urgent: one.urgent ?? false })) as Policy['clauses'],
    // On Kafka `null` counts as absent, so a threshold that never acts comes back without its `act`.
    thresholds: mapValues(text.thresholds as Policy['thresholds'], (languages) =>
      mapValues(languages, (one) => ({ review: one.review, act: one.act ?? null })),
    ),
    rules: text.rules.map((rule) => ({
      id: rule.id,
      when: rule.when,
      then: {
        category: rule.then.category,
        clause: rule.then.clause ?? null,
        outcome: rule.then.outcome,
        score: (rule.then.score as number | undefined) ?? null,
      },
      stage: rule.stage ?? 'live',
    })),
    exceptions: text.exceptions.map((one) => ({ ...one, categories: one.categories ?? null })),
    strikes: {
      points: text.strikes.points as Policy['strikes']['points'],
      expiresAfter: ms(text.strikes.expiresAfter),
      maxAge: ms(text.strikes.maxAge),
    },
    ladder: text.ladder.map((rung) => ({
      level: rung.level as number,
      minPoints: rung.minPoints as number,
      measure: rung.measure,
      duration: rung.duration === undefined || rung.duration === null ? null : ms(rung.duration),
      limits: (rung.limits ?? {}) as Policy['ladder'][number]['limits'],
      proposes: rung.proposes ?? null,
    })),
    automation: { maxSuspension: ms(text.automation.maxSuspension) },
    decisions: decisionTermsOf(text.decisions),
    secondApproval: {
      minFollowers: text.secondApproval.minFollowers as number,
      lapseAfter: ms(text.secondApproval.lapseAfter),
    },
    ban: { noticeOfIntent: ms(text.ban.noticeOfIntent) },
    appeals: { window: ms(text.appeals.window), undecidedSuspends: ms(text.appeals.undecidedSuspends) },
    deadlines: {
      default: deadlineOf(deadlines.default),
      kinds: mapValues(deadlines.kinds, (one) => deadlineOf(one)),
      categories: mapValues(deadlines.categories, deadlineOf),
      severities: mapValues(deadlines.severities as Record<string, Written<Deadline>>, deadlineOf),
    },
    cases: caseTermsOf(text.cases),
    routing: (text.routing ?? []) as Policy['routing'],
    evidence: { keepAfterAppeal: ms(text.evidence.keepAfterAppeal) },
  }
}
