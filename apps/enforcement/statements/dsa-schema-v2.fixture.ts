import { Ajv } from 'ajv'

/**
 * What the DSA Transparency Database asks of `POST /api/v1/statements` (schema v2), written from its documentation and its
 * validation rules and not from our mapping: for specs.
 */

const names = (prefix: string, list: string): string[] =>
  list
    .trim()
    .split(/\s+/)
    .map((name) => `${prefix}${name}`)

const KEYWORDS = names(
  'KEYWORD_',
  `ANIMAL_HARM ADULT_SEXUAL_MATERIAL AGE_SPECIFIC_RESTRICTIONS AGE_SPECIFIC_RESTRICTIONS_MINORS BIOMETRIC_DATA_BREACH
  BULLYING_AGAINST_GIRLS CHILD_SEXUAL_ABUSE_MATERIAL CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE
  CONTENT_PROMOTING_EATING_DISORDERS COORDINATED_HARM COPYRIGHT_INFRINGEMENT CYBER_BULLYING_INTIMIDATION
  CYBER_HARASSMENT CYBER_HARASSMENT_AGAINST_WOMEN CYBER_INCITEMENT CYBER_STALKING CYBER_STALKING_AGAINST_WOMEN
  DATA_FALSIFICATION DEFAMATION DESIGN_INFRINGEMENT DISCRIMINATION MISINFORMATION_DISINFORMATION
  FEMALE_GENDERED_DISINFORMATION GEOGRAPHIC_INDICATIONS_INFRINGEMENT GEOGRAPHICAL_REQUIREMENTS
  GOODS_SERVICES_NOT_PERMITTED GROOMING_SEXUAL_ENTICEMENT_MINORS HATE_SPEECH HIDDEN_ADVERTISEMENT HUMAN_EXPLOITATION
  HUMAN_TRAFFICKING ILLEGAL_ORGANIZATIONS IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS INAUTHENTIC_LISTINGS
  INAUTHENTIC_USER_REVIEWS INCITEMENT_AGAINST_WOMEN INCITEMENT_VIOLENCE_HATRED INSUFFICIENT_INFORMATION_ON_TRADERS
  LANGUAGE_REQUIREMENTS MISLEADING_INFO_CONSUMER_RIGHTS MISLEADING_INFO_GOODS_SERVICES MISSING_PROCESSING_GROUND
  NON_CONSENSUAL_IMAGE_SHARING NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN NON_CONSENSUAL_MATERIAL_DEEPFAKE
  NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN NONCOMPLIANCE_PRICING NUDITY PATENT_INFRINGEMENT PHISHING
  PROHIBITED_PRODUCTS PYRAMID_SCHEMES RIGHT_TO_BE_FORGOTTEN OTHER RISK_ENVIRONMENTAL_DAMAGE RISK_PUBLIC_HEALTH
  SELF_MUTILATION STALKING SUICIDE TERRORIST_CONTENT TRADE_SECRET_INFRINGEMENT TRADEMARK_INFRINGEMENT
  TRAFFICKING_WOMEN_GIRLS UNLAWFUL_SALE_ANIMALS UNSAFE_CHALLENGES UNSAFE_PRODUCTS VIOLATION_EU_LAW
  VIOLATION_NATIONAL_LAW`,
)
const CATEGORIES = names(
  'STATEMENT_CATEGORY_',
  `ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE CYBER_VIOLENCE_AGAINST_WOMEN
  DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH INTELLECTUAL_PROPERTY_INFRINGEMENTS
  NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE OTHER_VIOLATION_TC PROTECTION_OF_MINORS
  RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE`,
)
const COUNTRIES = names(
  '',
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK',
)
/** A part of ISO 639-1: what our tests send, and codes that look like one and are none are told apart by it. */
const LANGUAGES = names(
  '',
  'AR BG CS DA DE EL EN ES ET FI FR GA HR HU IT JA LT LV MT NL PL PT RO SK SL SV UK ZH',
)

const oneOf = (list: string[]): object => ({ enum: list })
const someOf = (list: string[]): object => ({
  type: 'array',
  items: { enum: list },
  minItems: 1,
  uniqueItems: true,
})
const text = (maxLength: number): object => ({ type: 'string', minLength: 1, maxLength })
const date = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' }

/** `other` goes with the value that asks for it, and with no other. */
const otherWith = (field: string, value: string): object => ({
  if: {
    required: [field],
    properties: { [field]: { anyOf: [{ const: value }, { type: 'array', contains: { const: value } }] } },
  },
  then: { required: [`${field}_other`] },
  else: { properties: { [`${field}_other`]: false } },
})
const withGround = (ground: string, needed: string[], excluded: string[]): object => ({
  if: { properties: { decision_ground: { const: ground } } },
  then: { required: needed, properties: Object.fromEntries(excluded.map((field) => [field, false])) },
})
const endsOnlyWith = (end: string, field: string): object => ({
  if: { required: [end] },
  then: { required: [field] },
})

const ILLEGAL = ['illegal_content_legal_ground', 'illegal_content_explanation']
const INCOMPATIBLE = ['incompatible_content_ground', 'incompatible_content_explanation']

