import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { boundOf, kindsOf, kindsOfName } from './harm-kinds.js'
import { compileJudge } from './judge-message.js'
import { withinLimits } from './limits-of-policy.js'
import { lintParsed } from './lint-policy.js'
import { parsePolicy, readPolicy } from './parse-policy.js'
import type { Policy } from './policy-document.js'
import type { RuleInput, RuleSignal } from './rule-environment.js'
import { isSealed } from './sealed-evidence.js'

const RUNS = propertyRuns(750)
const TEXT = readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8')
const DEFAULT: unknown = parse(TEXT)
const DAY = 86_400_000

type Tree = Record<string, never>
interface Draft {
  categories: Record<string, { title: object; actsOn: string; sealed?: boolean; dsa?: object }>
  clauses: Record<string, { category: string }>
  thresholds: Record<string, { default: { review: number; act: number | null } }>
  rules: { id: string; when: string; then: object; stage?: string }[]
  exceptions: { id: string; when: string; categories?: string[]; title: object }[]
  deadlines: { categories: Record<string, unknown> }
}

const KINDS = ['misinformation', 'coordination', 'child_safety'] as const
const NEW_NAMES = [
  'rumours',
  'fake_news',
  'm1s1nformation',
  'kids_safety',
  'csam',
  'botnets',
  'plain',
  'spam2',
]
/** `C` stands for the category that the rule acts in, `K` for a category of a kind. */
const CONDITIONS = [
  ...['true', 'contact >= 0.0', 'message.text.contains("a")', 'size(signals) > 0', 'account.followers > 5'],
  ...[
    'scores.C > 0.01',
    'scores.K > 0.01',
    'lexicon.K > 0.1',
    'claims.K >= 0.0',
    'claims.K > 0.1',
    'media.K > 0.1',
  ],
  ...['scores.C >= actAt.C && scores.K > 0.1', 'lexicon.C > 0.1 || scores.K > 0.1', '!(lexicon.C < 0.1)'],
  ...['lexicon.C > 0.2', '0.3 < lexicon.C', 'links.C > 0.1 && !("satire" in context)', 'scores["K"] > 0.1'],
  ...['signals.exists(s, s.score > 0.1)', 'signals.exists(s, s.id.startsWith("mis"))'],
  ...['lexicon.C > 0.1 && signals.exists(s, s.detector == "known-claim")'],
  ...['scores.C > 0.4 && signals.exists(s, s.id.startsWith("coord") && s.score > 0.5)'],
]
const EXCEPTIONS = [
  ...[
    '"satire" in context',
    '"satire" in context && account.followers < 10',
    '"satire" in context && message.language == "zh"',
  ],
  ...[
    'context.exists(c, c == "satire")',
    '"satire" in context || account.verified',
    'false',
    '!("satire" in context)',
  ],
]

/** Most places are as in the default policy, so that the lint accepts some. */
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

