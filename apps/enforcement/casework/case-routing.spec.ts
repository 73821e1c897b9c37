import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome } from '#libs/contracts/verdict'
import type { Policy } from '#libs/policy/policy-document'
import { AccountWorld, SPEC_POLICY } from '../ledger/account-world.fixture.js'
import { applyVerdicts, type VerdictFact } from '../ledger/apply-verdicts.rules.js'

/** Grave things in Chinese are for seniors, but not fraud. */
const ROUTED: Policy = {
  ...SPEC_POLICY,
  routing: [
    { when: { category: 'fraud' }, route: 'general' },
    { when: { language: 'zh', minSeverity: 3 }, route: 'senior' },
  ],
}

const aVerdict = fc.record({
  category: fc.constantFrom('fraud', 'violence', 'hate'),
  language: fc.constantFrom('zh', 'zh-Hans', 'en', null),
  severity: fc.constantFrom(1, 2, 3, 4),
  outcome: fc.constantFrom<Exclude<Outcome, 'clear'>>('review', 'act'),
})
type Kind = typeof aVerdict extends fc.Arbitrary<infer T> ? T : never

function factOf({ category, language, severity, outcome }: Kind, i: number): VerdictFact {
  const at = new Date(Date.UTC(2026, 10, 1) + i * 60_000)
  const found = { category, clause: `c.${severity}`, score: 0.9, outcome, severity, signals: [] }
  return {
    verdictId: `v${i}`,
    messageId: `m${i}`,
    outcome,
    mode: 'live',
    categories: [found],
    policyVersion: '1',
    receivedAt: at,
    sentAt: at,
    language,
    account: null,
  }
}

/** The route of each case, as the database keeps it: the greater word. */
function routesIn(world: AccountWorld): Map<string, string> {
  const routes = new Map<string, string>()
  for (const { caseId, route = 'general' } of world.cases) {
    const known = routes.get(caseId) ?? 'general'
    routes.set(caseId, route > known ? route : known)
  }
  return routes
}

describe('routing rules of the policy', () => {
  it('send a case to seniors if any of its entries is for them, in whatever order and batches these come', () => {
    const inBatches = fc
      .array(aVerdict, { minLength: 1, maxLength: 8 })
      .chain((kinds) =>
        fc.tuple(
          fc.shuffledSubarray(kinds.map(factOf), { minLength: kinds.length }),
          fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
        ),
      )
    fc.assert(
      fc.property(inBatches, ([facts, sizes]) => {
        const world = new AccountWorld('observe', new Map([['1', ROUTED]]))
        const context = { ...world.context(new Date(Date.UTC(2026, 10, 2))), policy: ROUTED }
        for (let from = 0, i = 0; from < facts.length; from += sizes[i++]!) {
          world.apply(applyVerdicts(world.facts, facts.slice(from, from + sizes[i]!), context))
        }
        const expected = new Map<string, string>()
        for (const { verdictId, categories, language } of facts) {
          const { category, severity } = categories[0]!
          const forSeniors = category !== 'fraud' && (language ?? '').startsWith('zh') && severity! >= 3
          const caseId = world.entries.get(verdictId)!
          if (forSeniors || !expected.has(caseId)) expected.set(caseId, forSeniors ? 'senior' : 'general')
        }
        expect(routesIn(world)).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
