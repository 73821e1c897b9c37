import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIRECTIVE_KINDS, type Directive, type DirectiveKind } from '#libs/contracts/directive'
import { derivedId } from '#libs/contracts/ids'
import { MEASURES, type Measure } from '#libs/contracts/measures-in-force'
import { ACCOUNT_KINDS, MEDIA_KINDS } from '#libs/contracts/message-in'
import { parsePolicy } from '#libs/policy/parse-policy'
import type { Policy } from '#libs/policy/policy-document'
import { AccountWorld, SPEC_POLICY } from '../ledger/account-world.fixture.js'
import {
  applyApproval,
  applyDecision,
  applyRefusal,
  applyReversal,
  applyTime,
  type PersonsDecision,
} from '../ledger/apply-decision.rules.js'
import { applyReports } from '../ledger/apply-notice.rules.js'
import { applyVerdicts, type VerdictFact } from '../ledger/apply-verdicts.rules.js'
import type { DecisionRecord } from '../ledger/decisions/decision.js'
import { DIRECTIVE_OF } from '../ledger/directives/directive-ids.rules.js'
import { dsaProblems } from './dsa-schema-v2.fixture.js'
import { dsaStatementOf, type DsaStatement } from './dsa-statement.rules.js'
import type { JudgedContent } from '../ledger/cases/case-entry.store.js'
import { statementOf } from '../ledger/statements/statement.rules.js'
import type { StatementOfReasons } from '../ledger/statements/statement.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const AT = new Date('2026-11-24T10:00:00Z')
const DEFAULT = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
/** Stands for everything that must not leave: it is in every free text and every id of ours and the platform's. */
const SECRET = 'zq-secret-zq'

const TEXT: JudgedContent = {
  sentAt: new Date('2026-11-23T22:00:00Z'),
  receivedAt: new Date('2026-11-23T22:00:05Z'),
  language: 'zh-Hans',
  text: true,
  media: [],
  accountKind: 'company',
}

function decisionOf(over: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    decisionId: 'dec_1',
    platformId: 'p1',
    accountId: SECRET,
    caseId: 'case_1',
    measure: 'remove',
    clause: 'fraud.advance-fee',
    category: 'fraud',
    severity: 2,
    policyVersion: '7',
    reasons: { zh: SECRET, en: SECRET },
    messages: [{ messageId: SECRET, sentAt: AT }],
    verdictIds: ['vd_1'],
    detectors: ['lexicon'],
    until: null,
    durationMs: null,
    at: AT,
    by: SECRET,
    automated: true,
    stepId: null,
    strikesCounted: [],
    state: 'in_force',
    hold: null,
    inForceSince: AT,
    ordered: true,
    strikeIds: [],
    directiveIds: [],
    approval: null,
    refusal: null,
    reversal: null,
    updatedAt: AT,
    ...over,
  }
}

function stated(
  decision: DecisionRecord,
  over: Partial<Directive> = {},
  policy: Policy = DEFAULT,
): StatementOfReasons {
  const kind = DIRECTIVE_OF[decision.measure as Exclude<Measure, 'none'>]
  const directive: Directive = {
    directiveId: 'dir_1',
    accountSeq: 1,
    kind,
    accountId: decision.accountId,
    messageIds: decision.messages.map(({ messageId }) => messageId),
    until: decision.until?.toISOString() ?? null,
    issuedAt: decision.at.toISOString(),
    acknowledgeBy: decision.at.toISOString(),
    dueAt: decision.at.toISOString(),
    caseId: decision.caseId,
    decisionId: decision.decisionId,
    statementOfReasonsId: derivedId('sor', over.directiveId ?? 'dir_1'),
    category: decision.category,
    clause: decision.clause,
    reasons: decision.reasons,
    correction: null,
    appealUrl: `http://x/appeal?token=${SECRET}`,
    limits: {},
    automated: decision.automated,
    reverses: null,
    ...over,
  }
  return statementOf({
    decision,
    directive,
    measure: decision.measure,
    policy,
    platformId: 'p1',
    appealUntil: AT,
    level: 2,
    points: 4,
  })
}

const exported = (
  over: Partial<DecisionRecord> = {},
  directive: Partial<Directive> = {},
  content: JudgedContent[] = [TEXT],
  policy = DEFAULT,
): DsaStatement => dsaStatementOf(stated(decisionOf(over), directive, policy), policy, content)!

