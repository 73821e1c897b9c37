import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileJudge } from './judge-message.js'
import { parsePolicy } from './parse-policy.js'
import type { Policy, Rule } from './policy-document.js'
import type { RuleInput, RuleSignal } from './rule-environment.js'

const policy = parsePolicy(
  readFileSync(new URL('../../policies/default.yaml', import.meta.url), 'utf8'),
).policy!
const judge = compileJudge(policy)
const signal = (detector: string, id: string, score: number): RuleSignal => ({ detector, id, score })
const input = (more: Partial<RuleInput>): RuleInput => ({
  message: { text: 'x', language: 'zh' },
  scores: {},
  signals: [],
  ...more,
})
const fraud = (message: RuleInput, by = judge) =>
  by(message).categories.find((one) => one.category === 'fraud')!
const withRules = (rules: Partial<Rule>[]): Policy => ({
  ...policy,
  rules: rules.map((rule, i) => ({
    id: `r${i}`,
    when: 'true',
    stage: 'live',
    ...rule,
    then: { category: 'fraud', clause: null, outcome: 'act', score: null, ...rule.then },
  })),
})

const phrase: RuleSignal = { ...signal('lexicon', 'fraud/investment/sure-profit', 0.95), standing: 'alone' }

describe('judging by the default policy', () => {
  it('leaves an ordinary message clear in every category', () => {
    const { outcome, categories } = judge(input({}))
    expect(outcome).toBe('clear')
    expect(categories.map((one) => [one.category, one.outcome, one.clause])).toEqual(
      Object.keys(policy.categories).map((category) => [category, 'clear', null]),
    )
  })

  it('acts on a phrase that is unambiguous, under the clause that the signal names', () => {
    expect(fraud(input({ signals: [phrase] }))).toMatchObject({
      outcome: 'act',
      clause: 'fraud.investment',
      severity: 3,
      score: 0.95,
      rule: 'fraud.phrase',
      signals: [phrase],
    })
  })

  it('acts on a phrase only with a sign of another kind, and not on what two people did not approve of', () => {
    const company: RuleSignal = { ...phrase, standing: 'company', spans: [[0, 4]] }
    const text = 'a text that is longer than its phrases'
    const outcomeOf = (signals: RuleSignal[], scores = {}) =>
      fraud(input({ message: { text, language: 'zh' }, signals, scores })).outcome
    const other = (id: string, span: [number, number]): RuleSignal => ({
      ...signal('lexicon', id, 0.5),
      standing: 'company',
      spans: [span],
    })
    const contact = signal('contacts', 'contact/qq', 0.5)
    expect(outcomeOf([company])).toBe('review')
    expect(outcomeOf([company, contact])).toBe('act')
    expect(outcomeOf([company], { fraud: 0.9 })).toBe('act')
    expect(outcomeOf([company, other('fraud/loan/hint', [6, 9])])).toBe('act')
    expect(outcomeOf([company, other('fraud/loan/hint', [2, 6])])).toBe('review')
    expect(outcomeOf([company, other(company.id, [6, 9])])).toBe('review')
    expect(outcomeOf([{ ...company, standing: 'review' }, contact], { fraud: 0.99 })).not.toBe('clear')
    expect(outcomeOf([{ ...company, standing: 'review' }, contact])).toBe('review')
    expect(outcomeOf([company, { ...other('fraud/loan/hint', [6, 9]), standing: 'review' }])).toBe('review')
    expect(outcomeOf([{ ...signal('links', 'fraud/site', 0.97), standing: 'review' }])).toBe('review')
    expect(outcomeOf([{ ...signal('links', 'fraud/site', 0.97), standing: 'alone' }])).toBe('act')
  })

  it('falls back to the general clause', () => {
    expect(fraud(input({ signals: [signal('lexicon', 'fraud/other', 0.95)] })).clause).toBe('fraud.general')
  })

  it('sends what only the model says to review, and acts with a hint of another kind', () => {
    const scores = { fraud: 0.99 }
    expect(fraud(input({ scores }))).toMatchObject({ outcome: 'review', rule: null })
    const hint = signal('contacts', 'contact/wechat', 0.5)
    expect(fraud(input({ scores, signals: [hint] }))).toMatchObject({ outcome: 'act', signals: [hint] })
  })

  it.each(['reporting', 'education', 'satire', 'counter-speech'])(
    'does not act in the context of %s',
    (context) => {
      const signals = [phrase, signal('context', `context/${context}`, 0.8)]
      expect(fraud(input({ signals }))).toMatchObject({ outcome: 'review', exceptions: [context] })
    },
  )

  it.each(['reporting', 'education', 'satire', 'counter-speech'])(
    'does not act in the context of %s, though the policy conditions the exception away or has none',
    (context) => {
      const signals = [phrase, signal('context', `context/${context}`, 0.8)]
      const conditioned = policy.exceptions.map((one) => ({
        ...one,
        when: `(${one.when}) && account.followers < 0`,
      }))
      for (const exceptions of [conditioned, []]) {
        const by = compileJudge({ ...policy, exceptions })
        expect(fraud(input({ signals: [phrase] }), by).outcome).toBe('act')
        expect(fraud(input({ signals }), by)).toMatchObject({ outcome: 'review', exceptions: [context] })
      }
    },
  )

  it('acts on known claims and known media only, where that is the bound', () => {
    const of = (category: string, ...signals: RuleSignal[]) =>
      judge(input({ signals, scores: { [category]: 1 } })).categories.find((one) => one.category === category)
    expect(of('misinformation', signal('lexicon', 'misinformation/x', 1))).toMatchObject({
      outcome: 'review',
    })
    expect(of('misinformation', signal('known-claim', 'misinformation/c-1', 0.95))).toMatchObject({
      outcome: 'act',
      clause: 'misinformation.known-false-claim',
    })
    expect(of('child_safety', signal('lexicon', 'child_safety/x', 1))).toMatchObject({ outcome: 'review' })
    expect(of('coordination', signal('links', 'coordination/x', 1))).toMatchObject({ outcome: 'review' })
  })
})

