import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Measure } from '#libs/contracts/measures-in-force'
import type { CategoryVerdict, Outcome } from '#libs/contracts/verdict'
import { AccountWorld } from '../account-world.fixture.js'
import { applyDecision, applyReversal } from '../apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from '../apply-verdicts.rules.js'
import { applyGrant, applyPause, applyReplacement } from '../../appeals/apply-appeal.rules.js'
import { actsUnder, heldBack, heldBackReason } from './exonerate.rules.js'
import { type Exoneration, exonerationId } from './exoneration.js'

const NOW = new Date('2026-11-01T00:00:00Z')
const LATER = new Date('2026-11-09T08:30:00Z')
const reasons = { zh: '误判', en: 'mistaken' }
const hearing = { by: 'ben', at: LATER, reasons, appealId: 'apl_1' }

const category = (severity: 1 | 2 | 3 | 4, outcome: Outcome = 'act'): CategoryVerdict => ({
  category: `category-${severity}`,
  clause: `c.${severity}`,
  score: 0.9,
  outcome,
  severity,
  signals: [],
})

function verdict(messageId: string, digest: string | null, ...categories: CategoryVerdict[]): VerdictFact {
  return {
    verdictId: `v-${messageId}`,
    messageId,
    outcome: categories.some(({ outcome }) => outcome === 'act') ? 'act' : 'review',
    mode: 'live',
    categories,
    policyVersion: '1',
    receivedAt: NOW,
    sentAt: NOW,
    language: null,
    account: { followers: 10 },
    ...(digest === null ? {} : { comparedDigest: digest }),
  }
}

/** An account that verdicts are taken into; what they judged is known, as it is where something of it is undone. */
function taken(world: AccountWorld, ...verdicts: VerdictFact[]): AccountWorld {
  for (const { verdictId, messageId, comparedDigest: digest, categories } of verdicts)
    if (digest !== undefined)
      world.judged.set(verdictId, { messageId, digest, actsUnder: actsUnder(categories) })
  const now = world.exonerations.size > 0 ? LATER : NOW
  return world.apply(applyVerdicts(world.facts, verdicts, world.context(now)))
}
const automated = (world: AccountWorld): string[] =>
  [...world.decisions.values()]
    .filter(({ automated, stepId }) => automated && stepId === null)
    .map(({ decisionId }) => decisionId)
const remembered = (world: AccountWorld): string[] =>
  [...world.exonerations.values()].map(({ digest, clause }) => `${digest} ${clause}`).sort()

/** Another account, to which what one account left behind is known. */
function afterThat({ exonerations }: AccountWorld): AccountWorld {
  const other = new AccountWorld()
  for (const [id, one] of exonerations) other.exonerations.set(id, one)
  return other
}

function decided(world: AccountWorld, measure: Measure, ...messageIds: string[]): AccountWorld {
  const decision = {
    decisionId: 'd1',
    caseId: world.state!.openCase!.caseId,
    measure,
    clause: 'c.1',
    reasons,
    messages: messageIds.map((messageId) => ({ messageId, sentAt: NOW, receivedUnder: '1' })),
    verdictIds: messageIds.map((id) => `v-${id}`),
    detectors: [],
    until: null,
    notBefore: null,
  }
  return world.apply(applyDecision(world.facts, decision, world.context(NOW, 'mod')))
}

