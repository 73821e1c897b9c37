import { DIRECTIVE_KINDS, type AccountLimits, type DirectiveKind } from '#libs/contracts/directive'
import type { Policy } from '#libs/policy/policy-document'
import type { JudgedContent } from '../ledger/cases/case-entry.store.js'
import { DSA_CATEGORIES, DSA_KEYWORDS, DSA_LANGUAGES, EEA } from './dsa-vocabulary.js'
import type { StatementOfReasons } from '../ledger/statements/statement.js'

/** A statement of reasons as the EU DSA Transparency Database takes it, schema v2. Absent is "not given". */
export interface DsaStatement {
  decision_visibility?: string[]
  decision_provision?: string
  decision_account?: string
  end_date_visibility_restriction?: string
  end_date_service_restriction?: string
  end_date_account_restriction?: string
  account_type?: string
  decision_facts: string
  decision_ground: string
  incompatible_content_ground: string
  incompatible_content_explanation: string
  content_type: string[]
  content_type_other?: string
  category: string
  category_specification?: string[]
  category_specification_other?: string
  territorial_scope: string[]
  content_language?: string
  content_date: string
  application_date: string
  source_type: string
  automated_detection: 'Yes' | 'No'
  automated_decision: string
  puid: string
}

/** Whether statements of a kind are statements of a restriction (Article 17(1) DSA): a warning and a lifting are none. */
export function isRestriction(kind: DirectiveKind): boolean {
  return restrictionOf(kind, {}) !== null
}

/** The kinds of directive whose statements are exported. */
export const RESTRICTIONS: readonly DirectiveKind[] = DIRECTIVE_KINDS.filter(isRestriction)

/**
 * A statement of reasons in the form of the DSA Transparency Database (schema v2), or null where it tells of no restriction.
 * Derived, never typed: from the statement, which never changes, from the policy that it names and from what is known of the
 * messages. Free texts hold texts of the policy, counts and codes; what a person wrote, ids of accounts or messages and
 * content are left out, for the database takes no personal data.
 */
export function dsaStatementOf(
  statement: StatementOfReasons,
  policy: Policy,
  content: readonly JudgedContent[],
): DsaStatement | null {
  const restriction = restrictionOf(statement.kind, statement.limits)
  if (!restriction) return null
  const end = endDate(statement.until)
  return {
    ...restriction,
    ...(end && restriction.decision_visibility ? { end_date_visibility_restriction: end } : {}),
    ...(end && restriction.decision_provision ? { end_date_service_restriction: end } : {}),
    ...(end && restriction.decision_account ? { end_date_account_restriction: end } : {}),
    ...accountTypeOf(content),
    decision_facts: cut(factsOf(statement), 5_000),
    decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
    ...groundOf(statement),
    ...contentTypesOf(content),
    ...categoryOf(statement, policy),
    territorial_scope: [...EEA],
    ...languageOf(content),
    content_date: day(contentDate(content, statement.issuedAt)),
    application_date: day(statement.issuedAt),
    source_type: 'SOURCE_VOLUNTARY',
    automated_detection: statement.automatedDetection ? 'Yes' : 'No',
    automated_decision: AUTOMATED_DECISION[statement.automatedDecision],
    puid: statement.statementId,
  }
}

const AUTOMATED_DECISION: Readonly<Record<StatementOfReasons['automatedDecision'], string>> = {
  fully: 'AUTOMATED_DECISION_FULLY',
  partially: 'AUTOMATED_DECISION_PARTIALLY',
  not: 'AUTOMATED_DECISION_NOT_AUTOMATED',
}

type Restriction = Pick<DsaStatement, 'decision_visibility' | 'decision_provision' | 'decision_account'>

function restrictionOf(kind: DirectiveKind, limits: AccountLimits | null | undefined): Restriction | null {
  switch (kind) {
    case 'label_message':
      return { decision_visibility: ['DECISION_VISIBILITY_CONTENT_LABELLED'] }
    case 'remove_message':
      return { decision_visibility: ['DECISION_VISIBILITY_CONTENT_REMOVED'] }
    case 'limit_account':
      return limitation(limits ?? {})
    case 'suspend_account':
      return { decision_account: 'DECISION_ACCOUNT_SUSPENDED' }
    case 'ban_account':
      return { decision_account: 'DECISION_ACCOUNT_TERMINATED' }
    case 'warn_account':
    case 'restore_message':
    case 'lift_restriction':
    case 'provide_message':
      return null
  }
}