describe('judging by any policy', () => {
  it('lets the first rule decide, also that a message is clear', () => {
    const by = compileJudge(
      withRules([{ when: 'account.verified', then: { outcome: 'clear' } as Rule['then'] }, {}]),
    )
    expect(fraud(input({ account: { verified: true }, scores: { fraud: 1 } }), by)).toMatchObject({
      outcome: 'clear',
      rule: 'r0',
    })
    expect(fraud(input({ signals: [phrase] }), by)).toMatchObject({ outcome: 'act', rule: 'r1' })
  })

  it('does not act where nothing was found of the category, whatever the rule says', () => {
    const by = compileJudge(withRules([{}]))
    expect(fraud(input({}), by)).toMatchObject({ outcome: 'review', rule: 'r0' })
    const others = [signal('lexicon', 'hate/x', 1), signal('contacts', 'contact/qq', 1)]
    expect(fraud(input({ signals: others }), by)).toMatchObject({ outcome: 'review' })
  })

  it('reports shadow rules and lets them change nothing', () => {
    const by = compileJudge(withRules([{ stage: 'shadow' }]))
    expect(by(input({}))).toMatchObject({ outcome: 'clear', shadowHits: ['r0'] })
  })

  it('counts a rule that throws as not met, and reports it', () => {
    const by = compileJudge(
      withRules([
        { when: 'signals[7].score > 0.5' },
        { when: 'contact >= 0.0', then: { outcome: 'review' } as Rule['then'] },
      ]),
    )
    expect(by(input({})).faults).toMatchObject([{ ruleId: 'r0' }])
    expect(fraud(input({}), by)).toMatchObject({ outcome: 'review', rule: 'r1' })
  })

  it('takes the threshold of the language, of its base, or the default', () => {
    const thresholds = {
      ...policy.thresholds,
      fraud: { zh: { review: 0.2, act: null }, default: { review: 0.8, act: null } },
    }
    const by = compileJudge({ ...withRules([]), thresholds })
    const at = (language: string | null) =>
      fraud(input({ message: { language }, scores: { fraud: 0.5 } }), by).outcome
    expect([at('zh'), at('zh-TW'), at('en'), at(null)]).toEqual(['review', 'review', 'clear', 'clear'])
  })

  it('refuses a policy with a rule that does not compile', () => {
    expect(() => compileJudge(withRules([{ when: 'scores.fruad > 0.1' }]))).toThrow(/bad-expression.*r0/)
  })

  /** Whatever the rules say: no act against an exception, nor beyond what the category may act on. */
  it('keeps promise 5 under rules that act on everything', () => {
    const categories = Object.keys(policy.categories)
    const by = compileJudge(withRules(categories.map((category) => ({ then: { category } as Rule['then'] }))))
    const signals = fc.array(
      fc.record({
        detector: fc.constantFrom('lexicon', 'links', 'known-claim', 'media', 'context', 'text-model'),
        id: fc.constantFrom(
          ...categories.map((c) => `${c}/x`),
          'context/satire',
          'context/reporting',
          'contact/qq',
        ),
        score: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 6 },
    )
    fc.assert(
      fc.property(signals, (list) => {
        const excepted = list.some((s) => s.id.startsWith('context/') && s.score >= 0.5)
        const found = (category: string): boolean =>
          list.some(
            (s) =>
              s.id === `${category}/x` &&
              ['links', 'media', 'known-claim'].includes(s.detector) &&
              s.score > 0,
          ) ||
          (list.some((s) => s.id === `${category}/x` && s.detector === 'lexicon' && s.score > 0) &&
            list.some((s) => s.id === 'contact/qq' && s.score >= 0.4))
        const known = (detector: string, category: string): boolean =>
          list.some((s) => s.detector === detector && s.id === `${category}/x` && s.score > 0)
        for (const { category, outcome } of by(input({ signals: list })).categories) {
          const own = list.some(
            (s) => s.id === `${category}/x` && s.detector !== 'known-claim' && s.score > 0,
          )
          const allowed =
            category === 'misinformation'
              ? known('known-claim', category)
              : category === 'child_safety'
                ? known('media', category)
                : category !== 'coordination' && own && found(category)
          expect(outcome).toBe(allowed && !excepted ? 'act' : 'review')
        }
      }),
    )
  })
})