const change = fc.record({
  renames: fc.dictionary(fc.constantFrom(...KINDS), fc.constantFrom(...NEW_NAMES), { maxKeys: 2 }),
  anonymous: fc.boolean(),
  actsOn: seldom(fc.constantFrom('evidence', 'known-claim', 'known-media', 'nothing')),
  sealed: seldom(fc.boolean()),
  removed: fc.option(fc.constantFrom(...KINDS)),
  rules: fc.array(
    fc.record({
      when: fc.constantFrom(...CONDITIONS),
      category: fc.nat(9),
      kind: fc.constantFrom(...KINDS),
      outcome: fc.constantFrom('act', 'act', 'act', 'review', 'clear'),
      first: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  exception: seldom(fc.constantFrom(...EXCEPTIONS)),
  excepted: seldom(fc.constant(true)),
  act: seldom(fc.double({ min: 0, max: 1, noNaN: true })),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function draftOf(some: Change): Policy | undefined {
  const draft = structuredClone(DEFAULT) as Draft
  for (const [from, to] of Object.entries(some.renames)) rename(draft, from, to, some.anonymous)
  if (some.removed) remove(draft, some.removed)
  const ids = Object.keys(draft.categories)
  const changed = ids.find((id) => (KINDS as readonly string[]).includes(id) || NEW_NAMES.includes(id))
  if (changed && some.actsOn) draft.categories[changed]!.actsOn = some.actsOn
  if (changed && some.sealed !== null) draft.categories[changed]!.sealed = some.sealed
  if (changed && some.act !== null) draft.thresholds[changed]!.default.act = some.act
  some.rules.forEach(({ when, category, kind, outcome, first }, i) => {
    const own = ids[category % ids.length]!
    const condition = when.replaceAll(/\bC\b/g, own).replaceAll(/\bK\b/g, kind)
    const rule = { id: `extra-${i}`, when: condition, then: { category: own, outcome } }
    if (first) draft.rules.unshift(rule)
    else draft.rules.push(rule)
  })
  if (some.exception) draft.exceptions[2]!.when = some.exception
  if (some.excepted) draft.exceptions[0]!.categories = ['hate']
  return readPolicy(draft).policy
}

function rename(draft: Draft, from: string, to: string, anonymous: boolean): void {
  if (draft.categories[to]) return
  const category = draft.categories[from]!
  delete draft.categories[from]
  draft.categories[to] = anonymous
    ? { ...category, title: { zh: '某', en: 'Some' }, dsa: undefined }
    : category
  if (anonymous) delete draft.categories[to].dsa
  draft.thresholds[to] = draft.thresholds[from]!
  delete draft.thresholds[from]
  for (const [id, clause] of Object.entries(draft.clauses)) {
    if (clause.category !== from) continue
    delete draft.clauses[id]
    draft.clauses[id.replace(from, to)] = { ...clause, category: to }
  }
  draft.rules = JSON.parse(JSON.stringify(draft.rules).replaceAll(from, to)) as Draft['rules']
  remove({ ...draft, categories: {}, clauses: {}, thresholds: {} }, from)
}

function remove(draft: Draft, id: string): void {
  delete draft.categories[id]
  delete draft.thresholds[id]
  delete draft.deadlines.categories[id]
  for (const [name, clause] of Object.entries(draft.clauses))
    if (clause.category === id) delete draft.clauses[name]
  draft.rules = draft.rules.filter(({ then }) => (then as { category: string }).category !== id)
  for (const one of draft.exceptions) one.categories &&= one.categories.filter((name) => name !== id)
}

const signal: fc.Arbitrary<RuleSignal> = fc.record({
  detector: fc.constantFrom(
    'lexicon',
    'links',
    'text-model',
    'unapproved-claim',
    'known-claim',
    'coordination',
  ),
  id: fc.constantFrom(...KINDS, 'fraud', 'hate').map((category) => `${category}/x`),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
})
const cue = fc.record({
  detector: fc.constant('context'),
  id: fc.constantFrom('reporting', 'education', 'satire', 'counter-speech').map((name) => `context/${name}`),
  score: fc.constantFrom(0.3, 0.5, 0.9),
})
const message: fc.Arbitrary<RuleInput> = fc.record({
  message: fc.record({ text: fc.constantFrom('', 'a', 'ab'), language: fc.constantFrom('zh', 'en', null) }),
  account: fc.record({ followers: fc.nat(20), verified: fc.boolean() }),
  scores: fc.dictionary(
    fc.constantFrom(...KINDS, 'fraud', 'hate'),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  signals: fc
    .tuple(fc.array(signal, { maxLength: 4 }), fc.array(cue, { maxLength: 1 }))
    .map(([found, cues]) => [...found, ...cues]),
})

const restricted = (name: string): boolean => kindsOfName(name).length > 0
/** Without what speaks of a harm that may be acted on: only rumours, coordination and harm to children are left. */
const onlyRestricted = ({ signals, scores, ...rest }: RuleInput): RuleInput => ({
  ...rest,
  signals: signals.filter(
    ({ detector, id }) =>
      id.startsWith('context/') || (restricted(id.split('/')[0]!) && detector !== 'known-claim'),
  ),
  scores: Object.fromEntries(Object.entries(scores).filter(([name]) => restricted(name))),
})
const isAccepted = (policy: Policy): boolean => lintParsed(policy).every(({ grade }) => grade !== 'error')
const acting = (judge: Judge, input: RuleInput): string[] =>
  judge(input)
    .categories.filter(({ outcome }) => outcome === 'act')
    .map(({ category }) => category)

type Judge = ReturnType<typeof compileJudge>

function judgeOf(policy: Policy): Judge | undefined {
  try {
    return compileJudge(policy)
  } catch {
    return undefined
  }
}

describe('whatever a policy says', () => {
  let [accepted, judged, acted] = [0, 0, 0]

  it('nothing acts against promise 5, whether the lint accepts it or not', () => {
    fc.assert(
      fc.property(change, fc.array(message, { minLength: 1, maxLength: 8 }), (some, messages) => {
        const policy = draftOf(some)
        const judge = policy && judgeOf(policy)
        if (!judge) return
        judged++
        if (isAccepted(policy)) accepted++
        for (const input of messages) {
          const actsIn = acting(judge, input)
          acted += actsIn.length
          const excepted = input.signals.some(({ id, score }) => id.startsWith('context/') && score >= 0.5)
          if (excepted) expect(actsIn).toEqual([])
          expect(acting(judge, onlyRestricted(input))).toEqual([])
          const claimed = input.signals.some(
            ({ detector, id, score }) =>
              detector === 'known-claim' && id.startsWith('misinformation/') && score > 0,
          )
          for (const category of actsIn) {
            const kinds = kindsOf(category, policy.categories[category])
            expect(kinds).not.toContain('coordination')
            expect(kinds).not.toContain('child_safety')
            if (kinds.includes('misinformation')) expect(claimed).toBe(true)
          }
        }
      }),
      { numRuns: RUNS },
    )
    expect(judged).toBeGreaterThan(RUNS / 4)
    expect(accepted).toBeGreaterThan(0)
    expect(acted).toBeGreaterThan(0)
  })

  it('what it accepts keeps each category within its bounds, and child safety sealed', () => {
    fc.assert(
      fc.property(change, (some) => {
        const policy = draftOf(some)
        if (!policy || !isAccepted(policy)) return
        for (const [id, category] of Object.entries(policy.categories)) {
          expect(boundOf(id, category)).toBe(category.actsOn)
          if (kindsOf(id, category).includes('child_safety')) expect(category.sealed).toBe(true)
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('a known medium and harm to children are sealed, under whatever name and policy', () => {
    const found = (category: string, detector: string, id = `${category}/x`) => [
      {
        category,
        outcome: 'review' as const,
        signals: [{ detector, id, score: 1, spans: [] as [number, number][] }],
      },
    ]
    const without = { categories: {} }
    expect(isSealed(found('fraud', 'lexicon'), [without])).toBe(false)
    for (const name of [
      'child_safety',
      'Child_Safety',
      'ｃｈｉｌｄ＿ｓａｆｅｔｙ',
      'childsafety',
      'csam',
      'minors',
      'k1ds_safety',
    ])
      expect(isSealed(found(name, 'lexicon'), [without]), name).toBe(true)
    expect(isSealed(found('harm', 'media'), [without])).toBe(true)
    expect(isSealed(found('harm', 'lexicon', 'child_safety/x'), [without])).toBe(true)
  })

  it('what any policy sealed while it held stays sealed', () => {
    const { policy } = parsePolicy(TEXT)
    const categories = { ...policy!.categories, fraud: { ...policy!.categories['fraud']!, sealed: true } }
    const found = [{ category: 'fraud', outcome: 'act' as const, signals: [] }]
    expect(isSealed(found, [policy!, { categories }])).toBe(true)
    expect(isSealed(found, [policy!])).toBe(false)
  })

  it('its limits hold, written in whatever way', () => {
    const duration = fc.constantFrom(
      'PT1S',
      'P1D',
      'P13D',
      'P29D',
      'P30D',
      'P31D',
      'P52W',
      'P9999W99999DT999999H',
      'PT0S',
      '-P1D',
    )
    const odd = fc.constantFrom<unknown>(
      0,
      1,
      99_999,
      100_000,
      100_001,
      1e300,
      -1,
      0.5,
      NaN,
      Infinity,
      '100',
      null,
      true,
    )
    fc.assert(
      fc.property(fc.array(duration, { minLength: 6, maxLength: 6 }), odd, (some, followers) => {
        const draft = structuredClone(DEFAULT) as Record<string, Tree>
        draft['automation'] = { maxSuspension: some[0] } as never
        draft['secondApproval'] = { minFollowers: followers, lapseAfter: some[1] } as never
        draft['ban'] = { noticeOfIntent: some[2] } as never
        draft['appeals'] = { window: some[3], undecidedSuspends: some[4] } as never
        draft['evidence'] = { keepAfterAppeal: some[5] } as never
        const { policy } = readPolicy(draft)
        if (!policy) return
        const kept = withinLimits(policy)
        expect(kept.automation.maxSuspension).toBeLessThanOrEqual(30 * DAY)
        expect(kept.secondApproval.lapseAfter).toBeLessThanOrEqual(3 * DAY)
        expect(kept.secondApproval.minFollowers).toBeLessThanOrEqual(100_000)
        expect(kept.ban.noticeOfIntent).toBeGreaterThanOrEqual(3 * DAY)
        expect(kept.appeals.window).toBeGreaterThanOrEqual(30 * DAY)
        expect(kept.appeals.undecidedSuspends).toBeLessThanOrEqual(14 * DAY)
        expect(kept.evidence.keepAfterAppeal).toBeLessThanOrEqual(31 * DAY)
        if (isAccepted(policy)) expect(kept).toEqual(policy)
      }),
      { numRuns: RUNS },
    )
  })

  it.each([
    ['another version of YAML', `%YAML 1.1\n---\n${TEXT}`],
    ['a tag handle', `%TAG ! tag:x,2000:\n---\n${TEXT}`],
    ['a set', TEXT.replace('languages: [zh, en]', 'languages: !!set {zh, en}')],
    ['an unknown tag', TEXT.replace('languages: [zh, en]', 'languages: !x [zh, en]')],
    ['a date', TEXT.replace('name: default', 'name: !!timestamp 2026-01-01')],
    ['an anchor', TEXT.replace('languages: [zh, en]', 'languages: &l [zh, en]')],
    ['a merge', TEXT.replace('automation:\n', 'automation:\n  <<: { maxSuspension: P1D }\n')],
    ['a number that is none', TEXT.replace('minFollowers: 100000', 'minFollowers: .nan')],
    ['a number without end', TEXT.replace('minFollowers: 100000', 'minFollowers: .inf')],
    ['a number in another base', TEXT.replace('minFollowers: 100000', 'minFollowers: 1:40:00')],
    ['two documents', `${TEXT}\n---\n${TEXT}`],
  ])('is not read from %s', (_, text) => {
    expect(text).not.toBe(TEXT)
    expect(parsePolicy(text).policy).toBeUndefined()
  })
})
