import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import type { WrittenEntry } from './bank-entries.js'
import { type BankDocument, BankVersions, bankDocumentOf } from './bank-versions.js'

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const change = fc.record({
  set: fc.uniqueArray(fc.record({ entryId: id, score: fc.nat(9) }), {
    selector: ({ entryId }) => entryId,
    maxLength: 3,
  }),
  removed: fc.uniqueArray(id, { maxLength: 2 }),
})

describe('versions of a bank', () => {
  it('hold what was added and not removed since the first, in whatever order they are asked for', () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 30 }),
        (changes, asked) => {
          const texts = changes.map(({ set, removed }, i): BankDocument => ({
            kind: 'words',
            entries: set,
            ...(i > 0 ? { base: String(i - 1), removed } : {}),
          }))
          const versions = new BankVersions()
          for (const at of asked.filter((one) => one < texts.length)) {
            const expected: Record<string, WrittenEntry> = {}
            for (const { entries, removed = [] } of texts.slice(0, at + 1)) {
              for (const one of removed) delete expected[one]
              for (const entry of entries) expected[entry['entryId'] as string] = entry
            }
            const whole = versions.whole('words', String(at), (version) => texts[Number(version)])
            const found: Record<string, WrittenEntry> = Object.fromEntries(
              whole!.entries.map((entry) => [entry['entryId'] as string, entry]),
            )
            expect(found).toEqual(expected)
            for (const name in expected) expect(found[name]).toBe(expected[name])
          }
        },
      ),
      { numRuns: propertyRuns() },
    )
  })

  it('are none where one below is missing, or they go round', () => {
    const document = (base?: string): BankDocument => ({
      kind: 'links',
      entries: [],
      ...(base ? { base, removed: [] } : {}),
    })
    const texts: Record<string, BankDocument> = {
      2: document('1'),
      3: document('2'),
      4: document('5'),
      5: document('4'),
    }
    const whole = (version: string) => new BankVersions().whole('b', version, (one) => texts[one])
    expect(['1', '2', '3', '4', '5'].map(whole)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    texts[1] = document()
    expect(whole('3')).toEqual({ kind: 'links', entries: [] })
  })

  it('are read from documents of a known kind only', () => {
    expect(bankDocumentOf({ kind: 'words', entries: [], base: '1', removed: ['a', 1] })).toEqual({
      kind: 'words',
      entries: [],
      base: '1',
      removed: ['a'],
    })
    expect(bankDocumentOf({ kind: 'pictures', entries: [] })).toBeUndefined()
    expect(bankDocumentOf({ kind: 'words' })).toBeUndefined()
  })
})
