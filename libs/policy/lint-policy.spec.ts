import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { lintPolicy } from './lint-policy.js'
import { parsePolicy, readPolicy } from './parse-policy.js'

const TEXT = readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8')
type Tree = Record<string, unknown>

/** The default policy with one place changed; `undefined` removes it. */
function changed(path: string, value: unknown): string {
  const document = parse(TEXT) as Tree
  const keys = path.split('/')
  const last = keys.pop()!
  const holder = keys.reduce<Tree>((tree, key) => tree[key] as Tree, document)
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return stringify(document, { aliasDuplicateObjects: false })
}

const found = (text: string): string[] =>
  lintPolicy(text).map(({ grade, slug, path }) => `${grade} ${slug} ${path}`)
const rule = (when: string, then: object, more: object = {}) => [{ id: 'r', when, then, ...more }]
const fraud = { category: 'fraud', outcome: 'review' }

describe('the default policy', () => {
  it('has nothing to find fault with', () => {
    expect(lintPolicy(TEXT)).toEqual([])
  })

  it('reads the same from its text and from the document that travels', () => {
    const { policy, document } = parsePolicy(TEXT)
    expect(readPolicy(JSON.parse(JSON.stringify(document))).policy).toEqual(policy)
    expect(policy!.strikes).toEqual({
      points: { 1: 1, 2: 2, 3: 4, 4: 8 },
      expiresAfter: 7_776_000_000,
      maxAge: 15_552_000_000,
    })
  })
})

