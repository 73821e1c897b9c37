import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { codePoints } from '#libs/contracts/fields'
import { Verdict } from '#libs/contracts/verdict'
import { contractCheck } from '#libs/runtime/json/validator'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { classify } from './classify.rules.js'
import { defaultJudge, shippedModel } from './default-judge.fixture.js'
import { mergeSignals, windowsOf } from './text-windows.rules.js'

const judge = defaultJudge()
const model = shippedModel()
const by = { judge, model, mode: 'live', now: new Date('2026-11-24T08:00:00Z') }
const check = contractCheck(Verdict)

const CLAIM = '5G causes COVID'
const FILL = 'The library opens at nine on Monday and the tea is warm. '
const filled = (length: number): string => FILL.repeat(Math.ceil(length / FILL.length)).slice(0, length)

const message = (change: Partial<AcceptedMessage>): AcceptedMessage => ({
  messageId: 'm-1',
  accountId: 'a-1',
  platformId: 'p1',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  receivedAt: '2026-11-24T07:00:01Z',
  revision: 'r-1',
  ...change,
})

function verdictOn(change: Partial<AcceptedMessage>): Verdict {
  const verdict = classify(message(change), by)
  check(structuredClone(verdict))
  expect(codePoints(verdict.message.text ?? '')).toBeLessThanOrEqual(20_000)
  expect(verdict.message.links?.length ?? 0).toBeLessThanOrEqual(50)
  return verdict
}

function claimIn(verdict: Verdict): string[] {
  const { signals } = verdict.categories.find(({ category }) => category === 'misinformation')!
  const { text = '' } = verdict.message
  return signals
    .filter(({ detector }) => detector === 'known-claim')
    .flatMap(({ spans }) => spans.map(([from, to]) => text.slice(from, to)))
}

describe('a text that is longer than is kept', () => {
  it.each([0, 10_000, 17_990, 18_050, 19_990, 20_000, 19_000 + 18_000, 99_000, 200_000])(
    'is judged whole and kept around what was found: at %i',
    (at) => {
      const text = `${filled(at)} ${CLAIM} ${filled(230_000 - at)}`
      const verdict = verdictOn({ text, repairs: [{ path: '/text', what: 'cut' }] })
      expect(verdict.outcome).toBe('act')
      expect(claimIn(verdict)).toEqual([CLAIM])
      expect(text).toContain(verdict.message.text)
      expect(verdict.inputs).toEqual({ repairs: [{ path: '/text', what: 'cut' }] })
      expect(verdict.message).not.toHaveProperty('repairs')
    },
  )

  it('is found wherever it stands', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.constantFrom('x', '😀', '字'), (at, fill) => {
        const verdict = verdictOn({ text: `${fill.repeat(at)} ${CLAIM} ${fill.repeat(61_000 - at)}` })
        expect(claimIn(verdict)).toEqual([CLAIM])
      }),
      { numRuns: propertyRuns(15, 2_000) },
    )
  })

  it('is kept from its beginning where nothing is found', () => {
    const text = '\n'.repeat(150_000)
    const verdict = verdictOn({ text })
    expect(verdict.outcome).toBe('clear')
    expect(text.startsWith(verdict.message.text!)).toBe(true)
  })

  it('keeps apart what two people approved of and what they did not, whichever comes first', () => {
    const hit = (standing: 'review' | 'alone', score: number) => ({
      ...{ detector: 'lexicon', id: 'fraud/x', score, standing },
      spans: [[1_000, 1_010] as [number, number]],
    })
    const [unapproved, approved] = [hit('review', 0.9), hit('alone', 0.5)]
    const first = { from: 0, to: 20_000 }
    const second = { from: 18_000, to: 38_000 }
    for (const order of [
      [unapproved, approved],
      [approved, unapproved],
    ]) {
      const merged = mergeSignals([
        { window: first, signals: [order[0]!] },
        { window: second, signals: [order[1]!] },
      ])
      expect(merged.map(({ standing, score }) => [standing, score]).sort()).toEqual([
        ['alone', 0.5],
        ['review', 0.9],
      ])
    }
  })

  it('is looked at in windows that leave nothing out, split no character and overlap', () => {
    const texts = fc.array(fc.constantFrom('a', '😀', '\ud83d', '字'), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 4_000 }), (units, times) => {
        const text = units.join('').repeat(times)
        const windows = windowsOf(text)
        expect(windows[0]!.from).toBe(0)
        expect(windows.at(-1)!.to).toBe(text.length)
        for (const [i, { from, to }] of windows.entries()) {
          expect(to - from).toBeLessThanOrEqual(20_001)
          if (i > 0) expect(windows[i - 1]!.to - from).toBeGreaterThanOrEqual(1_900)
        }
        expect(windows.length).toBeLessThanOrEqual(Math.ceil(text.length / 17_900) + 1)
      }),
      { numRuns: 100 },
    )
  })
})

describe('links that are more than are kept', () => {
  const plain = (count: number): string[] => Array.from({ length: count }, (_, i) => `https://a${i}.example`)
  const known = 'https://t.me/joinchat'

  it.each([0, 49, 50, 800])('are all judged, and what is known of them is kept: at %i', (at) => {
    const links = [...plain(at), known, ...plain(900 - at)]
    const verdict = verdictOn({ text: '刷单兼职，日赚三百', links })
    expect(verdict.message.links).toContain(known)
    expect(verdict.message.links).toHaveLength(50)
    const few = verdictOn({ text: '刷单兼职，日赚三百', links: [known] })
    expect(verdict.categories).toEqual(few.categories)
  })
})