describe('the form of the DSA Transparency Database', () => {
  it('of a removal by automated means, in full', () => {
    const clause = DEFAULT.clauses['fraud.advance-fee']!
    const statement = exported()
    expect(statement).toEqual({
      decision_visibility: ['DECISION_VISIBILITY_CONTENT_REMOVED'],
      account_type: 'ACCOUNT_TYPE_BUSINESS',
      decision_facts:
        '1 message violated clause fraud.advance-fee of policy version 7. Found by automated means (lexicon). ' +
        'The decision was made by automated means, within the limits that the policy sets to them.',
      decision_ground: 'DECISION_GROUND_INCOMPATIBLE_CONTENT',
      incompatible_content_ground: `Clause fraud.advance-fee: ${clause.title.en}`,
      incompatible_content_explanation: clause.text.en,
      content_type: ['CONTENT_TYPE_TEXT'],
      category: 'STATEMENT_CATEGORY_SCAMS_AND_FRAUD',
      category_specification: ['KEYWORD_PHISHING', 'KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING'],
      territorial_scope: expect.arrayContaining(['DE', 'FR', 'IS']) as string[],
      content_language: 'ZH',
      content_date: '2026-11-23',
      application_date: '2026-11-24',
      source_type: 'SOURCE_VOLUNTARY',
      automated_detection: 'Yes',
      automated_decision: 'AUTOMATED_DECISION_FULLY',
      puid: derivedId('sor', 'dir_1'),
    })
    expect(statement.territorial_scope).toHaveLength(30)
    expect(dsaProblems([statement])).toEqual([])
  })

  it.each<[Measure, Partial<Directive>, Partial<DsaStatement> | null]>([
    ['label', {}, { decision_visibility: ['DECISION_VISIBILITY_CONTENT_LABELLED'] }],
    ['warn', {}, null],
    ['remove', {}, { decision_visibility: ['DECISION_VISIBILITY_CONTENT_REMOVED'] }],
    [
      'limit',
      { limits: { recommendations: false }, until: '2026-12-01T10:00:00.000Z' },
      {
        decision_visibility: ['DECISION_VISIBILITY_CONTENT_DEMOTED'],
        end_date_visibility_restriction: '2026-12-01',
      },
    ],
    [
      'limit',
      { limits: { forwarding: false, postsPerDay: 3 }, until: '2026-12-01T10:00:00.000Z' },
      {
        decision_visibility: ['DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED'],
        decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION',
        end_date_visibility_restriction: '2026-12-01',
        end_date_service_restriction: '2026-12-01',
      },
    ],
    [
      'limit',
      { limits: { recommendations: true } },
      { decision_provision: 'DECISION_PROVISION_PARTIAL_SUSPENSION' },
    ],
    [
      'suspend',
      { until: '2026-12-01T10:00:00.000Z' },
      { decision_account: 'DECISION_ACCOUNT_SUSPENDED', end_date_account_restriction: '2026-12-01' },
    ],
    ['suspend', { until: '2199-01-01T00:00:00.000Z' }, { decision_account: 'DECISION_ACCOUNT_SUSPENDED' }],
    ['ban', {}, { decision_account: 'DECISION_ACCOUNT_TERMINATED' }],
  ])('of the measure %s with %o', (measure, directive, expected) => {
    const statement = dsaStatementOf(stated(decisionOf({ measure }), directive), DEFAULT, [TEXT])
    if (expected === null) return expect(statement).toBeNull()
    const restriction = Object.fromEntries(
      Object.entries(statement!).filter(([field]) => /^(decision_(v|p|m|a)|end_date)/.test(field)),
    )
    expect(restriction).toEqual(expected)
    expect(dsaProblems([statement!])).toEqual([])
  })

  it('of nothing else: neither a lifting nor a restoring nor a request for a message', () => {
    for (const kind of ['restore_message', 'lift_restriction', 'provide_message'] as const) {
      const statement = stated(decisionOf(), { kind, reverses: kind === 'provide_message' ? null : 'dir_0' })
      expect(dsaStatementOf(statement, DEFAULT, [TEXT])).toBeNull()
    }
  })

  it.each(Object.keys(DEFAULT.categories))(
    'of the category %s is the one that the policy names',
    (category) => {
      const clause = Object.keys(DEFAULT.clauses).find((id) => DEFAULT.clauses[id]!.category === category)!
      const statement = exported({ category, clause })
      expect(statement.category).toBe(DEFAULT.categories[category]!.dsa!.category)
      expect(statement.category_specification).toEqual(DEFAULT.categories[category]!.dsa!.keywords)
      expect(dsaProblems([statement])).toEqual([])
    },
  )

  it('of a category that the policy or the database does not know is another violation of the terms', () => {
    const fraud = DEFAULT.categories['fraud']!
    const keywords = ['KEYWORD_NO_SUCH_THING', 'KEYWORD_OTHER', 'KEYWORD_PHISHING', 'KEYWORD_PHISHING']
    const odd = { ...fraud, dsa: { category: 'STATEMENT_CATEGORY_PORNOGRAPHY', keywords } }
    const policy = { ...DEFAULT, categories: { odd, bare: { ...fraud, dsa: null } } }
    const OTHER = 'STATEMENT_CATEGORY_OTHER_VIOLATION_TC'
    for (const category of ['odd', 'bare', 'unknown', 'constructor', null]) {
      const statement = exported({ category, clause: 'gone.clause' }, {}, [TEXT], policy)
      expect(statement.category).toBe(OTHER)
      expect(dsaProblems([statement])).toEqual([])
    }
    expect(exported({ category: 'odd' }, {}, [TEXT], policy)).toMatchObject({
      category_specification: ['KEYWORD_OTHER', 'KEYWORD_PHISHING'],
      category_specification_other: 'Fraud',
    })
  })

  it('says who found and who decided', () => {
    const approval = { by: SECRET, at: AT, reasons: { zh: SECRET, en: SECRET } }
    const said = (over: Partial<DecisionRecord>): unknown[] => {
      const { source_type, automated_detection, automated_decision } = exported(over)
      return [source_type, automated_detection, automated_decision]
    }
    expect(said({})).toEqual(['SOURCE_VOLUNTARY', 'Yes', 'AUTOMATED_DECISION_FULLY'])
    expect(said({ approval })).toEqual(['SOURCE_VOLUNTARY', 'Yes', 'AUTOMATED_DECISION_PARTIALLY'])
    expect(said({ automated: false })).toEqual([
      'SOURCE_VOLUNTARY',
      'Yes',
      'AUTOMATED_DECISION_NOT_AUTOMATED',
    ])
    expect(said({ automated: false, approval })[2]).toBe('AUTOMATED_DECISION_NOT_AUTOMATED')
    expect(said({ automated: false, verdictIds: [], detectors: [] })).toEqual([
      'SOURCE_VOLUNTARY',
      'No',
      'AUTOMATED_DECISION_NOT_AUTOMATED',
    ])
  })

  it('says what kind of content it was, in which language, by whom and when', () => {
    const of = (...content: Partial<JudgedContent>[]): DsaStatement =>
      exported(
        {},
        {},
        content.map((one) => ({ ...TEXT, ...one })),
      )
    expect(of({ media: ['video', 'image', 'video'] }).content_type).toEqual([
      'CONTENT_TYPE_IMAGE',
      'CONTENT_TYPE_TEXT',
      'CONTENT_TYPE_VIDEO',
    ])
    expect(of({ text: false, media: ['audio'] }).content_type).toEqual(['CONTENT_TYPE_AUDIO'])
    expect(of({ text: false, media: ['file'] })).toMatchObject({
      content_type: ['CONTENT_TYPE_OTHER'],
      content_type_other: 'Attached file',
    })
    expect(of({ text: false })).toMatchObject({ content_type_other: 'Public message' })
    expect(of({ language: 'en-GB' }).content_language).toBe('EN')
    for (const language of [null, 'xx', 'yue', '12', 'e']) {
      expect(of({ language })).not.toHaveProperty('content_language')
    }
    expect(of({ language: 'en' }, { language: 'fr' })).not.toHaveProperty('content_language')
    expect(of({ language: 'en' }, { language: null })).not.toHaveProperty('content_language')
    expect(of({ accountKind: 'individual' }).account_type).toBe('ACCOUNT_TYPE_PRIVATE')
    for (const accountKind of [null, 'media', 'organisation', 'government'] as const) {
      expect(of({ accountKind })).not.toHaveProperty('account_type')
    }
    expect(of({}, { accountKind: 'individual' })).not.toHaveProperty('account_type')
    const day = (sentAt: string): string => of({ sentAt: new Date(sentAt) }).content_date
    expect(day('2026-11-20T23:59:59Z')).toBe('2026-11-20')
    expect(day('1999-12-31T00:00:00Z')).toBe('2026-11-23')
    expect(day('2031-01-01T00:00:00Z')).toBe('2026-11-23')
    expect(of({ sentAt: new Date('2026-11-21T00:00:00Z') }, {}).content_date).toBe('2026-11-21')
    expect(exported({}, {}, []).content_date).toBe('2026-11-24')
  })

  it('cuts texts of the policy by code points', () => {
    const clause = DEFAULT.clauses['fraud.advance-fee']!
    const long = { zh: '长', en: '😀'.repeat(3_000) }
    const policy = { ...DEFAULT, clauses: { 'fraud.advance-fee': { ...clause, title: long, text: long } } }
    const statement = exported({}, {}, [TEXT], policy)
    expect([...statement.incompatible_content_ground]).toHaveLength(500)
    expect([...statement.incompatible_content_explanation]).toHaveLength(2_000)
    expect(statement.incompatible_content_explanation.isWellFormed()).toBe(true)
    expect(dsaProblems([statement])).toEqual([])
  })
})

