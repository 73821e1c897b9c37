import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EmptyTermError, Lexicon, type LexiconEntry } from './lexicon.js'
import { normalise, originalSpan } from './normalise.js'

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

/** The same by looking for each term at each place. */
function naive(entries: LexiconEntry[], text: string) {
  const normalised = normalise(text)
  const units = Array.from(normalised.codes, (c) => String.fromCharCode(c))
  const hits = entries.flatMap((e) => {
    const term = normalise(e.term).text
    return units.flatMap((_, start) => {
      const end = start + term.length
      if (!normalised.text.startsWith(term, start)) return []
      if ((e.wholeWord ?? inWord(term[0])) && inWord(units[start - 1])) return []
      if ((e.wholeWord ?? inWord(term.at(-1))) && inWord(units[end])) return []
      return [{ id: e.id, score: e.score, start, end }]
    })
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
const entries = fc.array(
  fc.record(
    {
      id: fc.constantFrom('x/1', 'x/2', 'x/3'),
      term: few.filter((t) => normalise(t).codes.length > 0),
      category: fc.constant('fraud'),
      score: fc.constantFrom(0.3, 0.6, 0.9),
      wholeWord: fc.boolean(),
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
        expect(new Lexicon(bank).match(normalise(text))).toEqual(naive(bank, text))
      }),
      { numRuns: 3000 },
    )
  })

  it('gives spans of the original, however the term was hidden', () => {
    const text = '亲，加 微 信 領 取 紅包'
    const [signal] = new Lexicon([entry('加微信领取')]).match(normalise(text))
    expect(text.slice(...signal!.spans[0]!)).toBe('加 微 信 領 取')
    expect(signal).toMatchObject({ detector: 'lexicon', id: 'fraud/加微信领取', score: 0.9 })
  })

  it('matches Latin terms as whole words and Han terms anywhere', () => {
    const lexicon = new Lexicon([entry('ass'), entry('博彩')])
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
    expect(new Lexicon([entry('can')]).match(normalise(text))).toHaveLength(times)
  })

  it('keeps terms of one id apart from each other only where they overlap', () => {
    const lexicon = new Lexicon([
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
    expect(() => new Lexicon([entry('​')])).toThrow(EmptyTermError)
  })

  it('reports at most fifty spans', () => {
    expect(new Lexicon([entry('赌')]).match(normalise('赌'.repeat(200)))[0]?.spans.length).toBe(50)
  })
})