describe('lintPolicy', () => {
  it.each<[string, string, unknown, string]>([
    [
      'a suspension beyond 30 days',
      'automation/maxSuspension',
      'P31D',
      'error promise-broken /automation/maxSuspension',
    ],
    [
      'a moderator’s suspension beyond a year',
      'decisions/maxSuspension',
      'P366D',
      'error promise-broken /decisions/maxSuspension',
    ],
    [
      'a moderator’s suspension below automation’s',
      'decisions/maxSuspension',
      'P6D',
      'error promise-broken /decisions/maxSuspension',
    ],
    ['a short notice of a ban', 'ban/noticeOfIntent', 'PT71H', 'error promise-broken /ban/noticeOfIntent'],
    ['a short appeal window', 'appeals/window', 'P29D', 'error promise-broken /appeals/window'],
    [
      'a late effect of appeals',
      'appeals/undecidedSuspends',
      'P15D',
      'error promise-broken /appeals/undecidedSuspends',
    ],
    [
      'a held measure for ever',
      'secondApproval/lapseAfter',
      'P30D',
      'error promise-broken /secondApproval/lapseAfter',
    ],
    [
      'no second person',
      'secondApproval/minFollowers',
      1e9,
      'error promise-broken /secondApproval/minFollowers',
    ],
    [
      'evidence kept on',
      'evidence/keepAfterAppeal',
      'P32D',
      'error promise-broken /evidence/keepAfterAppeal',
    ],
    ['a rung beyond automation', 'ladder/2/duration', 'P8D', 'error suspension-too-long /ladder/2/duration'],
    ['levels that fall', 'ladder/1/level', 1, 'error ladder-disordered /ladder/1/level'],
    ['points that fall', 'ladder/2/minPoints', 4, 'error ladder-disordered /ladder/2/minPoints'],
    ['a lesser measure above', 'ladder/3/measure', 'limit', 'error ladder-disordered /ladder/3/measure'],
    ['a shorter measure above', 'ladder/2/duration', 'P6D', 'error ladder-disordered /ladder/2/duration'],
    ['a warning that lasts', 'ladder/0/duration', 'P1D', 'error duration-misplaced /ladder/0/duration'],
    ['a limit without end', 'ladder/1/duration', undefined, 'error duration-missing /ladder/1'],
    ['a limit of nothing', 'ladder/1/limits', {}, 'error limits-missing /ladder/1'],
    [
      'a measure that outlasts strikes',
      'strikes/expiresAfter',
      'P6D',
      'error duration-too-long /ladder/1/duration',
    ],
    ['points that fall with severity', 'strikes/points/4', 3, 'error points-disordered /strikes/points/4'],
    [
      'rumours judged by score',
      'categories/misinformation/actsOn',
      'evidence',
      'error acts-too-freely /categories/misinformation/actsOn',
    ],
    [
      'rumours acting at a score',
      'thresholds/misinformation/default/act',
      0.99,
      'error acts-too-freely /thresholds/misinformation/default/act',
    ],
    [
      'coordination that acts',
      'categories/coordination/actsOn',
      'known-claim',
      'error acts-too-freely /categories/coordination/actsOn',
    ],
    [
      'unsealed child safety',
      'categories/child_safety/sealed',
      false,
      'error not-sealed /categories/child_safety',
    ],
    [
      'no general clause',
      'clauses/fraud.general',
      undefined,
      'error general-clause-missing /categories/fraud',
    ],
    [
      'a clause of no category',
      'clauses/fraud.general/category',
      'frauds',
      'error unknown-category /clauses/fraud.general/category',
    ],
    [
      'a clause in a foreign name',
      'clauses/fraud.general/category',
      'hate',
      'error clause-misnamed /clauses/fraud.general',
    ],
    [
      'a threshold upside down',
      'thresholds/fraud/default',
      { review: 0.9, act: 0.5 },
      'error thresholds-disordered /thresholds/fraud/default',
    ],
    [
      'a threshold without default',
      'thresholds/fraud',
      { zh: { review: 0.5, act: 0.9 } },
      'error default-missing /thresholds/fraud',
    ],
    [
      'a category without threshold',
      'thresholds/fraud',
      undefined,
      'warning threshold-missing /categories/fraud',
    ],
    ['a missing language', 'languages', ['en', 'de'], 'error language-missing /languages'],
    [
      'a text in one language less',
      'languages',
      ['zh', 'en', 'de'],
      'error text-missing /clauses/fraud.general/reasons',
    ],
    [
      'a placeholder',
      'clauses/fraud.general/reasons/en',
      'You {did} it.',
      'warning placeholder /clauses/fraud.general/reasons/en',
    ],
    [
      'a deadline upside down',
      'deadlines/default',
      { acknowledge: 'P2D', carryOut: 'P1D' },
      'error deadlines-disordered /deadlines/default',
    ],
    [
      'a deadline for nothing',
      'deadlines/categories/frauds',
      { acknowledge: 'PT1H', carryOut: 'P1D' },
      'error unknown-category /deadlines/categories/frauds',
    ],
    [
      'satire that is no exception',
      'exceptions/2/when',
      '"satyre" in context',
      'error exception-missing /exceptions',
    ],
    [
      'satire excepted in one category',
      'exceptions/2/categories',
      ['fraud'],
      'error exception-missing /exceptions',
    ],
    ['an exception for everything', 'exceptions/4/when', 'true', 'warning always-holds /exceptions/4/when'],
    [
      'an exception for no category',
      'exceptions/4/categories',
      ['frauds'],
      'error unknown-category /exceptions/4/categories/0',
    ],
    [
      'a route for a category that is none',
      'routing',
      [{ when: { category: 'frauds' }, route: 'senior' }],
      'error unknown-category /routing/0/when/category',
    ],
    ['a route that is none', 'routing', [{ when: {}, route: 'seniors' }], 'error bad-value /routing/0/route'],
    [
      'a routing rule that nothing reaches',
      'routing',
      [
        { when: { category: 'fraud' }, route: 'general' },
        { when: { category: 'fraud', minSeverity: 3 }, route: 'senior' },
      ],
      'warning rule-hidden /routing/1/when',
    ],
    ['a misspelt category', 'rules', rule('scores.fruad > 0.5', fraud), 'error bad-expression /rules/0/when'],
    ['a wrong type', 'rules', rule('contact > "much"', fraud), 'error bad-expression /rules/0/when'],
    ['no condition', 'rules', rule('scores.fraud', fraud), 'error not-a-condition /rules/0/when'],
    [
      'a pattern that may backtrack',
      'rules',
      rule('message.text.matches("(a+)+$")', fraud),
      'error forbidden-function /rules/0/when',
    ],
    [
      'three loops',
      'rules',
      rule('signals.exists(a, signals.exists(b, signals.exists(c, c.id == a.id)))', fraud),
      'error nested-loops /rules/0/when',
    ],
    [
      'a rule of no category',
      'rules',
      rule('true', { category: 'frauds', outcome: 'review' }),
      'error unknown-category /rules/0/then/category',
    ],
    [
      'a rule of no clause',
      'rules',
      rule('contact > 0.5', { ...fraud, clause: 'fraud.x' }),
      'error unknown-clause /rules/0/then/clause',
    ],
    [
      'a rule of a foreign clause',
      'rules',
      rule('contact > 0.5', { ...fraud, clause: 'hate.slur' }),
      'error foreign-clause /rules/0/then/clause',
    ],
    [
      'coordination by rule',
      'rules',
      rule('contact > 0.5', { category: 'coordination', outcome: 'act' }),
      'error acts-too-freely /rules/0/then/outcome',
    ],
    [
      'rumours by model',
      'rules',
      rule('scores.misinformation > 0.9', { category: 'misinformation', outcome: 'act' }),
      'error acts-too-freely /rules/0/when',
    ],
    [
      'rumours by bank or model',
      'rules',
      rule('claims.misinformation > 0.9 || contact > 0.5', { category: 'misinformation', outcome: 'act' }),
      'error acts-too-freely /rules/0/when',
    ],
    [
      'rumours by an empty demand',
      'rules',
      rule('claims.misinformation >= 0.0', { category: 'misinformation', outcome: 'act' }),
      'error acts-too-freely /rules/0/when',
    ],
    [
      'child safety by words',
      'rules',
      rule('lexicon.child_safety > 0.9', { category: 'child_safety', outcome: 'act' }),
      'error acts-too-freely /rules/0/when',
    ],
    [
      'a rule that never holds',
      'rules',
      rule('contact > 0.5 && false', fraud),
      'error unreachable-rule /rules/0/when',
    ],
    [
      'a rule behind one that always holds',
      'rules',
      [...rule('true', fraud), { id: 's', when: 'contact > 0.5', then: fraud }],
      'error unreachable-rule /rules/1',
    ],
    [
      'the same condition again',
      'rules',
      [...rule('contact > 0.5', fraud), { id: 's', when: 'contact > 0.5', then: fraud }],
      'error unreachable-rule /rules/1',
    ],
    [
      'two rules of one id',
      'rules',
      [...rule('contact > 0.5', fraud), ...rule('contact > 0.6', fraud)],
      'error duplicate-id /rules/1/id',
    ],
  ])('finds %s', (_, path, value, issue) => {
    expect(found(changed(path, value))).toContain(issue)
  })

  it.each([
    ['the bank', 'claims.misinformation >= 0.5', { category: 'misinformation', outcome: 'act' }],
    [
      'the bank and more',
      'contact > 0.5 && claims.misinformation > 0.0',
      { category: 'misinformation', outcome: 'act' },
    ],
    [
      'either of two bounds of the bank',
      'claims.misinformation > 0.9 || (claims.misinformation > 0.5 && contact > 0.5)',
      { category: 'misinformation', outcome: 'act' },
    ],
    ['two loops', 'signals.exists(a, signals.exists(b, a.id == b.id))', fraud],
    [
      'links and media',
      'message.links.exists(l, l.startsWith("http:")) && "image" in message.media && size(message.text) > 3',
      fraud,
    ],
    ['whole numbers', 'account.followers >= 1000 && !account.verified', fraud],
  ])('accepts a rule on %s', (_, when, then) => {
    expect(lintPolicy(changed('rules', rule(when, then)))).toEqual([])
  })

  it('ignores shadow rules when it looks for rules that cannot be reached', () => {
    const rules = [
      ...rule('true', fraud, { stage: 'shadow' }),
      { id: 's', when: 'contact > 0.5', then: fraud },
    ]
    expect(lintPolicy(changed('rules', rules))).toEqual([])
  })

  it('names the line and the place in an expression', () => {
    const line = TEXT.split('\n').findIndex((text) => text.includes('lexicon.terrorism >= 0.9')) + 1
    const [issue] = lintPolicy(TEXT.replace('lexicon.terrorism >= 0.9', 'lexicon.terorism >= 0.9'))
    expect(issue).toMatchObject({ line, slug: 'bad-expression' })
    expect(issue!.reason).toContain('"terorism" (character 9)')
  })
})

