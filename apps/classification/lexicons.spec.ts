import { describe, expect, it, vi } from 'vitest'
import { normalise } from '#libs/text/normalise'
import { Lexicon } from './detectors/lexicon.js'
import { Lexicons } from './lexicons.js'
import { UnreadablePolicyError } from './unreadable-policy.js'

const word = (entryId: string, term: string, more: object = {}) => ({
  entryId,
  id: `fraud/${term}`,
  terms: [term, `${term}s`],
  category: 'fraud',
  score: 0.9,
  ...more,
})
const found = (lexicon: Lexicon, text: string) =>
  lexicon.match(normalise(text)).map(({ id, standing }) => [id, standing])

describe('lexicons', () => {
  it('are built from the one before where little changed, and hold the same', () => {
    const build = vi.spyOn(Lexicon, 'building')
    const lexicons = new Lexicons()
    const [one, two] = [word('1', 'one'), word('2', 'two')]
    const first = lexicons.of([one, two])
    const second = lexicons.of([one, word('2', 'zwei'), word('3', 'three', { act: true })])
    const third = lexicons.of([word('3', 'three', { act: true, unambiguous: true })])
    expect(build).toHaveBeenCalledTimes(1)
    const text = 'one ones two twos zwei three threes'
    expect(found(first, text)).toEqual([
      ['fraud/one', 'review'],
      ['fraud/two', 'review'],
    ])
    expect(found(second, text)).toEqual([
      ['fraud/one', 'review'],
      ['fraud/zwei', 'review'],
      ['fraud/three', 'company'],
    ])
    expect(found(third, text)).toEqual([['fraud/three', 'alone']])
    build.mockRestore()
  })

  it('are built anew where much changed, or an entry has no id', () => {
    const build = vi.spyOn(Lexicon, 'building')
    const lexicons = new Lexicons()
    lexicons.of([word('1', 'one')])
    lexicons.of(Array.from({ length: 1_100 }, (_, i) => word(String(i), `w${i}`)))
    const { entryId: _, ...without } = word('1', 'one')
    lexicons.of([without])
    expect(build).toHaveBeenCalledTimes(3)
    build.mockRestore()
  })

  it('are none where an entry cannot be read', () => {
    expect(() => new Lexicons().of([word('1', 'one', { score: 2 })])).toThrow(UnreadablePolicyError)
  })
})
