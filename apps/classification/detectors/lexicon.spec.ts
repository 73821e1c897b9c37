import fc from 'fast-check'
import { inOneGo } from '#libs/runtime/turns'
import { describe, expect, it } from 'vitest'
import { EmptyTermError, Lexicon, type LexiconEntry } from './lexicon.js'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { normalise, type NormalisedText, originalSpan } from '#libs/text/normalise'

const entry = (term: string, id = `fraud/${term}`, more: Partial<LexiconEntry> = {}): LexiconEntry => ({
  id,
  term,
  category: 'fraud',
  score: 0.9,
  ...more,
})

const WORD = /[\p{L}\p{N}]/u
const HAN = /\p{Script=Han}/u
const inWord = (char: string | undefined) => char !== undefined && WORD.test(char) && !HAN.test(char)

const TODAY = '2026-11-24'

/** Where a phrase stands, by looking at each place. */
function placesOf(phrase: string, text: NormalisedText, wholeWord?: boolean) {
  const units = Array.from(text.codes, (c) => String.fromCharCode(c))
  const term = normalise(phrase).text
  return units.flatMap((_, start) => {
    const end = start + term.length
    if (!text.text.startsWith(term, start)) return []
    if ((wholeWord ?? inWord(term[0])) && inWord(units[start - 1])) return []
    if ((wholeWord ?? inWord(term.at(-1))) && inWord(units[end])) return []
    return [{ start, end }]
  })
}

