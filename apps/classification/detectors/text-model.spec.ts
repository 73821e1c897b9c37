import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guessLanguage, hashFeatures } from './features.js'
import { normalise } from '#libs/text/normalise'
import { BUCKET_BYTES, ModelFormatError, TextModel, writeModel, type ModelHeader } from './text-model.js'

const BITS = 12
const CATEGORIES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const header: ModelHeader = {
  format: 1,
  version: 'test',
  categories: CATEGORIES,
  bits: BITS,
  scales: CATEGORIES.map((_, i) => 0.01 * (i + 1)),
  biases: CATEGORIES.map((_, i) => i - 3),
  calibration: { a: { zh: { slope: 2, offset: -1 }, en: { slope: 1, offset: 0 } } },
}
/** Bytes over their whole range, so that a carry between sums would show. */
const bytes = Uint8Array.from(
  { length: BUCKET_BYTES * 2 ** BITS },
  (_, i) => (Math.imul(i + 7, 0x9e3779b1) >>> 24) | (i % 3 === 0 ? 255 : 0),
)
const model = TextModel.load(writeModel(header, bytes))

function slowMargins(text: string): number[] {
  const { codes } = normalise(text)
  const { count, buckets } = hashFeatures(codes, BITS)
  return CATEGORIES.map((_, c) => {
    let sum = 0
    for (let f = 0; f < count; f += 1)
      sum += (bytes[BUCKET_BYTES * buckets[f]! + c]! - 128) * header.scales[c]!
    return (count === 0 ? 0 : sum / Math.sqrt(count)) + header.biases[c]!
  })
}

const texts = fc.string({ unit: fc.constantFrom(...'abc 加微信1。é!'), maxLength: 400 })

describe('TextModel', () => {
  it('adds up what adding one weight after the other gives', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const margins = model.margins(normalise(text))
        slowMargins(text).forEach((margin, c) => expect(margins[c]).toBeCloseTo(margin, 3))
      }),
    )
  })

  it('carries nothing from one sum to the next, however high the weights', () => {
    const full = TextModel.load(
      writeModel(
        header,
        bytes.map(() => 255),
      ),
    )
    const text = normalise('加微信领取红包'.repeat(60))
    const { count } = hashFeatures(text.codes, BITS)
    const margins = full.margins(text)
    header.scales.forEach((scale, c) => {
      expect(margins[c]! / (127 * scale * Math.sqrt(count) + header.biases[c]!)).toBeCloseTo(1, 5)
    })
  })

  it('gives a calibrated probability where the language is known, else 0', () => {
    const text = normalise('加微信领取')
    const [a, b] = model.score(text)
    expect(a).toBeCloseTo(1 / (1 + Math.exp(-(2 * model.margins(text)[0]! - 1))), 5)
    expect(b).toBe(0)
    expect(model.score(text, 'other')[0]).toBe(0)
  })

  it('explains by parts of the original, the strongest first, without overlaps', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const evidence = model.explain(normalise(text), 'b', 3)
        expect(evidence.length).toBeLessThanOrEqual(3)
        evidence.forEach(({ span: [from, to], weight }, i) => {
          expect(to).toBeGreaterThan(from)
          expect(to).toBeLessThanOrEqual(text.length)
          expect(weight).toBeGreaterThan(0)
          if (i > 0) expect(weight).toBeLessThanOrEqual(evidence[i - 1]!.weight)
        })
        const spans = evidence.map((e) => e.span).sort((x, y) => x[0] - y[0])
        spans.forEach(([from], i) => expect(from).toBeGreaterThanOrEqual(spans[i - 1]?.[1] ?? 0))
      }),
    )
    expect(model.explain(normalise('abc'), 'nothing', 3)).toEqual([])
  })

  it('finds the planted word', () => {
    const planted = new Uint8Array(BUCKET_BYTES * 2 ** 18).fill(128)
    const term = hashFeatures(normalise('qqqzzzxxx').codes, 18)
    for (let f = 0; f < term.count; f += 1) planted[BUCKET_BYTES * term.buckets[f]!] = 200
    const planter = TextModel.load(writeModel({ ...header, bits: 18 }, planted))
    const text = 'an ordinary sentence with QQQZZZXXX in it'
    const [first] = planter.explain(normalise(text), 'a', 1)
    expect(text.slice(...first!.span).trim()).toBe('QQQZZZXXX')
  })

  it('refuses other files', () => {
    expect(() => TextModel.load(new Uint8Array(100))).toThrow(ModelFormatError)
    expect(() => TextModel.load(writeModel(header, bytes.subarray(8)))).toThrow(ModelFormatError)
    expect(() => TextModel.load(new Uint8Array(0))).toThrow(ModelFormatError)
  })
})

describe('guessLanguage', () => {
  it.each([
    ['你好，我是小明', 'zh'],
    ['用 iPhone 拍的照片', 'zh'],
    ['hello there', 'en'],
    ['привет всем', 'other'],
    ['こんにちは', 'other'],
    ['12345', 'other'],
    ['', 'other'],
  ])('%j is %s', (text, language) => {
    expect(guessLanguage(normalise(text))).toBe(language)
  })
})

describe('the shipped model', () => {
  const shipped = TextModel.load(readFileSync(new URL('../../../models/text-v1.bin', import.meta.url)))
  const score = (text: string, category: string) =>
    shipped.score(normalise(text))[shipped.categories.indexOf(category)]!

  it.each([
    ['fraud', '尊敬的用户您的银行卡积分即将过期，请登录网站兑换现金，逾期失效'],
    ['fraud', '代开各类发票，保真，可验证后付款，需要请联系'],
    ['fraud', 'URGENT! You have won a £2000 cash prize. Call 09061234567 now to claim. Valid 12hrs only'],
  ])('takes for %s: %s', (category, text) => {
    expect(score(text, category)).toBeGreaterThan(0.5)
  })

  it.each([
    '今天天气不错，晚上一起去吃火锅吧',
    'See you at the station at six, I will bring the tickets',
    '会议改到下午三点，请大家准时参加',
  ])('finds nothing in %s', (text) => {
    for (const s of shipped.score(normalise(text))) expect(s).toBeLessThan(0.5)
  })
})