describe('a text that an appeal found wrongly judged', () => {
  const granted = (): AccountWorld => {
    const world = taken(new AccountWorld(), verdict('m1', 'T', category(2)))
    return world.apply(applyGrant(world.facts, automated(world), hearing, world.context(LATER))!)
  }

  it('is not acted on again, of whatever account; people look at it, and read why', () => {
    for (const world of [granted(), afterThat(granted())]) {
      const before = { strikes: world.strikes.size, directives: world.directives.length }
      taken(world, verdict('m2', 'T', category(2)))
      expect({ strikes: world.strikes.size, directives: world.directives.length }).toEqual(before)
      expect(world.state).toMatchObject({ status: 'active', points: 0, openCase: { why: ['review'] } })
      expect(world.entries.get('v-m2')).toBe(world.state!.openCase!.caseId)
      const held = world.heldBack.get('v-m2')!
      expect(held).toMatchObject([{ category: 'category-2', clause: 'c.2', at: LATER, appealId: 'apl_1' }])
      expect(heldBackReason(held[0]!).en).toBe(
        'An appeal found this text wrongly judged under clause c.2 on 9 November 2026 at 08:30 UTC; it was not acted on by itself.',
      )
      expect(world.events.at(-1)).toMatchObject({ kind: 'case.entry_added', code: 'review' })
      expect(world.state!.risk.sum).toBe(0)
    }
  })

  it.each([
    ['another text', verdict('m2', 'U', category(2))],
    ['another clause', verdict('m2', 'T', category(3))],
    ['another clause beside it', verdict('m2', 'T', category(2), category(3))],
    ['a text of which no digest is known', verdict('m2', null, category(2))],
  ])('says nothing of %s', (_what, fact) => {
    const world = taken(afterThat(granted()), fact)
    expect(world.strikes.size).toBe(1)
    expect(world.directives.map(({ kind }) => kind)).toContain('remove_message')
    const cited = [...world.strikes.values()].map(({ clause }) => clause)
    expect(cited).toEqual([fact.categories.at(-1)!.clause])
  })

  it('can be acted on by a person all the same', () => {
    const world = taken(afterThat(granted()), verdict('m2', 'T', category(2)))
    decided(world, 'remove', 'm2')
    expect(world.directives.map(({ kind }) => kind)).toContain('remove_message')
    expect(world.strikes.size).toBe(1)
  })
})

describe('remembered is', () => {
  it('a text under every clause on which automation acted, as all of them were found wrong', () => {
    const world = taken(
      new AccountWorld(),
      verdict('m1', 'T', category(1), category(2), category(3, 'review')),
    )
    world.apply(applyGrant(world.facts, automated(world), hearing, world.context(LATER))!)
    expect(remembered(world)).toEqual(['T c.1', 'T c.2'])
  })

  it('a text that a lesser measure than its removal was found to fit', () => {
    const world = taken(new AccountWorld(), verdict('m1', 'T', category(1)))
    const order = { measure: 'label' as const, until: null, appealId: 'apl_1' }
    world.apply(applyReplacement(world.facts, automated(world), order, hearing, world.context(LATER))!)
    expect(remembered(world)).toEqual(['T c.1'])
  })

  it('a text of which somebody took the automated removal back', () => {
    const world = taken(new AccountWorld(), verdict('m1', 'T', category(1)))
    const step = { by: 'ben', at: LATER, reasons }
    world.apply(applyReversal(world.facts, automated(world)[0]!, step, world.context(LATER)))
    expect([...world.exonerations.values()]).toMatchObject([{ appealId: null, at: LATER }])
    const held = taken(afterThat(world), verdict('m2', 'T', category(1))).heldBack.get('v-m2')!
    expect(heldBackReason(held[0]!).en).toMatch(/^Somebody reversed an automated decision on this text/)
  })

  it('nothing where a person takes a decision of a person back, or an appeal is only late', () => {
    const step = { by: 'ben', at: LATER, reasons }
    const byPerson = taken(new AccountWorld(), verdict('m1', 'T', category(1, 'review')))
    decided(byPerson, 'remove', 'm1')
    byPerson.apply(applyReversal(byPerson.facts, 'd1', step, byPerson.context(LATER)))
    const late = taken(new AccountWorld(), verdict('m1', 'T', category(1)))
    late.apply(applyPause(late.facts, automated(late), 'apl_1', late.context(LATER))!)
    expect([remembered(byPerson), remembered(late)]).toEqual([[], []])
  })

  it('what a person removed, or struck by a measure on the account, under the clause of that only', () => {
    const review = (id: string) => verdict(id, `T-${id}`, category(1, 'review'), category(2, 'review'))
    for (const measure of ['remove', 'warn'] as const) {
      const world = taken(new AccountWorld(), review('m1'), review('m2'))
      decided(world, measure, 'm1', 'm2')
      world.apply(applyGrant(world.facts, ['d1'], hearing, world.context(LATER))!)
      expect(remembered(world)).toEqual(['T-m1 c.1', 'T-m2 c.1'])
    }
  })

  it('nothing of messages whose removal stands, where only a measure on the account was wrong', () => {
    const world = taken(
      new AccountWorld(),
      verdict('m1', 'T', category(1)),
      verdict('m2', 'U', category(1, 'review')),
    )
    decided(world, 'limit', 'm1')
    world.apply(applyGrant(world.facts, ['d1'], hearing, world.context(LATER))!)
    expect(remembered(world)).toEqual([])
  })

  it('nothing where a measure on the account was too hard and the strikes that it gave stand', () => {
    const world = taken(new AccountWorld(), verdict('m1', 'T', category(1, 'review')))
    decided(world, 'limit', 'm1')
    const order = { measure: 'warn' as const, until: null, appealId: 'apl_1' }
    world.apply(applyReplacement(world.facts, ['d1'], order, hearing, world.context(LATER))!)
    expect([world.strikes.size, remembered(world)]).toEqual([1, []])
  })

  it('nothing where a step of the ladder was too hard and its strike stands', () => {
    const world = taken(new AccountWorld(), verdict('m1', 'T', category(4)))
    const step = [...world.decisions.values()].find(({ stepId }) => stepId !== null)!
    const order = { measure: 'warn' as const, until: null, appealId: 'apl_1' }
    world.apply(applyReplacement(world.facts, [step.decisionId], order, hearing, world.context(LATER))!)
    expect(remembered(world)).toEqual([])
  })
})

