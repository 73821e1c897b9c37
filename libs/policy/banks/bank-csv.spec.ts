import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALL_COLUMNS, columnsOf, entryOf, errorsOfColumns, rowOf } from './bank-csv.js'
import type { WrittenEntry } from './bank-entries.js'

/** What people write, and what spreadsheets and readers of CSV trip over. */
const text = fc
  .array(
    fc.oneof(fc.constantFrom(...`='+-@\t\r\n|\\";,＝＋－＠`), fc.string({ unit: 'grapheme', maxLength: 4 })),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''))
  .filter((one) => one.trim() !== '')
const list = fc.array(text, { minLength: 1, maxLength: 4 })
const texts = fc.record({ zh: text, en: text })

const written: fc.Arbitrary<WrittenEntry> = fc.record(
  {
    id: text,
    category: text,
    score: fc.double({ min: 0, max: 1, noNaN: true }).map((score) => score + 0),
    term: text,
    terms: list,
    pattern: text,
    context: list,
    exceptions: list,
    wholeWord: fc.boolean(),
    unambiguous: fc.boolean(),
    claim: texts,
    finding: texts,
    source: text,
    variants: list,
    expires: fc.constant('2027-12-31'),
    act: fc.boolean(),
  },
  { requiredKeys: ['id'] },
)
const told = fc.record({
  entryId: fc.constantFrom('be_1', 'be_2'),
  changes: fc.nat(9),
  state: fc.constantFrom('live', 'waiting'),
  mayAct: fc.boolean(),
  written,
})

describe('entries as rows of a file', () => {
  it('are read as they were written, through a writer and a reader of CSV', () => {
    fc.assert(
      fc.property(fc.array(told, { minLength: 1, maxLength: 5 }), fc.boolean(), (entries, all) => {
        const columns = all ? ALL_COLUMNS : columnsOf(entries.map((entry) => entry.written))
        const file = stringify([[...columns], ...entries.map((entry) => rowOf(entry, columns))], {
          quoted: true,
        })
        const [head, ...rows]: string[][] = parse(file)
        expect(errorsOfColumns(head!)).toEqual([])
        const read = rows.map((cells) => entryOf(head!, cells))
        expect(read).toEqual(entries.map(({ entryId, changes, written }) => ({ entryId, changes, written })))
      }),
    )
  })

  it('hold nothing that a spreadsheet takes for a formula', () => {
    fc.assert(
      fc.property(told, (entry) => {
        for (const cell of rowOf(entry, ALL_COLUMNS)) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
      }),
    )
  })

  it('are read as people write them by hand', () => {
    const columns = ['id', 'score', 'terms', 'act', 'claim.zh', 'claim.en']
    expect(entryOf(columns, ['fraud/x', '0.9', 'one|two \\| three', 'TRUE', '甲', 'a'])).toEqual({
      written: {
        ...{ id: 'fraud/x', score: 0.9, terms: ['one', 'two | three'], act: true },
        claim: { zh: '甲', en: 'a' },
      },
    })
    // Short rows end in empty cells; what is no flag is left to be refused.
    expect(entryOf(columns, ['fraud/x', 'much', '', 'yes'])).toEqual({
      written: { id: 'fraud/x', score: NaN, act: 'yes' },
    })
  })

  it.each([
    [['id', 'id'], 'id'],
    [['id', 'colour'], 'colour'],
    [['id', '__proto__'], '__proto__'],
    [['id', 'claim.'], 'claim.'],
    [['id', 'constructor'], 'constructor'],
  ])('are refused under a head that is not known: %j', (columns, path) => {
    expect(errorsOfColumns(columns).map((error) => error.path)).toEqual([path])
  })
})
