import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import type { PolicyRecord } from '#libs/contracts/policy-record'
import type { Verdict } from '#libs/contracts/verdict'
import { PermanentError } from '#libs/runtime/errors'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { classify } from './classify.rules.js'
import { defaultDocuments, shippedModel } from './default-judge.fixture.js'
import { explain } from './explain.rules.js'
import { buildJudge } from './judge.js'
import { inForceAt } from './policy/policy-book.rules.js'
import { parsePolicy } from '#libs/policy/parse-policy'
import { recompute } from './recompute.rules.js'

const model = shippedModel()
const { policy, banks } = defaultDocuments()
const minute = (n: number): string => new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString()
const record = (changes: Partial<PolicyRecord>): PolicyRecord => ({
  ...{ kind: 'bank', name: 'words', version: '1', state: 'live', rollout: 100 },
  ...{ effectiveFrom: minute(0), publishedAt: minute(0) },
  ...changes,
})
const WORDS = ['blue parrot', 'green parrot', 'red parrot']
const wordOf = (n: number, act: boolean) => ({
  ...{ entryId: `be_${n}`, id: 'fraud/parrot', category: 'fraud', score: 0.9 + n / 100 },
  ...{ terms: [WORDS[n]!], act, unambiguous: act },
})

/** A bank whose every minute brings a version that changes one word, beside the policy and links of the first start. */
const change = fc.record({ word: fc.nat(2), act: fc.boolean(), gone: fc.boolean() })
const history = (changes: readonly { word: number; act: boolean; gone: boolean }[]): PolicyRecord[] => [
  record({ kind: 'policy', name: 'default', document: policy }),
  record({ name: 'links', document: banks['links']! }),
  record({ document: { kind: 'words', entries: [wordOf(0, true)] } }),
  ...changes.map(({ word, act, gone }, i) =>
    record({
      ...{
        version: String(i + 2),
        publication: i + 2,
        effectiveFrom: minute(i + 1),
        publishedAt: minute(i + 1),
      },
      document: {
        ...{ kind: 'words', base: String(i + 1) },
        ...(gone ? { entries: [], removed: [`be_${word}`] } : { entries: [wordOf(word, act)], removed: [] }),
      },
    }),
  ),
]
const text = fc
  .array(fc.constantFrom(...WORDS, 'add vx: parrot2024', 'https://parrot.example/x', '您好', 'of the news'), {
    maxLength: 5,
  })
  .map((parts) => parts.join(' '))

const messageOf = (said: string, at: number): AcceptedMessage => ({
  ...{ platformId: 'p1', messageId: 'm-1', accountId: 'a-1', revision: 'r_1', visibility: 'public' },
  ...{ sentAt: minute(0), receivedAt: minute(at), text: said },
  repairs: [{ path: '/language', slug: 'dropped' } as never],
})

describe('a verdict', () => {
  it('comes to the same bytes from what it names, whatever was published since', () => {
    const outcomes = new Set<string>()
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), text, fc.nat(4), (changes, said, at) => {
        const published = history(changes)
        const message = messageOf(said, at)
        const found = inForceAt(published, new Date(message.receivedAt), 'p1 a-1')!
        const by = { judge: buildJudge(found), model, mode: 'live', now: new Date(minute(90)) }
        const kept = JSON.stringify(classify(message, by))
        const again = recompute(JSON.parse(kept) as Verdict, published.toReversed(), model)
        expect(JSON.stringify(again)).toBe(kept)
        outcomes.add(again.outcome)
        const told = explain(message, parsePolicy(JSON.stringify(policy)).policy!, by)
        expect(JSON.stringify(told.verdict)).toBe(kept)
      }),
      { numRuns: propertyRuns(40), examples: [[[], 'blue parrot', 0]] },
    )
    expect([...outcomes].sort()).toEqual(['act', 'clear', 'review'])
  })

  it('says what is missing where something that it names is not there', () => {
    const published = history([{ word: 1, act: true, gone: false }])
    const message = messageOf('blue parrot', 3)
    const by = {
      judge: buildJudge(inForceAt(published, new Date(minute(3)), '')!),
      model,
      mode: 'live',
      now: new Date(),
    }
    const verdict = classify(message, by)
    const without = (gone: string) => published.filter(({ name, version }) => `${name} ${version}` !== gone)
    for (const [records, what] of [
      [without('words 2'), /version 2 of the bank words/],
      [without('words 1'), /version 2 of the bank words/],
      [without('default 1'), /version 1 of the policy/],
    ] as const) {
      expect(() => recompute(verdict, records, model)).toThrow(PermanentError)
      expect(() => recompute(verdict, records, model)).toThrow(what)
    }
    expect(() => recompute({ ...verdict, modelVersions: { text: 'old' } }, published, model)).toThrow(
      /model old/,
    )
  })
})
