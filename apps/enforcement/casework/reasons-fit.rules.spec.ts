import 'reflect-metadata'
import { mongo } from 'mongoose'
import { expect, it } from 'vitest'
import { AccountWorld } from '../ledger/account-world.fixture.js'
import { applyDecision, applyReversal } from '../ledger/apply-decision.rules.js'
import { applyVerdicts, type VerdictFact } from '../ledger/apply-verdicts.rules.js'
import { MAX_MESSAGES } from '../ledger/decisions/decision.js'
import { asProblem } from '#libs/runtime/http/problem'
import { assertReasonsFit } from './reasons-fit.rules.js'

/** Of a document. https://www.mongodb.com/docs/manual/reference/limits/ */
const MAX_BYTES = 16 * 1024 * 1024
const at = new Date('2026-11-24T07:00:00Z')

const verdict = (messageId: string): VerdictFact => ({
  verdictId: `v-${messageId}`,
  messageId,
  outcome: 'review',
  mode: 'live',
  categories: [{ category: 'fraud', clause: 'c.2', score: 0.6, outcome: 'review', severity: 2, signals: [] }],
  policyVersion: '1',
  receivedAt: at,
  sentAt: at,
  language: null,
  account: { followers: 10 },
})

it('leaves room for the longest reasons that are taken, on as many messages as a decision names', () => {
  const reasons = (characters: number) => ({ zh: '由'.repeat(characters), en: 'r'.repeat(characters) })
  const refuses = (characters: number, messages: number): boolean => {
    try {
      assertReasonsFit(reasons(characters), messages)
      return false
    } catch (error) {
      expect(asProblem(error)).toMatchObject({ status: 400, errors: [{ path: '/reasons' }] })
      return true
    }
  }
  expect(refuses(10_000, 1)).toBe(false)
  expect(refuses(10_000, MAX_MESSAGES)).toBe(true)
  let longest = 10_000
  while (refuses(longest, MAX_MESSAGES)) longest -= 10
  const ids = Array.from({ length: MAX_MESSAGES }, (_, i) => `m${i}`)
  const world = new AccountWorld()
  world.apply(applyVerdicts(world.facts, ids.map(verdict), world.context(at)))
  const decided = applyDecision(
    world.facts,
    {
      decisionId: 'd1',
      caseId: world.state!.openCase!.caseId,
      measure: 'remove',
      clause: 'c.2',
      reasons: reasons(longest),
      messages: ids.map((messageId) => ({ messageId, sentAt: at })),
      verdictIds: ids.map((id) => `v-${id}`),
      detectors: ['lexicon'],
      until: null,
      notBefore: null,
    },
    world.context(at, 'mod'),
  )
  expect(mongo.BSON.calculateObjectSize(decided)).toBeLessThan(MAX_BYTES / 2)
  world.apply(decided)
  const ordered = (kind: string) => world.directives.filter((directive) => directive.kind === kind)
  expect(ordered('remove_message')).toHaveLength(MAX_MESSAGES)
  const step = { by: 'senior', at, reasons: reasons(longest) }
  const reversed = applyReversal(world.facts, 'd1', step, world.context(at, 'senior'))
  expect(mongo.BSON.calculateObjectSize(reversed)).toBeLessThan(MAX_BYTES / 2)
  world.apply(reversed)
  expect(ordered('restore_message')).toHaveLength(MAX_MESSAGES)
})