describe('a verdict as it is acted on', () => {
  const digests = fc.constantFrom('T', 'U', 'V')
  const clauses = fc.constantFrom('c.1', 'c.2', 'c.3', 'c.4', undefined)
  const judged = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      clause: clauses,
      outcome: fc.constantFrom<Outcome>('clear', 'review', 'act'),
    }),
    { selector: ({ name }) => name, minLength: 1 },
  )
  const known = fc.array(fc.record({ digest: digests, clause: fc.oneof(clauses, fc.constant('a.general')) }))

  it('acts in exactly those categories in which it acts and nobody found it wrong, and changes in no other way', () => {
    fc.assert(
      fc.property(judged, fc.option(digests, { nil: undefined }), known, (list, digest, found) => {
        const categories = list.map(({ name, clause, outcome }) => ({
          category: name,
          ...(clause === undefined ? {} : { clause }),
          outcome,
          score: 0.9,
          signals: [],
        }))
        fc.pre(categories.some(({ outcome }) => outcome !== 'clear'))
        const acts = categories.some(({ outcome }) => outcome === 'act')
        const exonerations = new Map<string, Exoneration>()
        for (const { digest: of, clause = 'none' } of found) {
          const one = { digest: of, clause, at: LATER, decisionId: 'd', appealId: null }
          exonerations.set(exonerationId(of, clause), one)
        }
        const before = {
          outcome: acts ? ('act' as const) : ('review' as const),
          categories,
          ...(digest === undefined ? {} : { comparedDigest: digest }),
        }
        const after = heldBack(before, exonerations)
        const wrong = new Set<string | undefined>(
          found.filter((one) => one.digest === digest).map(({ clause }) => clause),
        )
        const expected = categories.map((one) =>
          one.outcome === 'act' && wrong.has(one.clause ?? `${one.category}.general`)
            ? { ...one, outcome: 'review' }
            : one,
        )
        expect(after.categories).toEqual(expected)
        expect(after.outcome).toBe(expected.some(({ outcome }) => outcome === 'act') ? 'act' : 'review')
        const changed = expected.filter((one, i) => one.outcome !== categories[i]!.outcome)
        expect(after.heldBack.map(({ category }) => category)).toEqual(
          changed.map(({ category }) => category),
        )
      }),
    )
  })
})
