import { describe, expect, it } from 'vitest'
import { parseBank } from './bank-entries.js'

describe('parseBank', () => {
  it('reads each spelling of an entry', () => {
    expect(
      parseBank(
        'kind: words\nentries:\n  - {id: fraud/b, terms: [x y, 加微], category: fraud, score: 0.9, act: true}',
      ),
    ).toEqual({
      bank: {
        kind: 'words',
        entries: [
          { id: 'fraud/b', term: 'x y', category: 'fraud', score: 0.9, act: true },
          { id: 'fraud/b', term: '加微', category: 'fraud', score: 0.9, act: true },
        ],
      },
      errors: [],
    })
  })

  it('tells all that is wrong with its place, and keeps what is right', () => {
    const { bank, errors } = parseBank(`kind: words
entries:
  - {id: A b, term: x, category: fraud, score: 0.5}
  - {id: fraud/a, term: y, category: fraud, score: 2}
  - {id: fraud/a, category: fraud, score: 0.5, colour: red}
  - {id: fraud/a, term: "\\u200b", category: fraud, score: 0.5}
  - nothing
  - {id: fraud/a, term: y, category: fraud, score: 0.5, act: maybe}
  - {id: fraud/good, term: y, category: fraud, score: 0.5}`)
    expect(errors.map((e) => e.path)).toEqual([
      'entries[0].id',
      'entries[1].score',
      'entries[2].term',
      'entries[2].colour',
      'entries[3].term',
      'entries[4]',
      'entries[5].act',
    ])
    expect(bank?.entries.map((e) => e.id)).toEqual(['fraud/good'])
  })

  it.each([
    ['', ''],
    ['kind: [', ''],
    ['kind: words', 'entries'],
    ['kind: other\nentries: []', 'kind'],
    ['kind: words\nentries: [&a {id: a, term: y, category: c, score: 1}, *a]', ''],
    ['kind: words\nentries: [{id: violence/a, term: y, category: fraud, score: 1}]', 'entries[0].id'],
    ['kind: words\nentries: [{id: fraud, term: y, category: fraud, score: 1}]', 'entries[0].id'],
    ['kind: words\nentries: [{id: context/satire, term: y, category: fraud, score: 1}]', 'entries[0].id'],
    [
      'kind: words\nentries: [{id: context/satire, term: y, category: context, score: 1}]',
      'entries[0].category',
    ],
    ['kind: words\nentries: [{id: contact/x, term: y, category: contact, score: 1}]', 'entries[0].category'],
    ['kind: words\nentries: [{id: link/x, term: y, category: fraud, score: 1}]', 'entries[0].id'],
    [
      'kind: links\nentries: [{id: contact/x, pattern: a.b, category: contact, score: 1}]',
      'entries[0].category',
    ],
    ['kind: links\nentries: [{id: c/a, pattern: not a host, category: c, score: 1}]', 'entries[0].pattern'],
    [
      'kind: claims\nentries: [{id: a, claim: {en: a, zh: b}, finding: {en: a}, source: x, expires: soon, variants: [a … b]}]',
      'entries[0].source',
    ],
  ])('refuses %j', (yaml, path) => {
    expect(parseBank(yaml).errors[0]?.path).toBe(path)
  })
})
