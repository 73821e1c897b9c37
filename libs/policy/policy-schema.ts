import { DURATION_PATTERN } from './duration.js'
import { ACTS_ON } from './policy-document.js'
import { ROUTES } from './routing.js'

/**
 * The JSON Schema of the policy document. Every object is closed, so that a misspelt key is an error and not a limit that
 * silently does not hold. What the schema cannot say (references, limits of automation, rules) is in `lint-policy.ts`.
 */

/** Ids are written in rules as `scores.<category>`, so they are CEL identifiers; the names of Object's own are no ids. */
const RESERVED = [
  'constructor',
  'prototype',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
]
  .concat([
    'import',
    'let',
    'loop',
    'package',
    'namespace',
    'return',
    'var',
    'void',
    'while',
    'true',
    'false',
    'null',
  ])
  .concat(['default'])
const category = { type: 'string', pattern: '^[a-z][a-z0-9_]{0,39}$', not: { enum: RESERVED } }
const clause = { type: 'string', pattern: '^[a-z][a-z0-9_]{0,39}\\.[a-z0-9][a-z0-9-]{0,59}$' }
const id = { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,99}$' }
const duration = { type: 'string', format: 'duration-of-policy', pattern: DURATION_PATTERN }
const ratio = { type: 'number', minimum: 0, maximum: 1 }
const expression = { type: 'string', minLength: 1, maxLength: 2_000 }

function closed(required: Record<string, object>, optional: Record<string, object> = {}): object {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

function map(keys: object, values: object, limits: { min?: number; max: number }): object {
  return {
    type: 'object',
    propertyNames: keys,
    additionalProperties: values,
    minProperties: limits.min ?? 0,
    maxProperties: limits.max,
  }
}

function list(items: object, limits: { min?: number; max: number }): object {
  return { type: 'array', items, minItems: limits.min ?? 0, maxItems: limits.max }
}

function localised(maxLength: number): object {
  const text = { type: 'string', minLength: 1, maxLength }
  return {
    type: 'object',
    required: ['zh', 'en'],
    propertyNames: { type: 'string', pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' },
    additionalProperties: text,
  }
}

const deadline = closed({ acknowledge: duration, carryOut: duration })
const severities = { type: 'string', enum: ['1', '2', '3', '4'] }
const kinds = {
  type: 'string',
  enum: [
    ...['label_message', 'warn_account', 'remove_message', 'limit_account', 'suspend_account', 'ban_account'],
    ...['restore_message', 'lift_restriction', 'provide_message'],
  ],
}

export const POLICY_SCHEMA = closed(
  {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    languages: list({ type: 'string', pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' }, { min: 2, max: 20 }),
    categories: map(
      category,
      closed(
        { title: localised(200), actsOn: { type: 'string', enum: ACTS_ON } },
        {
          sealed: { type: 'boolean' },
          blurred: { type: 'boolean' },
          dsa: closed({
            category: { type: 'string', pattern: '^STATEMENT_CATEGORY_[A-Z_]+$' },
            keywords: list({ type: 'string', pattern: '^KEYWORD_[A-Z_]+$' }, { max: 20 }),
          }),
        },
      ),
      { min: 1, max: 50 },
    ),
    clauses: map(
      clause,
      closed(
        {
          category,
          severity: { type: 'integer', minimum: 1, maximum: 4 },
          title: localised(200),
          text: localised(2_000),
          reasons: localised(2_000),
        },
        { urgent: { type: 'boolean' } },
      ),
      { min: 1, max: 500 },
    ),
    thresholds: map(
      category,
      map(
        { type: 'string', pattern: '^(default|[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)$' },
        closed({ review: ratio }, { act: { type: ['number', 'null'], minimum: 0, maximum: 1 } }),
        { min: 1, max: 20 },
      ),
      { max: 50 },
    ),
    rules: list(
      closed(
        {
          id,
          when: expression,
          then: closed(
            { category, outcome: { type: 'string', enum: ['clear', 'review', 'act'] } },
            { clause, score: ratio },
          ),
        },
        { stage: { type: 'string', enum: ['live', 'shadow'] } },
      ),
      { max: 1_000 },
    ),
    exceptions: list(
      closed(
        { id, when: expression, title: localised(200) },
        { categories: list(category, { min: 1, max: 50 }) },
      ),
      { max: 100 },
    ),
    strikes: closed({
      points: closed(
        Object.fromEntries(
          ['1', '2', '3', '4'].map((s) => [s, { type: 'integer', minimum: 0, maximum: 1_000 }]),
        ),
      ),
      expiresAfter: duration,
      maxAge: duration,
    }),
    ladder: list(
      closed(
        {
          level: { type: 'integer', minimum: 1, maximum: 4 },
          minPoints: { type: 'integer', minimum: 1, maximum: 100_000 },
          measure: { type: 'string', enum: ['warn', 'limit', 'suspend'] },
        },
        {
          duration,
          limits: closed(
            {},
            {
              recommendations: { type: 'boolean' },
              forwarding: { type: 'boolean' },
              postsPerDay: { type: 'integer', minimum: 0, maximum: 100_000 },
            },
          ),
          proposes: { type: 'string', enum: ['ban'] },
        },
      ),
      { min: 1, max: 4 },
    ),
    automation: closed({ maxSuspension: duration }),
    secondApproval: closed({ minFollowers: { type: 'integer', minimum: 0 }, lapseAfter: duration }),
    ban: closed({ noticeOfIntent: duration }),
    appeals: closed({ window: duration, undecidedSuspends: duration }),
    deadlines: closed(
      { default: deadline },
      {
        kinds: map(kinds, deadline, { max: 20 }),
        categories: map(category, deadline, { max: 50 }),
        severities: map(severities, deadline, { max: 4 }),
      },
    ),
    evidence: closed({ keepAfterAppeal: duration }),
  },
  {
    decisions: closed({}, { maxSuspension: duration }),
    cases: closed(
      {},
      {
        claimLease: duration,
        dueWithin: closed({ 1: duration, 2: duration, 3: duration, 4: duration }),
      },
    ),
    routing: list(
      closed({
        when: closed(
          {},
          {
            category,
            language: { type: 'string', pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' },
            platform: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
            minSeverity: { type: 'integer', minimum: 1, maximum: 4 },
          },
        ),
        route: { type: 'string', enum: ROUTES },
      }),
      { max: 100 },
    ),
  },
)