/** The same by looking for each term at each place. */
function naive(entries: readonly LexiconEntry[], text: string) {
  const normalised = normalise(text)
  const hits = entries.flatMap((e) => {
    const all = (phrases: string[] | undefined) =>
      phrases?.flatMap((phrase) => placesOf(phrase, normalised)) ?? []
    return placesOf(e.term, normalised, e.wholeWord)
      .filter(({ start, end }) => {
        if (e.expires && e.expires < TODAY) return false
        if (all(e.exceptions).some((one) => one.start <= start && one.end >= end)) return false
        return !e.context || all(e.context).some((one) => one.start - end <= 80 && start - one.end <= 80)
      })
      .map((place) => ({ id: e.id, score: e.score, ...place }))
  })
  return [...new Set(hits.map((h) => h.id))]
    .map((id) => {
      const kept: typeof hits = []
      const mine = hits.filter((h) => h.id === id)
      mine.sort((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start || b.score - a.score)
      for (const h of mine) if (kept.every((k) => k.end <= h.start || k.start >= h.end)) kept.push(h)
      kept.sort((a, b) => a.start - b.start)
      return {
        detector: 'lexicon',
        id,
        score: Math.max(...kept.map((h) => h.score)),
        spans: kept.slice(0, 50).map((h) => originalSpan(normalised, h.start, h.end)),
      }
    })
    .sort((a, b) => a.spans[0]![0] - b.spans[0]![0] || (a.id < b.id ? -1 : 1))
}

const few = fc.string({
  unit: fc.constantFrom('a', 'b', '加', '信', ' ', '1', 'а'),
  minLength: 1,
  maxLength: 5,
})
const something = few.filter((t) => normalise(t).codes.length > 0)
const phrases = fc.array(something, { minLength: 1, maxLength: 3 })
const entries = fc.array(
  fc.record(
    {
      id: fc.constantFrom('x/1', 'x/2', 'x/3'),
      term: something,
      category: fc.constant('fraud'),
      score: fc.constantFrom(0.3, 0.6, 0.9),
      wholeWord: fc.boolean(),
      context: phrases,
      exceptions: phrases,
      expires: fc.constantFrom('2026-11-23', '2026-11-24', '2030-01-01'),
    },
    { requiredKeys: ['id', 'term', 'category', 'score'] },
  ),
  { maxLength: 12 },
)

describe('Lexicon', () => {
  it('finds what a search for each term at each place finds', () => {
    fc.assert(
      fc.property(entries, fc.array(few, { maxLength: 12 }), (bank, parts) => {
        const text = parts.join('')
        expect(Lexicon.of(bank).match(normalise(text), TODAY)).toEqual(naive(bank, text))
      }),
      { numRuns: propertyRuns(3_000, 100_000) },
    )
  })

  it('that was changed finds what one built of the same entries finds', () => {
    const change = fc.record({
      gone: fc.array(fc.nat(11), { maxLength: 3 }),
      added: fc.array(fc.nat(11), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        entries,
        entries,
        fc.array(change, { maxLength: 4 }),
        fc.array(few, { maxLength: 12 }),
        (first, others, changes, parts) => {
          const text = normalise(parts.join(''))
          const present = new Map(first.map((one, i) => [`e${i}`, { ...one, entryId: `e${i}` }]))
          let lexicon = Lexicon.of([...present.values()])
          for (const { gone, added } of changes) {
            const ids = new Set([...gone, ...added].map((i) => `e${i}`))
            for (const id of ids) present.delete(id)
            const fresh = [...new Set(added)].flatMap((i) =>
              others[i] ? [{ ...others[i], entryId: `e${i}` }] : [],
            )
            for (const one of fresh) present.set(one.entryId, one)
            lexicon = inOneGo(lexicon.growing(ids, fresh))
          }
          const whole = Lexicon.of([...present.values()])
          expect(lexicon.match(text, TODAY)).toEqual(whole.match(text, TODAY))
          for (const id of ['x/1', 'x/2', 'x/3']) {
            const idsOf = (some: readonly LexiconEntry[]) => some.map(({ entryId }) => entryId).sort()
            expect(idsOf(lexicon.entriesOf(id))).toEqual(idsOf(whole.entriesOf(id)))
          }
        },
      ),
      { numRuns: propertyRuns(2_000, 50_000) },
    )
  })

  it('counts a term only near its context, not within its exceptions, and not after its time', () => {
    const lexicon = Lexicon.of([
      entry('kill', 'v', { context: ['shall', '杀'], exceptions: ['kill time'], expires: '2026-12-31' }),
    ])
    const found = (text: string, today = TODAY) => lexicon.match(normalise(text), today).length
    expect(found('we shall kill')).toBe(1)
    expect(found('we kill')).toBe(0)
    expect(found('we shall kill time')).toBe(0)
    expect(found('we shall kill time, and kill')).toBe(1)
    expect(found(`shall ${'x '.repeat(20)}, kill`)).toBe(1)
    expect(found(`shall ${'word '.repeat(40)} kill`)).toBe(0)
    const apart = (units: number) => found(`杀${'好'.repeat(units)}kill`)
    expect([apart(80), apart(81)]).toEqual([1, 0])
    expect([found('we shall kill', '2026-12-31'), found('we shall kill', '2027-01-01')]).toEqual([1, 0])
  })

  it('gives spans of the original, however the term was hidden', () => {
    const text = '亲，加 微 信 領 取 紅包'
    const [signal] = Lexicon.of([entry('加微信领取')]).match(normalise(text))
    expect(text.slice(...signal!.spans[0]!)).toBe('加 微 信 領 取')
    expect(signal).toMatchObject({ detector: 'lexicon', id: 'fraud/加微信领取', score: 0.9 })
  })

  it('matches Latin terms as whole words and Han terms anywhere', () => {
    const lexicon = Lexicon.of([entry('ass'), entry('博彩')])
    expect(lexicon.match(normalise('class assistant'))).toEqual([])
    expect(lexicon.match(normalise('ass!')).length).toBe(1)
    expect(lexicon.match(normalise('看ass在')).length).toBe(1)
    expect(lexicon.match(normalise('大型博彩网')).length).toBe(1)
    expect(lexicon.match(normalise('大博彩票')).length).toBe(0)
  })

  it.each([
    ["I can't", 0],
    ['I can’t', 0],
    ["o'can", 0],
    ["the can's lid", 1],
    ["a can'", 1],
    ["can'sa", 0],
    ["'can'", 1],
  ])('takes no contraction for the word before its apostrophe: %s', (text, times) => {
    expect(Lexicon.of([entry('can')]).match(normalise(text))).toHaveLength(times)
  })

  it('keeps terms of one id apart from each other only where they overlap', () => {
    const lexicon = Lexicon.of([
      entry('刷单', 'a', { score: 0.5 }),
      entry('刷单返利', 'a', { score: 0.95 }),
      entry('返利', 'b', { score: 0.3 }),
    ])
    expect(lexicon.match(normalise('刷单返利，刷单'))).toEqual([
      {
        detector: 'lexicon',
        id: 'a',
        score: 0.95,
        spans: [
          [0, 4],
          [5, 7],
        ],
      },
      { detector: 'lexicon', id: 'b', score: 0.3, spans: [[2, 4]] },
    ])
  })

  it('refuses a term of nothing', () => {
    expect(() => Lexicon.of([entry('​')])).toThrow(EmptyTermError)
  })

  it('reports at most fifty spans', () => {
    expect(Lexicon.of([entry('赌')]).match(normalise('赌'.repeat(200)))[0]?.spans.length).toBe(50)
  })
})