describe('the judge of the specs', () => {
  const good = exported(
    { measure: 'limit' },
    { limits: { forwarding: false }, until: '2026-12-01T10:00:00.000Z' },
  )

  it.each(Object.keys(good).filter((field) => !['account_type', 'content_language'].includes(field)))(
    'misses %s, or takes no other value for it',
    (field) => {
      const { [field as keyof DsaStatement]: _gone, ...without } = good
      const optional = ['category_specification', 'end_date_visibility_restriction'].includes(field)
      expect(dsaProblems([without]).length > 0).toBe(!optional)
      const odd = Array.isArray(good[field as keyof DsaStatement]) ? ['X'] : ''
      expect(dsaProblems([{ ...good, [field]: odd }])).not.toEqual([])
    },
  )

  it.each<Record<string, unknown>>([
    { account_type: 'X' },
    { content_language: 'XX' },
    { decision_visibility: ['DECISION_VISIBILITY_OTHER'] },
    { decision_visibility_other: 'without need' },
    { content_type: ['CONTENT_TYPE_OTHER'] },
    { content_type_other: 'without need' },
    { category_specification_other: 'without need' },
    { decision_ground: 'DECISION_GROUND_ILLEGAL_CONTENT' },
    { illegal_content_explanation: 'without need' },
    { end_date_account_restriction: '2026-12-01' },
    { end_date_visibility_restriction: '2026-11-23' },
    { end_date_visibility_restriction: '2038-01-02' },
    { content_date: '1999-12-31' },
    { content_date: '2026-02-30' },
    { application_date: '2026-11-24T10:00:00Z' },
    { source_identity: 'not with own initiative' },
    { decision_facts: 'x'.repeat(5_001) },
    { incompatible_content_ground: 'x'.repeat(501) },
    { incompatible_content_explanation: 'x'.repeat(2_001) },
    { puid: 'a:b' },
    { puid: 'x'.repeat(501) },
    { userId: 'no such field' },
  ])('refuses %o', (over) => {
    expect(dsaProblems([{ ...good, ...over }])).not.toEqual([])
  })

  it('refuses a puid that comes twice, and more than 100', () => {
    expect(dsaProblems([good, good])).not.toEqual([])
    const many = Array.from({ length: 101 }, (_, i) => ({ ...good, puid: `sor_${i}` }))
    expect(dsaProblems(many)).toEqual(['more than 100 statements'])
    expect(dsaProblems(many.slice(1))).toEqual([])
  })
})