export const DSA_STATEMENT_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: [
    'decision_ground',
    'decision_facts',
    'content_type',
    'category',
    'territorial_scope',
    'content_date',
    'application_date',
    'source_type',
    'automated_detection',
    'automated_decision',
    'puid',
  ],
  anyOf: ['visibility', 'monetary', 'provision', 'account'].map((what) => ({
    required: [`decision_${what}`],
  })),
  properties: {
    decision_visibility: someOf(
      names(
        'DECISION_VISIBILITY_',
        `CONTENT_REMOVED CONTENT_DISABLED CONTENT_DEMOTED CONTENT_AGE_RESTRICTED CONTENT_INTERACTION_RESTRICTED
        CONTENT_LABELLED OTHER`,
      ),
    ),
    decision_visibility_other: text(500),
    decision_monetary: oneOf(names('DECISION_MONETARY_', 'SUSPENSION TERMINATION OTHER')),
    decision_monetary_other: text(500),
    decision_provision: oneOf(
      names(
        'DECISION_PROVISION_',
        'PARTIAL_SUSPENSION TOTAL_SUSPENSION PARTIAL_TERMINATION TOTAL_TERMINATION',
      ),
    ),
    decision_account: oneOf(names('DECISION_ACCOUNT_', 'SUSPENDED TERMINATED')),
    account_type: oneOf(names('ACCOUNT_TYPE_', 'BUSINESS PRIVATE')),
    decision_ground: oneOf(names('DECISION_GROUND_', 'ILLEGAL_CONTENT INCOMPATIBLE_CONTENT')),
    decision_ground_reference_url: { type: 'string', pattern: '^https?://', maxLength: 500 },
    illegal_content_legal_ground: text(500),
    illegal_content_explanation: text(2_000),
    incompatible_content_ground: text(500),
    incompatible_content_explanation: text(2_000),
    incompatible_content_illegal: oneOf(['Yes', 'No']),
    decision_facts: text(5_000),
    content_type: someOf(names('CONTENT_TYPE_', 'APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER')),
    content_type_other: text(500),
    category: oneOf(CATEGORIES),
    category_addition: someOf(CATEGORIES),
    category_specification: someOf(KEYWORDS),
    category_specification_other: text(500),
    territorial_scope: someOf(COUNTRIES),
    content_language: oneOf(LANGUAGES),
    content_date: date,
    application_date: date,
    end_date_visibility_restriction: date,
    end_date_monetary_restriction: date,
    end_date_service_restriction: date,
    end_date_account_restriction: date,
    source_type: oneOf(names('SOURCE_', 'ARTICLE_16 TRUSTED_FLAGGER TYPE_OTHER_NOTIFICATION VOLUNTARY')),
    source_identity: text(500),
    automated_detection: oneOf(['Yes', 'No']),
    automated_decision: oneOf(names('AUTOMATED_DECISION_', 'FULLY PARTIALLY NOT_AUTOMATED')),
    content_id: { type: 'object', properties: { 'EAN-13': { type: 'string', pattern: '^\\d{13}$' } } },
    puid: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,500}$' },
  },
  allOf: [
    otherWith('decision_visibility', 'DECISION_VISIBILITY_OTHER'),
    otherWith('decision_monetary', 'DECISION_MONETARY_OTHER'),
    otherWith('content_type', 'CONTENT_TYPE_OTHER'),
    otherWith('category_specification', 'KEYWORD_OTHER'),
    withGround('DECISION_GROUND_ILLEGAL_CONTENT', ILLEGAL, [...INCOMPATIBLE, 'incompatible_content_illegal']),
    withGround('DECISION_GROUND_INCOMPATIBLE_CONTENT', INCOMPATIBLE, ILLEGAL),
    endsOnlyWith('end_date_visibility_restriction', 'decision_visibility'),
    endsOnlyWith('end_date_monetary_restriction', 'decision_monetary'),
    endsOnlyWith('end_date_service_restriction', 'decision_provision'),
    endsOnlyWith('end_date_account_restriction', 'decision_account'),
    {
      if: { properties: { source_type: { const: 'SOURCE_VOLUNTARY' } } },
      then: { properties: { source_identity: false } },
    },
  ],
}

const fits = new Ajv({ allErrors: true, strict: true, strictRequired: false }).compile(DSA_STATEMENT_SCHEMA)

/** What the database would refuse in a batch, by `statement_<i>`; nothing where it takes it. */
export function dsaProblems(batch: readonly object[]): string[] {
  const problems = batch.length > 100 ? ['more than 100 statements'] : []
  const puids = new Set<unknown>()
  batch.forEach((statement, i) => {
    const of = (reason: string): number => problems.push(`statement_${i}: ${reason}`)
    if (!fits(statement)) for (const error of fits.errors!) of(`${error.instancePath} ${error.message}`)
    const fields = statement as Record<string, string>
    if (puids.has(fields['puid'])) of(`puid ${fields['puid']} is taken`)
    puids.add(fields['puid'])
    for (const [field, value] of Object.entries(fields)) {
      if (!field.includes('date')) continue
      const earliest = field === 'content_date' ? '2000-01-01' : '2020-01-01'
      if (!isDay(value)) of(`${field} is no day`)
      if (value < earliest || value > '2038-01-01') of(`${field} ${value} is out of range`)
      if (field.startsWith('end_date') && value < fields['application_date']!)
        of(`${field} is before the start`)
    }
  })
  return problems
}

function isDay(value: string): boolean {
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === value
}