/** Less reach is a matter of visibility; fewer posts, or a limit that says nothing nearer, one of the service. */
function limitation({ recommendations, forwarding, postsPerDay }: AccountLimits): Restriction {
  const visibility = [
    ...(recommendations === false ? ['DECISION_VISIBILITY_CONTENT_DEMOTED'] : []),
    ...(forwarding === false ? ['DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED'] : []),
  ]
  const service = typeof postsPerDay === 'number' || visibility.length === 0
  return {
    ...(visibility.length > 0 ? { decision_visibility: visibility } : {}),
    ...(service ? { decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION' } : {}),
  }
}

/** A policy is what a platform's terms say; whether content is also illegal is not for us to say, so that is left out. */
function groundOf({
  ground,
}: StatementOfReasons): Pick<
  DsaStatement,
  'incompatible_content_ground' | 'incompatible_content_explanation'
> {
  const clause = ground.clause ?? 'unnamed'
  const title = ground.title ? `: ${ground.title.en}` : ''
  const text =
    ground.text?.en ?? `The content violates clause ${clause}, policy version ${ground.policyVersion}.`
  return {
    incompatible_content_ground: cut(`Clause ${clause}${title}`, 500),
    incompatible_content_explanation: cut(text, 2_000),
  }
}

function factsOf({
  ground,
  facts,
  measure,
  automatedDetection,
  automatedDecision,
}: StatementOfReasons): string {
  const messages = facts.messageIds.length
  const by = facts.detectors.length > 0 ? ` (${facts.detectors.join(', ')})` : ''
  const decided = {
    fully: 'The decision was made by automated means, within the limits that the policy sets to them.',
    partially: 'The decision was proposed by automated means and approved by a person.',
    not: 'The decision was made by a person.',
  }[automatedDecision]
  return [
    `${messages} ${messages === 1 ? 'message' : 'messages'} violated clause ${ground.clause ?? 'unnamed'} of policy version ${ground.policyVersion}.`,
    automatedDetection ? `Found by automated means${by}.` : 'Found by a person.',
    decided,
    ...(measure === 'label' || measure === 'remove'
      ? []
      : [
          `The account stood at level ${facts.level} with ${facts.points} ${facts.points === 1 ? 'point' : 'points'}; strikes counted: ${facts.strikesCounted.length}.`,
        ]),
  ].join(' ')
}

/** Where a policy names no category that the database knows, it is another violation of the terms. */
function categoryOf(
  { ground }: StatementOfReasons,
  policy: Policy,
): Pick<DsaStatement, 'category' | 'category_specification' | 'category_specification_other'> {
  const known = ground.category !== null && Object.hasOwn(policy.categories, ground.category)
  const found = known ? policy.categories[ground.category!]! : null
  const keywords = [...new Set(found?.dsa?.keywords)].filter((keyword) => DSA_KEYWORDS.has(keyword))
  const named = found?.dsa && DSA_CATEGORIES.has(found.dsa.category)
  return {
    category: named ? found.dsa!.category : 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC',
    ...(keywords.length > 0 ? { category_specification: keywords } : {}),
    ...(found && keywords.includes('KEYWORD_OTHER')
      ? { category_specification_other: cut(found.title.en, 500) }
      : {}),
  }
}

const CONTENT_TYPE: Readonly<Record<JudgedContent['media'][number], string>> = {
  image: 'CONTENT_TYPE_IMAGE',
  video: 'CONTENT_TYPE_VIDEO',
  audio: 'CONTENT_TYPE_AUDIO',
  file: 'CONTENT_TYPE_OTHER',
}

function contentTypesOf(
  content: readonly JudgedContent[],
): Pick<DsaStatement, 'content_type' | 'content_type_other'> {
  const found = content.flatMap(({ text, media }) => [
    ...(text ? ['CONTENT_TYPE_TEXT'] : []),
    ...media.map((kind) => CONTENT_TYPE[kind]),
  ])
  if (found.length === 0) {
    return { content_type: ['CONTENT_TYPE_OTHER'], content_type_other: 'Public message' }
  }
  const types = [...new Set(found)].sort()
  if (!types.includes('CONTENT_TYPE_OTHER')) return { content_type: types }
  return { content_type: types, content_type_other: 'Attached file' }
}

/** Only what is plainly one or the other; public bodies and associations are left out. */
function accountTypeOf(content: readonly JudgedContent[]): Pick<DsaStatement, 'account_type'> {
  const kinds = [...new Set(content.flatMap(({ accountKind }) => accountKind ?? []))]
  if (kinds.length !== 1) return {}
  if (kinds[0] === 'individual') return { account_type: 'ACCOUNT_TYPE_PRIVATE' }
  return kinds[0] === 'company' ? { account_type: 'ACCOUNT_TYPE_BUSINESS' } : {}
}

/** The language that all of it is said to be in, by its primary subtag. */
function languageOf(content: readonly JudgedContent[]): Pick<DsaStatement, 'content_language'> {
  const languages = new Set(content.map(({ language }) => language?.split('-')[0]!.toUpperCase() ?? ''))
  const [language] = languages
  return languages.size === 1 && DSA_LANGUAGES.has(language!) ? { content_language: language! } : {}
}

const EARLIEST_CONTENT = Date.UTC(2000, 0, 1)
const LATEST_DATE = '2038-01-01'

/** When the earliest of it was sent; where a platform gives an instant that cannot be, when it was received. */
function contentDate(content: readonly JudgedContent[], issuedAt: Date): Date {
  const dates = content.map(({ sentAt, receivedAt }) => {
    const latest = Math.min(receivedAt.getTime(), issuedAt.getTime())
    return sentAt.getTime() < EARLIEST_CONTENT || sentAt.getTime() > latest ? latest : sentAt.getTime()
  })
  return new Date(Math.min(issuedAt.getTime(), ...dates))
}

/** The day on which a restriction ends; none where there is no end, or none that the database takes. */
function endDate(until: Date | null): string | null {
  if (!until) return null
  return until.getTime() <= Date.parse(LATEST_DATE) ? day(until) : null
}

/** The day in UTC, `YYYY-MM-DD`. */
function day(instant: Date): string {
  return instant.toISOString().slice(0, 10)
}

/** At most so many code points. */
function cut(text: string, most: number): string {
  const points = [...text]
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`
}
