import { describe, expect, it } from 'vitest'
import { parseBank } from './bank-entries.js'

describe('parseBank', () => {
  it('reads each spelling of an entry', () => {
    expect(
      parseBank(
        'kind: words\nentries:\n  - {id: a/b, terms: [x y, 加微], category: fraud, score: 0.9, act: true}',
      ),
    ).toEqual({
      bank: {
        kind: 'words',
        entries: [
          { id: 'a/b', term: 'x y', category: 'fraud', score: 0.9, act: true },
          { id: 'a/b', term: '加微', category: 'fraud', score: 0.9, act: true },
        ],
      },
      errors: [],
    })
  })

  it('tells all that is wrong with its place, and keeps what is right', () => {
    const { bank, errors } = parseBank(`kind: words
entries:
  - {id: A b, term: x, category: fraud, score: 0.5}
  - {id: a, term: y, category: fraud, score: 2}
  - {id: a, category: fraud, score: 0.5, colour: red}
  - {id: a, term: "\\u200b", category: fraud, score: 0.5}
  - nothing
  - {id: a, term: y, category: fraud, score: 0.5, act: maybe}
  - {id: good, term: y, category: fraud, score: 0.5}`)
    expect(errors.map((e) => e.path)).toEqual([
      'entries[0].id',
      'entries[1].score',
      'entries[2].term',
      'entries[2].colour',
      'entries[3].term',
      'entries[4]',
      'entries[5].act',
    ])
    expect(bank?.entries.map((e) => e.id)).toEqual(['good'])
  })

  it.each([
    ['', ''],
    ['kind: [', ''],
    ['kind: words', 'entries'],
    ['kind: other\nentries: []', 'kind'],
    ['kind: words\nentries: [&a {id: a, term: y, category: c, score: 1}, *a]', ''],
    ['kind: links\nentries: [{id: a, pattern: not a host, category: c, score: 1}]', 'entries[0].pattern'],
    [
      'kind: claims\nentries: [{id: a, claim: {en: a, zh: b}, finding: {en: a}, source: x, expires: soon, variants: [a … b]}]',
      'entries[0].source',
    ],
  ])('refuses %j', (yaml, path) => {
    expect(parseBank(yaml).errors[0]?.path).toBe(path)
  })
})