// ---- any decision ----

const instant = (from: string, to: string): fc.Arbitrary<Date> =>
  fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true })
const someText = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .chain((part) => fc.integer({ min: 1, max: 80 }).map((times) => part.repeat(times)))
const bilingual = someText.map((en) => ({ zh: en, en }))
const somePolicy: fc.Arbitrary<Policy> = fc
  .record({
    title: bilingual,
    text: bilingual,
    dsa: fc.option(
      fc.record({
        category: fc.constantFrom(
          ...Object.values(DEFAULT.categories).map(({ dsa }) => dsa!.category),
          'STATEMENT_CATEGORY_PORNOGRAPHY',
        ),
        keywords: fc.array(
          fc.constantFrom('KEYWORD_PHISHING', 'KEYWORD_OTHER', 'KEYWORD_NUDITY', 'KEYWORD_NOT_IN_V2'),
          { maxLength: 5 },
        ),
      }),
    ),
  })
  .map(({ title, text, dsa }) => ({
    ...DEFAULT,
    categories: { fraud: { title, actsOn: 'evidence', sealed: false, blurred: true, dsa } },
    clauses: { 'fraud.x': { category: 'fraud', severity: 2, urgent: false, title, text, reasons: text } },
  }))
const step = { by: SECRET, at: AT, reasons: { zh: SECRET, en: SECRET } }
const someDecision = fc
  .record({
    measure: fc.constantFrom(...MEASURES.filter((measure) => measure !== 'none')),
    clause: fc.constantFrom('fraud.x', 'fraud.gone', null),
    category: fc.constantFrom('fraud', 'gone', null),
    messages: fc.array(fc.constant({ messageId: SECRET, sentAt: AT }), { maxLength: 5 }),
    verdictIds: fc.array(fc.constant('vd_1'), { maxLength: 3 }),
    detectors: fc.subarray(['lexicon', 'links', 'near-duplicates', 'text-model']),
    automated: fc.boolean(),
    approval: fc.constantFrom(null, step),
    reversal: fc.constantFrom(null, step),
    state: fc.constantFrom('in_force', 'reversed', 'expired' as const),
    strikesCounted: fc.array(fc.constant('str_1'), { maxLength: 4 }),
    at: instant('2020-01-01T00:00:00Z', '2037-12-31T23:59:59Z'),
    lasts: fc.option(fc.integer({ min: 1, max: 20_000 * DAY })),
  })
  .map(({ lasts, ...over }) =>
    decisionOf({ ...over, until: lasts === null ? null : new Date(over.at.getTime() + lasts) }),
  )
