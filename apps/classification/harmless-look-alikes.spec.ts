import { describe, expect, it } from 'vitest'
import { judged } from './classify.rules.js'
import { defaultJudge, shippedModel } from './default-judge.fixture.js'
import { HARMLESS_LOOK_ALIKES } from './detectors/harmless-look-alikes.fixture.js'

const judge = defaultJudge()
const model = shippedModel()
const MAX_FOR_REVIEW = 0.05

const outcomeOf = (text: string) =>
  judged(
    {
      messageId: 'm-1',
      accountId: 'a-1',
      platformId: 'p1',
      visibility: 'public',
      sentAt: '2026-11-24T07:00:00Z',
      receivedAt: '2026-11-24T07:00:01Z',
      revision: 'r-1',
      text,
    },
    { judge, model },
  ).judgement.outcome
const texts = Object.values(HARMLESS_LOOK_ALIKES).flatMap((kinds) => Object.values(kinds).flat())

describe('harmless texts that look like harmful ones', () => {
  it('are never acted on by the default policy', () => {
    expect(texts.filter((text) => outcomeOf(text) === 'act')).toEqual([])
  })

  it('are seldom sent to review', () => {
    const reviewed = texts.filter((text) => outcomeOf(text) === 'review')
    expect(reviewed.length / texts.length, reviewed.join('\n')).toBeLessThanOrEqual(MAX_FOR_REVIEW)
  })

  it.each([
    ['a phrase alone', '代开发票'],
    ['a phrase that a warning quotes', '朋友圈里说稳赚不赔的，你信吗'],
    ['a threat in jest', 'my sister said i will kill you if you eat the last biscuit'],
  ])('leads to review at most: %s', (_, text) => {
    expect(outcomeOf(text)).not.toBe('act')
  })

  it.each([
    ['with a contact', '代开发票，各类都有，加微信 kp883321'],
    ['with a phrase of another entry', 'I know where you live and I will kill you tonight'],
    ['that its entry calls unambiguous', 'we sell cvv fullz every day'],
  ])('are told from a phrase %s, which is acted on', (_, text) => {
    expect(outcomeOf(text)).toBe('act')
  })
})
