import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message } from '#libs/contracts/message'
import type { Verdict } from '#libs/contracts/verdict'
import { inOneGo } from '#libs/runtime/turns'
import { classify, classifyingUnlessClear } from './classify.rules.js'
import { defaultJudge, shippedModel } from './default-judge.fixture.js'

const judge = defaultJudge()
const model = shippedModel()
const now = new Date('2026-11-24T08:00:00Z')

const message = (text: string): Message => ({
  messageId: 'm-1',
  accountId: 'a-1',
  platformId: 'p1',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  receivedAt: '2026-11-24T07:00:01Z',
  revision: 'r-1',
  text,
})
const unlessClear = (...args: Parameters<typeof classifyingUnlessClear>) =>
  inOneGo(classifyingUnlessClear(...args))
const verdictOn = (text: string): Verdict => classify(message(text), { judge, model, mode: 'live', now })
const found = (verdict: Verdict): string[] =>
  verdict.categories
    .filter(({ outcome }) => outcome !== 'clear')
    .map(({ category, outcome }) => `${category} ${outcome}`)

describe('a verdict by the default policy', () => {
  it('is clear for ordinary texts', () => {
    for (const text of ['The library opens at nine on Monday.', '明天下午三点开会，请带好材料。', '']) {
      expect(found(verdictOn(text))).toEqual([])
    }
  })

  it('says by a digest of the whole text which others are compared as the same', () => {
    const threat = 'I will kill you and your family tonight'
    const { comparedDigest } = verdictOn(threat)
    expect(comparedDigest).toMatch(/^[\w-]{43}$/)
    expect(verdictOn(threat.toUpperCase()).comparedDigest).toBe(comparedDigest)
    expect(verdictOn('The library opens at nine on Monday.').comparedDigest).toBeUndefined()
    const long = (end: string) =>
      verdictOn(`${threat}${' and the library opens at nine'.repeat(1_000)} ${end}`)
    expect(long('today').message.text).toBe(long('again').message.text)
    expect(long('today').comparedDigest).not.toBe(long('again').comparedDigest)
  })

  it('is made for messages that are not clear, and for those that were asked for', () => {
    const by = { judge, model, mode: 'live', now }
    const threat = message('I will kill you and your family tonight')
    const plain = message('The library opens at nine on Monday.')
    expect(unlessClear(plain, by)).toBeNull()
    expect(unlessClear(threat, by)).toEqual(classify(threat, by))
    const requested = { ...plain, requested: 'dir_1' }
    expect(unlessClear(requested, by)).toEqual(classify(requested, by))
  })

  it.each([
    ['fraud', 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'],
    ['fraud', '刷单兼职，日赚三百，加微信 abc12345'],
  ])('is not clear for %s: %s', (category, text) => {
    expect(found(verdictOn(text)).join()).toContain(category)
  })

  it('acts on misinformation only for a claim in the bank of known false claims', () => {
    const known = verdictOn('Share this: 5G causes COVID-19, they hide it from you')
    expect(found(known)).toContain('misinformation act')
    const unknown = verdictOn(
      'Shocking!! Doctors hide that purple shoes cure every disease, share before deleted',
    )
    expect(found(unknown)).not.toContain('misinformation act')
  })

  it('names what it was made from, and a score for every category', () => {
    const verdict = verdictOn('hello')
    expect(verdict).toMatchObject({
      policyVersion: '1',
      bankVersions: { words: '1', links: '1', 'known-false-claims': '1' },
      modelVersions: { text: model.version },
    })
    expect(verdict.categories.map(({ category }) => category)).toEqual(
      expect.arrayContaining(['fraud', 'sexual', 'violence', 'terrorism', 'hate', 'misinformation']),
    )
  })

  it('never throws, has spans inside the text, and is the same for the same message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const verdict = verdictOn(text)
        for (const { spans } of verdict.categories.flatMap(({ signals }) => signals)) {
          for (const [start, end] of spans) expect(start < end && end <= text.length).toBe(true)
        }
        expect(verdictOn(text)).toEqual(verdict)
      }),
      { numRuns: 300 },
    )
  })
})