const someLimits = fc.record(
  { recommendations: fc.boolean(), forwarding: fc.boolean(), postsPerDay: fc.integer({ min: 0, max: 9 }) },
  { requiredKeys: [] },
)
const someContent: fc.Arbitrary<JudgedContent> = fc.record({
  sentAt: instant('0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'),
  receivedAt: instant('2020-01-01T00:00:00Z', '2037-12-31T23:59:59Z'),
  language: fc.option(fc.constantFrom('zh', 'en-GB', 'xx', 'yue-Hant', '419', 'de-')),
  text: fc.boolean(),
  media: fc.array(fc.constantFrom(...MEDIA_KINDS), { maxLength: 3 }),
  accountKind: fc.option(fc.constantFrom(...ACCOUNT_KINDS)),
})

describe('any decision', () => {
  it('is exported as the schema has it, without content, ids or what people wrote', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(someDecision, someLimits, fc.array(someContent, { maxLength: 3 })), {
          maxLength: 5,
        }),
        somePolicy,
        fc.option(fc.constantFrom<DirectiveKind>(...DIRECTIVE_KINDS)),
        (decisions, policy, kind) => {
          const statements = decisions.map(([decision, limits], i) =>
            stated(decision, { directiveId: `dir_${i}`, limits, ...(kind ? { kind } : {}) }, policy),
          )
          const batch = statements.flatMap(
            (statement, i) => dsaStatementOf(statement, policy, decisions[i]![2]) ?? [],
          )
          expect(dsaProblems(batch)).toEqual([])
          expect(JSON.stringify(batch)).not.toContain(SECRET)
          expect(batch.map(({ puid }) => puid)).toEqual(
            statements.filter(({ kind: of }) => RESTRICTING.has(of)).map(({ statementId }) => statementId),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

// ---- what belongs in the export ----

const RESTRICTING = new Set<DirectiveKind>([
  'label_message',
  'remove_message',
  'limit_account',
  'suspend_account',
  'ban_account',
])

function judged(messageId: string, severity: 1 | 2 | 3 | 4, followers: number | null): VerdictFact {
  const category = { category: 'fraud', clause: `c.${severity}`, score: 0.9, severity, signals: [] }
  return {
    verdictId: `vd_${messageId}`,
    messageId,
    outcome: 'act',
    mode: 'live',
    categories: [{ ...category, outcome: 'act' }],
    policyVersion: '1',
    receivedAt: AT,
    sentAt: AT,
    language: null,
    account: followers === null ? null : { followers },
  }
}

function ban(caseId: string): PersonsDecision {
  return {
    decisionId: 'd1',
    caseId,
    measure: 'ban',
    clause: 'c.4',
    reasons: { zh: SECRET, en: SECRET },
    messages: [{ messageId: 'm1', sentAt: AT }],
    verdictIds: ['vd_m1'],
    detectors: ['lexicon'],
    until: null,
    notBefore: null,
  }
}

const exportOf = (world: AccountWorld): DsaStatement[] =>
  world.statements.flatMap((statement) => dsaStatementOf(statement, SPEC_POLICY, [TEXT]) ?? [])
const after = (ms: number): Date => new Date(AT.getTime() + ms)
const act = (world: AccountWorld, ...verdicts: VerdictFact[]): AccountWorld =>
  world.apply(applyVerdicts(world.facts, verdicts, world.context(AT)))

describe('the export', () => {
  it('has each restriction that was ordered, under the same id and in the same words after it was undone', () => {
    const world = act(new AccountWorld(), judged('m1', 4, 10))
    const before = exportOf(world)
    expect(
      before.map(({ decision_visibility, decision_account }) => decision_visibility ?? decision_account),
    ).toEqual([['DECISION_VISIBILITY_CONTENT_REMOVED'], 'DECISION_ACCOUNT_SUSPENDED'])
    const removal = [...world.decisions.values()].find(({ measure }) => measure === 'remove')!
    const context = world.context(after(HOUR), 'senior')
    const reversal = { by: 'senior', at: context.now, reasons: step.reasons }
    world.apply(applyReversal(world.facts, removal.decisionId, reversal, context))
    expect(world.statements.length).toBeGreaterThan(before.length)
    expect(exportOf(world)).toEqual(before)
    world.apply(applyTime(world.facts, world.context(after(200 * DAY))))
    expect(exportOf(world)).toEqual(before)
    expect(dsaProblems(before)).toEqual([])
  })

  it('has nothing of a decision that is held, was refused or lapsed, until it comes into force', () => {
    const held = (): AccountWorld => {
      const world = act(new AccountWorld(), judged('m1', 1, null))
      const known = exportOf(world).length
      world.apply(applyDecision(world.facts, ban(world.state!.automatedCaseId!), world.context(AT, 'one')))
      expect(exportOf(world)).toHaveLength(known)
      return world
    }
    const accounts = (world: AccountWorld): unknown[] =>
      exportOf(world).flatMap(({ decision_account }) => decision_account ?? [])
    const second = { by: 'two', at: after(HOUR), reasons: step.reasons }

    const approved = held()
    const { noticeId } = approved.decisions.get('d1')!.intent!
    const told = { noticeId, deliveryId: 'dl_1', channel: 'webhook', state: 'delivered' } as const
    const reports = new Map([['d1', [{ ...told, at: AT.toISOString() }]]])
    approved.apply(applyReports(approved.facts, reports, approved.context(AT, 'system'))!)
    approved.apply(applyApproval(approved.facts, 'd1', second, approved.context(after(HOUR), 'two')))
    expect(accounts(approved)).toEqual([])
    approved.apply(applyTime(approved.facts, approved.context(after(3 * DAY))))
    expect(accounts(approved)).toEqual(['DECISION_ACCOUNT_TERMINATED'])
    expect(exportOf(approved).at(-1)).toMatchObject({
      automated_decision: 'AUTOMATED_DECISION_NOT_AUTOMATED',
      application_date: '2026-11-27',
    })
    expect(JSON.stringify(exportOf(approved))).not.toContain(SECRET)

    const refused = held()
    refused.apply(applyRefusal(refused.facts, 'd1', second, refused.context(after(HOUR), 'two')))
    refused.apply(applyTime(refused.facts, refused.context(after(9 * DAY))))
    expect(accounts(refused)).toEqual([])

    const lapsed = held()
    lapsed.apply(applyTime(lapsed.facts, lapsed.context(after(9 * DAY))))
    expect(accounts(lapsed)).toEqual([])
  })

  it('calls a step of the ladder that a person approved partially automated', () => {
    const world = act(new AccountWorld(), judged('m1', 4, null))
    const suspension = [...world.decisions.values()].find(({ state }) => state === 'held')!
    const context = world.context(after(HOUR), 'senior')
    const approval = { by: 'senior', at: context.now, reasons: step.reasons }
    world.apply(applyApproval(world.facts, suspension.decisionId, approval, context))
    expect(exportOf(world).at(-1)).toMatchObject({
      decision_account: 'DECISION_ACCOUNT_SUSPENDED',
      automated_decision: 'AUTOMATED_DECISION_PARTIALLY',
    })
  })

  it('has nothing of a platform that is only observed', () => {
    const world = act(new AccountWorld('observe'), judged('m1', 4, 10))
    expect(world.decisions.size).toBe(1)
    expect(exportOf(world)).toEqual([])
  })
})
