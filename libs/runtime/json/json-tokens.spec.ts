import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonTokens } from './json-tokens.js'

/** The text again as its tokens tell it, without blanks; undefined where it is said to be no JSON. */
function retold(text: string): string | undefined {
  const tokens = new JsonTokens(text)
  const ends: string[] = []
  const told: string[] = []
  const value = (written: string): void => {
    if (!/[[{:]$/.test(told.at(-1) ?? '[')) told.push(',')
    told.push(written)
  }
  for (;;) {
    const token = tokens.next()
    switch (token) {
      case 'done':
        return told.join('')
      case 'broken':
        return undefined
      case 'begin-object':
      case 'begin-list':
        value(token === 'begin-object' ? '{' : '[')
        ends.push(token === 'begin-object' ? '}' : ']')
        break
      case 'end':
        told.push(ends.pop()!)
        break
      case 'name':
        value(`${text.slice(tokens.start, tokens.end)}:`)
        break
      case 'string':
        value(text.slice(tokens.start, tokens.end))
        break
      case 'true':
        value('true')
        break
      case 'number':
      case 'other':
        value('0')
    }
  }
}

/** What `JSON.parse` makes of a text, as `retold` tells it; undefined where it throws. */
function parsed(text: string): string | undefined {
  try {
    const tame = (_name: string, value: unknown): unknown =>
      value === null || value === false || typeof value === 'number' ? 0 : value
    return JSON.stringify(JSON.parse(text, tame))
  } catch {
    return undefined
  }
}

const numRuns = process.env['LONG'] === '1' ? 50_000 : 3_000
const json = fc.tuple(fc.json({ maxDepth: 5 }), fc.nat(3)).map(([text, indent]) => {
  return JSON.stringify(
    JSON.parse(text, (name, value: unknown) => (name === '__proto__' ? undefined : value)),
    null,
    indent,
  )
})
const pieces = fc
  .array(
    fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"a"',
        '"\\"',
        '\\',
        '\\u0041',
        '\\u00g0',
        'true',
        'false',
        'null',
        'tru',
      ],
      ...[
        '0',
        '01',
        '-',
        '-1',
        '1.',
        '.5',
        '1e5',
        '1E+',
        ' ',
        '\n',
        '\t',
        '\r',
        '\u00a0',
        '\u0000',
        '\ufeff',
        '"\u0001"',
        '"\ud800"',
      ],
    ),
    { maxLength: 12 },
  )
  .map((some) => some.join(''))
/** Broken at one place. */
const broken = fc
  .tuple(json, fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '\\', '0', 'x', ' '))
  .map(([text, at, put]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + put + text.slice(place + 1)
  })

describe('the tokens of JSON', () => {
  it('are taken just where JSON.parse takes the text', () => {
    const seen = { json: 0, none: 0 }
    fc.assert(
      fc.property(fc.oneof(json, pieces, broken), (text) => {
        const isJson = parsed(text) !== undefined
        seen[isJson ? 'json' : 'none']++
        expect(retold(text) !== undefined).toBe(isJson)
      }),
      { numRuns },
    )
    expect(Math.min(seen.json, seen.none)).toBeGreaterThan(numRuns / 10)
  })

  it('tell what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(json, (text) => {
        // Written twice, so that what says the same is written the same.
        expect(JSON.stringify(JSON.parse(retold(text)!))).toBe(parsed(text))
      }),
      { numRuns },
    )
  })

  it.each([
    '',
    ' ',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '[1 2]',
    '1 1',
    '[}',
    '{]',
    '"\t"',
    '[,1]',
    'True',
    '+1',
    "'a'",
  ])('are none of %j', (text) => expect(retold(text)).toBeUndefined())

  it('are told of any depth', () => {
    const text = '['.repeat(300_000) + ']'.repeat(300_000)
    expect(retold(text)).toBe(text)
  })
})
