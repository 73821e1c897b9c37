import { describe, expect, it } from 'vitest'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { classify } from '../classify.rules.js'
import { defaultDocuments, judgeOf, shippedModel } from '../default-judge.fixture.js'

const [KNOWN, OTHER] = ['a'.repeat(64), 'b'.repeat(64)] as const
const entry = (changes: object = {}) => ({
  ...{
    entryId: 'be_1',
    id: 'child_safety/known',
    category: 'child_safety',
    score: 1,
    sha256: KNOWN,
    act: true,
  },
  ...changes,
})
const model = shippedModel()

function verdictOn(sha256: string, ...entries: object[]) {
  const { policy, banks } = defaultDocuments()
  const judge = judgeOf(policy, { ...banks, hashes: { kind: 'hashes', entries } })
  const message: AcceptedMessage = {
    ...{ platformId: 'p1', messageId: 'm-1', accountId: 'a-1', revision: 'r_1', visibility: 'public' },
    ...{ sentAt: '2026-01-01T00:00:00Z', receivedAt: '2026-01-02T00:00:00Z' },
    media: [
      { mediaId: 'i-0', kind: 'image' },
      { mediaId: 'i-1', kind: 'image', sha256 },
    ],
  }
  const { outcome, categories } = classify(message, { judge, model, mode: 'live', now: new Date(0) })
  return {
    outcome,
    found: categories.flatMap(({ signals }) => signals.map(({ detector, id }) => `${detector} ${id}`)),
  }
}

describe('a file that a bank knows', () => {
  it('is acted on where two people approved, and is for review where they did not', () => {
    const found = ['media child_safety/known']
    expect(verdictOn(KNOWN, entry())).toEqual({ outcome: 'act', found })
    expect(verdictOn(KNOWN.toUpperCase(), entry())).toEqual({ outcome: 'act', found })
    expect(verdictOn(KNOWN, entry({ act: false }))).toEqual({ outcome: 'review', found })
    expect(verdictOn(KNOWN, entry({ act: false }), entry({ score: 0.95 }))).toEqual({
      outcome: 'act',
      found: [...found, ...found],
    })
  })

  it('is none with another digest, or after its entry has ended', () => {
    expect(verdictOn(OTHER, entry())).toEqual({ outcome: 'clear', found: [] })
    expect(verdictOn(KNOWN, entry({ expires: '2026-01-01' }))).toEqual({ outcome: 'clear', found: [] })
    expect(verdictOn(KNOWN, entry({ expires: '2026-01-02' })).outcome).toBe('act')
  })
})
