import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalise, originalSpan } from './normalise.js'

const text = (s: string) => normalise(s).text

/** Characters that meet in evasive texts, so that properties reach the passes that join and fold. */
const evasive = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          ...'abvx19 .-_*加薇信群號网a​́аеорсухвнікВРαοрдя',
          '①',
          '１',
          '🅰',
          '𝐀',
          '٣',
          '👍🏽',
          '1️⃣',
          'ﷺ',
          '㎏',
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''))

const runs = { numRuns: 3000 }

describe('normalise', () => {
  it.each([
    ['ＦＲＥＥ　Ｍｏｎｅｙ', 'free money'],
    ['加微信號領獎', '加微信号领奖'],
    ['加 薇 信', '加薇信'],
    ['加★微★信', '加微信'],
    ['今天 天气', '今天天气'],
    ['s.p.a.m now', 'spam now'],
    ['buy V I A G R A today', 'buy viagra today'],
    ['加 v x 1 2 3 4', '加vx1234'],
    ['1 3 8 0 0', '13800'],
    ['1️⃣3️⃣8️⃣', '138'],
    ['➊➋⑶４', '1234'],
    ['٣۴५', '345'],
    ['🆆🅴🅸🆁', 'weir'],
    ['𝓕𝓻𝓮𝓮', 'free'],
    ['frеe mоney', 'free money'],
    ['ВТС now', 'btc now'],
    ['fr​e­e', 'free'],
    ['cr̸è̵d̶ìt', 'credit'],
    ['é é', 'e e'],
    ['  a \n\t b  ', 'a b'],
    ['“quotes” — and dashes', '"quotes" - and dashes'],
  ])('%j becomes %j', (from, to) => {
    expect(text(from)).toBe(to)
  })

  it.each([
    ['Привет, как дела? Вот сор', 'привет, как дела? вот сор'],
    ['iPhone и сеть', 'iphone и сеть'],
    ['男，女。好', '男,女。好'],
    ['3.5.1 and 1, 2, 3', '3.5.1 and 1, 2, 3'],
    ['I am a man', 'i am a man'],
    ['한국어 문장', '한국어 문장'],
    ['がんばる', 'がんばる'],
    ['well-known e-mail', 'well-known e-mail'],
  ])('leaves ordinary writing apart: %j', (from, to) => {
    expect(text(from)).toBe(to)
  })

  it('changes nothing when done again', () => {
    fc.assert(
      fc.property(evasive, (s) => {
        const once = text(s)
        expect(text(once)).toBe(once)
      }),
      runs,
    )
  })

  it('folds every code point to what folds to itself', () => {
    for (let cp = 0; cp < 0x110000; cp += cp < 0x20000 ? 1 : 97) {
      const once = text(`一${String.fromCodePoint(cp)}`)
      if (text(once) !== once) throw new Error(`U+${cp.toString(16)}: ${once} → ${text(once)}`)
    }
  })

  it('maps every unit to a part of the original that, alone, folds to it', () => {
    fc.assert(
      fc.property(evasive, (s) => {
        const normalised = normalise(s)
        const { codes, positions } = normalised
        expect(positions.length).toBe(2 * codes.length)
        let [fromBefore, toBefore] = [0, 0]
        for (let i = 0; i < codes.length; i += 1) {
          const [from, to] = originalSpan(normalised, i, i + 1)
          expect(from).toBeGreaterThanOrEqual(fromBefore)
          expect(to).toBeGreaterThanOrEqual(toBefore)
          expect(to).toBeGreaterThan(from)
          expect(to).toBeLessThanOrEqual(s.length)
          ;[fromBefore, toBefore] = [from, to]
          const unit = String.fromCharCode(codes[i]!)
          // Beside a Han character and two Latin ones, so that blanks stay and look-alikes fold where they may.
          const alone = [
            text(s.slice(from, to)),
            text(`zz${s.slice(from, to)}`),
            text(`(${s.slice(from, to)}(`),
          ]
          expect(
            alone.some((a) => a.includes(unit)),
            `${unit} from ${s.slice(from, to)}`,
          ).toBe(true)
        }
      }),
      runs,
    )
  })

  it('gives the span of a term however it was written', () => {
    const original = '请加 薇​ 信：Ａ１'
    const normalised = normalise(original)
    const at = normalised.text.indexOf('加薇信')
    const [from, to] = originalSpan(normalised, at, at + 3)
    expect(original.slice(from, to)).toBe('加 薇​ 信')
    expect(originalSpan(normalised, 0, normalised.codes.length)).toEqual([0, original.length])
  })

  it('leaves lists as they are, of any length, and joins the word behind them', () => {
    const initials = fc
      .array(fc.constantFrom(...'bcdfg'), { minLength: 4, maxLength: 30 })
      .map((letters) => letters.map((letter) => `${letter}. `).join(''))
    const alphabet = fc
      .tuple(fc.nat(10), fc.integer({ min: 4, max: 15 }), fc.constantFrom(' ', ', ', '-'))
      .map(
        ([from, length, parting]) =>
          `${[...'abcdefghijklmnopqrstuvwxyz'.slice(from, from + length)].join(parting)} `,
      )
    fc.assert(
      fc.property(fc.oneof(initials, alphabet), (list) => {
        expect(normalise(`${list}then f r a u d`).text).toBe(`${list}then fraud`)
      }),
    )
    const long = 'a. b. '.repeat(60_000)
    expect(normalise(long).text).toBe(long.trim())
  })

  it('counts what leaves nothing to the character before it', () => {
    expect(originalSpan(normalise('a1\ufe0f\u20e3b'), 1, 2)).toEqual([1, 4])
  })

  it('folds a word with one Latin letter among look-alikes, in a text of the other script too', () => {
    expect(text('дела: ѕсаm, сор')).toBe('дела: scam, сор')
  })

  it('makes lone surrogates U+FFFD', () => {
    expect(text('a\ud800b\udc00')).toBe('a�b�')
  })

  it('does the same whatever was normalised before', () => {
    fc.assert(
      fc.property(evasive, evasive, (a, b) => {
        const before = text(b)
        normalise(a.repeat(200))
        expect(text(b)).toBe(before)
      }),
      { numRuns: 200 },
    )
  })

  it('expands no code point to more than eight units', () => {
    expect(normalise('ﷺ'.repeat(5000)).codes.length).toBeLessThanOrEqual(8 * 5000)
  })
})
