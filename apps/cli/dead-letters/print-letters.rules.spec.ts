import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aLetter } from './a-letter.fixture.js'
import { harmless, letterJson, letterLines, listLines, summaryLines } from './print-letters.rules.js'

const listed = (change: Parameters<typeof aLetter>[0] = {}, redriven = false) => ({
  letter: aLetter(change),
  redriven,
})

describe('a list', () => {
  it('has a line for each letter', () => {
    expect(
      listLines([
        listed(),
        listed(
          {
            address: '12/345',
            path: '',
            attempts: 3,
            size: 1_600_000,
            truncated: true,
            redrives: 2,
          },
          true,
        ),
      ]),
    ).toEqual([
      'LETTER  TIME                      REASON  PATH   CAME FROM                    SERVICE    TRIES  SIZE            REDRIVEN',
      '0/1     2026-11-24T07:00:00.000Z  schema  /text  weir.in.p1.messages.v1/3/77  ingestion  1      2 B',
      '12/345  2026-11-24T07:00:00.000Z  schema         weir.in.p1.messages.v1/3/77  ingestion  3      1600000 B, cut  before ×2 yes',
    ])
  })

  it('holds nothing of a record, as text or as JSON', () => {
    const content = {
      key: Buffer.from('secret'),
      value: Buffer.from('secret'),
      headers: { secret: 'secret' },
    }
    const lines = [...listLines([listed(content)]), letterJson(listed(content))]
    expect(lines.join('\n')).not.toContain('secret')
  })

  it('cuts a path that the sender made long', () => {
    expect(listLines([listed({ path: 'x'.repeat(10_000) })])[1]!.length).toBeLessThan(250)
  })

  it('is one line of JSON for machines', () => {
    expect(JSON.parse(letterJson(listed({ platformId: undefined })))).toMatchObject({
      letter: '0/1',
      at: '2026-11-24T07:00:00.000Z',
      platformId: null,
      redriven: false,
    })
  })

  it('can be a count of each kind', () => {
    expect(summaryLines([{ reason: 'schema', topic: 't', count: 12 }])).toEqual([
      'LETTERS  REASON  CAME FROM',
      '12       schema  t',
    ])
  })
})

describe('one letter', () => {
  it('is printed whole, as text where it is text', () => {
    expect(letterLines(listed({ headers: { ce_id: Buffer.from('m-1'), twice: ['a', 'b'] } }))).toEqual([
      'letter    0/1',
      'given up  2026-11-24T07:00:00.000Z',
      'redriven  no',
      'size      2 B',
      'key       acc-1',
      '',
      'headers:',
      'ce_id  m-1',
      'twice  a',
      'twice  b',
      '',
      'value:',
      '{}',
    ])
  })

  it('is printed in hexadecimal where it is none', () => {
    const value = Buffer.concat([Buffer.from('0123456789abcdef'), Buffer.from([0xff, 0x1b])])
    expect(letterLines(listed({ value })).at(-1)).toBe(
      [
        '00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66   0123456789abcdef',
        `00000010  ${'ff 1b'.padEnd(49)} ..`,
      ].join('\n'),
    )
  })

  it('cannot move the cursor, turn the text or hide some of it', () => {
    expect(harmless('a\u001b[2Jb\rc\u202ed\u200be\nf\tg 中文 😀')).toBe(
      'a\\u{1b}[2Jb\\u{d}c\\u{202e}d\\u{200b}e\nf\tg 中文 😀',
    )
    const anything = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(anything, anything, anything, (key, value, header) => {
        const content = {
          key: Buffer.from(key as string),
          value: Buffer.from(value as string),
          headers: { [String(header)]: Buffer.from(header as string) },
          path: String(header),
        }
        const printed = [...letterLines(listed(content)), ...listLines([listed(content)])].join('\n')
        expect(printed).not.toMatch(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
        )
      }),
    )
  })
})
