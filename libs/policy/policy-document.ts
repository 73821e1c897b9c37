import type { AccountLimits, DirectiveKind } from '#libs/contracts/directive'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { Outcome } from '#libs/contracts/verdict'
import type { Milliseconds } from './duration.js'
import type { RoutingRule } from './routing.js'

/**
 * The policy as code reads it: the document (YAML or the same as JSON) after `parsePolicy`, with every duration in
 * milliseconds and every default filled in. Its version is no part of it: that is given when it is published.
 * Keys that come from outside (a clause in a request) are looked up with `Object.hasOwn`.
 */
export interface Policy {
  name: string
  /** BCP 47; always holds `zh` and `en`. */
  languages: string[]
  categories: Record<string, Category>
  clauses: Record<string, Clause>
  /** By category, then by language or `default`. */
  thresholds: Record<string, Record<string, Threshold>>
  rules: Rule[]
  exceptions: ExceptionRule[]
  strikes: StrikeTerms
  /** By rising level. */
  ladder: Rung[]
  automation: { maxSuspension: Milliseconds }
  /** `maxSuspension`: the longest suspension that a moderator may decide. */
  decisions: { maxSuspension: Milliseconds }
  secondApproval: { minFollowers: number; lapseAfter: Milliseconds }
  ban: { noticeOfIntent: Milliseconds }
  appeals: { window: Milliseconds; undecidedSuspends: Milliseconds }
  deadlines: Deadlines
  cases: CaseTerms
  /** For whom cases are: the first rule that fits an entry of one. */
  routing: RoutingRule[]
  evidence: { keepAfterAppeal: Milliseconds }
}

/** The same text in each language of the policy. */
export interface Localised {
  zh: string
  en: string
  [language: string]: string
}

/** On what a category may act by itself: any evidence, only a bank entry that two people approved, or never. */
export const ACTS_ON = ['evidence', 'known-claim', 'known-media', 'nothing'] as const
export type ActsOn = (typeof ACTS_ON)[number]

export interface Category {
  title: Localised
  actsOn: ActsOn
  /** Evidence is for a named role only and no excerpt leaves it. */
  sealed: boolean
  /** People see its evidence blurred until they ask for it. */
  blurred: boolean
  /** Where it stands in the EU DSA Transparency Database, schema v2. */
  dsa: { category: string; keywords: string[] } | null
}

export type Severity = 1 | 2 | 3 | 4

export interface Clause {
  category: string
  severity: Severity
  /** A ban under it need not wait for the notice of intent. */
  urgent: boolean
  title: Localised
  /** What is forbidden, in plain words. */
  text: Localised
  /** Why a message was removed under it, as a whole sentence to the account; the first of the statement of reasons. */
  reasons: Localised
}

/** `review`: from this score on, for review. `act`: the score that rules see as `actAt`; `null` is never. */
export interface Threshold {
  review: number
  act: number | null
}

export interface Rule {
  id: string
  /** CEL; see `rule-environment.ts`. */
  when: string
  then: RuleEffect
  /** A shadow rule is evaluated and reported, and changes nothing. */
  stage: 'live' | 'shadow'
}

export interface RuleEffect {
  category: string
  /** Absent: the clause of the strongest signal, else `<category>.general`. */
  clause: string | null
  /** `clear` settles the category, so that later rules and the thresholds do not count. */
  outcome: Outcome
  score: number | null
}

/** Where it holds, the outcome of its categories (all, if `null`) is at most `review`. */
export interface ExceptionRule {
  id: string
  when: string
  categories: string[] | null
  title: Localised
}

export interface StrikeTerms {
  points: Record<Severity, number>
  expiresAfter: Milliseconds
  /** Messages older than this earn no strike. */
  maxAge: Milliseconds
}

export type LadderMeasure = Extract<Measure, 'warn' | 'limit' | 'suspend'>

export interface Rung {
  level: number
  minPoints: number
  measure: LadderMeasure
  /** `null` for a warning, which ends with the strikes. */
  duration: Milliseconds | null
  limits: AccountLimits
  /** What people are asked to decide when this rung is reached. */
  proposes: 'ban' | null
}

export interface Deadline {
  acknowledge: Milliseconds
  carryOut: Milliseconds
}

export interface Deadlines {
  default: Deadline
  kinds: Partial<Record<DirectiveKind, Deadline>>
  categories: Record<string, Deadline>
  severities: Partial<Record<Severity, Deadline>>
}

/** How people work on cases. */
export interface CaseTerms {
  /** How long a claim holds that nobody renews. */
  claimLease: Milliseconds
  /** How soon an entry of each severity is to be decided. */
  dueWithin: Record<Severity, Milliseconds>
}

/** How soon a platform must act: the shortest of all deadlines that apply. */
export function deadlineFor(
  policy: Policy,
  order: { kind: DirectiveKind; category?: string | null; severity?: Severity | null },
): Deadline {
  const { deadlines } = policy
  const { category, severity } = order
  const applying = [
    deadlines.kinds[order.kind] ?? deadlines.default,
    category && Object.hasOwn(deadlines.categories, category) ? deadlines.categories[category] : undefined,
    severity ? deadlines.severities[severity] : undefined,
  ].filter((deadline) => deadline !== undefined)
  return {
    acknowledge: Math.min(...applying.map((deadline) => deadline.acknowledge)),
    carryOut: Math.min(...applying.map((deadline) => deadline.carryOut)),
  }
}

/** The clause of that id, if the policy has it; safe for ids that come from outside. */
export function clauseOf(policy: Policy, clause: string): Clause | null {
  return Object.hasOwn(policy.clauses, clause) ? policy.clauses[clause]! : null
}