describe('parsePolicy', () => {
  it.each([
    [
      'an unknown key',
      changed('strikes/expireAfter', 'P1D'),
      'unknown-key /strikes/expireAfter',
      'did you mean "expiresAfter"?',
    ],
    ['a missing key', changed('appeals/window', undefined), 'missing-key /appeals', '"window"'],
    [
      'a wrong word',
      changed('categories/fraud/actsOn', 'evidense'),
      'bad-value /categories/fraud/actsOn',
      'did you mean "evidence"?',
    ],
    ['a duration in months', changed('appeals/window', 'P6M'), 'bad-duration /appeals/window', 'ISO 8601'],
    [
      'a duration of nothing',
      changed('appeals/window', 'PT0S'),
      'bad-duration /appeals/window',
      'above zero',
    ],
    [
      'an id that is a name of Object',
      changed('categories/constructor', {}),
      'bad-key /categories',
      '"constructor"',
    ],
    [
      'a severity of 5',
      changed('clauses/fraud.general/severity', 5),
      'bad-value /clauses/fraud.general/severity',
      '<= 4',
    ],
    ['a key twice', `${TEXT}\nname: again\n`, 'not-yaml ', 'unique'],
    [
      'anchors',
      TEXT.replace('languages: [zh, en]', 'languages: &l [zh, en]\nmore: *l'),
      'aliases ',
      'aliases',
    ],
    ['no YAML', 'a: [', 'not-yaml ', ''],
    ['a list', '- a', 'bad-value ', 'object'],
    ['nothing', '', 'bad-value ', 'object'],
    ['a deep one', `a: ${'['.repeat(40)}${']'.repeat(40)}`, 'too-deep ', 'nested'],
    ['an absurdly deep one', `a: ${'['.repeat(100_000)}`, 'too-deep ', 'nested'],
    ['a large one', `a: "${'x'.repeat(1_000_001)}"`, 'too-large ', 'longer'],
  ])('refuses %s', (_, text, issue, words) => {
    const { policy, issues } = parsePolicy(text)
    expect(policy).toBeUndefined()
    expect(issues.some((i) => `${i.slug} ${i.path}`.startsWith(issue) && i.reason.includes(words))).toBe(true)
    expect(lintPolicy(text)).toEqual(issues)
  })
})
