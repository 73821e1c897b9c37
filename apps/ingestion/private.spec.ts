import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseKeepingRepeated } from '#libs/runtime/json/parse-keeping-repeated'
import { privacyOf } from '#libs/runtime/json/says-private'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type CheckedMessage, checkMessage, checkValue } from './check-message.rules.js'
import { expectedOutcome, type Json, Pairs, read } from './private-oracle.fixture.js'

const good = {
  messageId: 'm-7',
  accountId: 'acc-9',
  visibility: 'public',
  sentAt: '2026-11-24T07:00:00Z',
  text: 'hello',
}
const { visibility: _public, ...silent } = good

function outcomeOf(checked: CheckedMessage): string {
  return checked.outcome === 'rejected' ? checked.rejection.slug : checked.outcome
}
const outcome = (text: string): string => outcomeOf(checkMessage(Buffer.from(text)))
/** As the API judges it. */
const outcomeOfValue = (text: string): string => {
  const value = parseKeepingRepeated(text)
  return outcomeOf(checkValue(value))
}
/** The good message with these members before its own, as text. */
const before = (members: string, message: object = good): string =>
  JSON.stringify(message).replace('{', `{${members},`)
const after = (members: string, message: object = good): string =>
  JSON.stringify(message).replace(/\}$/, `,${members}}`)

describe('a record that says private', () => {
  it.each<[string, string]>([
    ['first, and then public', before('"visibility":"private"')],
    ['last, and public before', after('"visibility":"private"')],
    ['between', before('"visibility":"public","visibility":"private"')],
    ['with an escape in the name', before(String.raw`"\u0076isibility":"private"`)],
    ['with an escape in the word', after(String.raw`"visibility":"priv\u0061te"`, silent)],
    ['with a capital', after('"Visibility":"private"')],
    ['in capitals', after('"VISIBILITY":"PRIVATE"')],
    ['in full width', after('"ｖｉｓｉｂｉｌｉｔｙ":"ｐｒｉｖａｔｅ"')],
    ['with blanks', after('" visibility\\t":"\\u00a0private\\n"')],
    ['with a zero-width space', after('"visi\u200bbility":"pri\u200bvate"')],
    ['with joiners', after('"visi\u200dbility":"pri\u2060vate"')],
    ['with a byte order mark', after('"\ufeffvisibility":"private\ufeff"')],
    ['with soft hyphens', after('"visi\u00adbility":"pri\u00advate"')],
    ['with variation selectors', after('"visibility\ufe0f":"private\u{e0100}"')],
    ['with tags', after('"visibility\u{e0061}":"private\u{e007f}"')],
    ['with marks of direction', after('"\u202evisibility\u202c":"\u2066private\u2069"')],
    ['with a grapheme joiner', after('"visi\u034fbility":"pri\u034fvate"')],
    ['with a Hangul filler', after('"visi\u3164bility":"pri\u115fvate"')],
    ['with a Braille blank', after('"visibility\u2800":"private\u2800"')],
    ['with accents', after('"vísibilitý":"p\u0307rivate"')],
    ['with Cyrillic letters', after('"vіsіbіlіtу":"рrіvаtе"')],
    ['with Greek capitals', after('"ΥΙSΙΒΙLΙΤΥ":"public","VΙSΙBΙLΙΤΥ":"ΡRΙVΑΤΕ"')],
    ['with Cyrillic capitals', after('"VІЅІBІLІТУ":"РRІVАТЕ"')],
    ['with digits', after('"v1s1b1lity":"pr1vate"')],
    ['in circles', after('"ⓥⓘⓢⓘⓑⓘⓛⓘⓣⓨ":"🅟🅡🅘🅥🅐🅣🅔"')],
    ['in bold', after('"𝐯𝐢𝐬𝐢𝐛𝐢𝐥𝐢𝐭𝐲":"𝓹𝓻𝓲𝓿𝓪𝓽𝓮"')],
    ['with a Roman numeral', after('"ⅵsibility":"prⅳate"')],
    ['in a list', after('"visibility":["private"]', silent)],
    ['in a list in a list, after public', after('"visibility":["public",[["private"]]]', silent)],
    ['in a list beside public', after('"Visibility":[["private"]]')],
    ['in JSON in a string', after(String.raw`"visibility":"\"private\""`, silent)],
    ['in a list in a string', after(String.raw`"visibility":"[\"public\",\"private\"]"`, silent)],
    ['in an object', after('"visibility":{"value":"private"}', silent)],
    ['in an object in a string', after(String.raw`"visibility":"{\"value\":\"private\"}"`, silent)],
    ['as a flag', after('"visibility":{"private":true}', silent)],
    ['as a number', after('"visibility":{"public":0,"private":1}', silent)],
    ['as a word that says yes', after('"visibility":{"private":"yes"}', silent)],
    ['with whom', after('"visibility":{"private":["acc-1"]}', silent)],
    ['by what it holds', after('"visibility":[{"private":{}}]', silent)],
    ['as a whole in a string', JSON.stringify(JSON.stringify({ ...good, visibility: 'private' }))],
    [
      'as a whole in a string in a string',
      JSON.stringify(JSON.stringify(JSON.stringify({ ...good, visibility: 'private' }))),
    ],
    ['behind a byte order mark', `\ufeff${after('"visibility":"private"')}`],
    [
      'below the top, without an id',
      after('"meta":{"visibility":"private"}', { ...good, messageId: undefined }),
    ],
    [
      'below the top, twice the same name',
      before('"account":{"visibility":"private","visibility":"public"}'),
    ],
    ['below the top, beside a name given twice', after('"meta":{"visibility":"private"},"text":"b"')],
    ['below the top, too deep', after(`"meta":${'['.repeat(20)}{"visibility":"private"}${']'.repeat(20)}`)],
    [
      'in JSON in a text, without an account',
      JSON.stringify({ ...good, accountId: undefined, text: '{"visibility":"private"}' }),
    ],
  ])('%s', (_how, text) => {
    expect(outcome(text)).toBe('private')
    expect(outcomeOfValue(text.replace(/^\ufeff/, ''))).toBe('private')
    expect(privacyOf(Buffer.from(text))).toBe('private')
  })
})

describe('a record that does not say private', () => {
  it.each<[string, string]>([
    ['speaks of it', JSON.stringify({ ...good, text: 'set "visibility":"private" now' })],
    ['has JSON in its text', JSON.stringify({ ...good, text: '{"visibility":"private"}' })],
    [
      'has JSON of a record in its text',
      JSON.stringify({ ...good, text: JSON.stringify([{ visibility: 'private' }]) }),
    ],
    ['says so below the top', JSON.stringify({ ...good, account: { visibility: 'private' } })],
    ['says so in a list', JSON.stringify({ ...good, more: [{ visibility: 'private' }] })],
    ['says public twice in other spellings', after('"Visibility":"PUBLIC"')],
    ['has another name with the word', JSON.stringify({ ...good, private: true, visibilities: ['private'] })],
    ['has the name with another word', after('"Visibility":"not private"')],
    ['has a flag of that name elsewhere', JSON.stringify({ ...good, meta: { private: true } })],
    ['has a quote and a colon in its text', JSON.stringify({ ...good, text: '\\":"\\\\":' })],
    ['has JSON in a text that denies it', JSON.stringify({ ...good, text: '{"visibility":{"private":1}}' })],
    ['has names of nothing', after('"":1,"a":{"":1},"b":[{"":1},{"":2}]')],
  ])('%s', (_how, text) => {
    expect(outcome(text)).toBe('accepted')
    expect(outcomeOfValue(text)).toBe('accepted')
    expect(expectedOutcome(text)).toBe('accepted')
  })

  it('where it is refused and a flag is named so', () => {
    expect(outcome(JSON.stringify({ ...good, text: 7, meta: { private: true } }))).toBe('schema')
  })

  it.each<Json>([false, null, 'false', ' False'])('where private is denied: %j', (denied) => {
    const text = JSON.stringify({ ...good, visibility: { private: denied } })
    expect(outcome(text)).toBe('schema')
    expect(privacyOf(Buffer.from(text))).toBe('not-private')
    expect(expectedOutcome(text)).toBe('refused')
  })

  it.each<[string, string, string]>([
    ['at the top', after('"text":"again"'), '/text'],
    ['with the same value', before('"visibility":"public"'), '/visibility'],
    ['with an escape', before(String.raw`"te\u0078t":"a"`), '/text'],
    ['in an account', after('"account":{"kind":"media","kind":"media"}'), '/account/kind'],
    ['where nobody looks', after('"x":[1,{"y":{"a/b":1,"a/b":2}}]'), '/x/1/y/a~1b'],
    ['that is null', after('"z":null,"z":null'), '/z'],
  ])('is refused where it gives a name twice, %s', (_where, text, path) => {
    const value = parseKeepingRepeated(text)
    for (const checked of [checkMessage(Buffer.from(text)), checkValue(value)]) {
      expect(checked).toMatchObject({ outcome: 'rejected', rejection: { slug: 'schema', path } })
    }
  })
})

describe('bytes that are no JSON', () => {
  const hidden = JSON.stringify({ ...silent, visibility: 'private' })
  it.each<[string, Buffer]>([
    ['are cut off', Buffer.from(after('"visibility":"private"', silent).slice(0, -1))],
    ['are cut off within the word', Buffer.from(hidden.slice(0, -4))],
    ['are cut off before the word', Buffer.from(hidden.slice(0, hidden.indexOf('private')))],
    ['have it behind another word of a list', Buffer.from('{"visibility":["public","private"]')],
    ['have it in an object', Buffer.from(`{"messageId":"m-7","visibility": {"value" : "private"},`)],
    ['are cut off within an object', Buffer.from('{"text":"a","visibility":{"value":"pri')],
    ['go on', Buffer.from(`${hidden} x`)],
    ['are two records', Buffer.from(`${JSON.stringify(good)}\n${hidden}`)],
    ['have a comma too many', Buffer.from(hidden.replace('}', ',}'))],
    ['have single quotes', Buffer.from(hidden.replaceAll('"', "'"))],
    ['have no quotes', Buffer.from(hidden.replaceAll('"', ''))],
    ['are in a string that is cut off', Buffer.from(JSON.stringify(JSON.stringify(hidden)).slice(0, -1))],
    ['have escapes', Buffer.from(`${hidden.replace('visi', '\\u0076isi').replace('priv', '\\u0070riv')},`)],
    ['have capitals and marks', Buffer.from(`{"VISIBILI\u200bTY":["ＰＲＩＶＡＴＥ"`)],
    ['are not UTF-8', Buffer.concat([Buffer.from(hidden), Buffer.of(0xff)])],
    ['are not UTF-8 within the word', Buffer.from(hidden.replace('private', 'priv\xffate'), 'latin1')],
    ['are UTF-16', Buffer.from(hidden, 'utf16le')],
    ['are UTF-16 with a mark', Buffer.from(`\ufeff${hidden}`, 'utf16le')],
    ['are UTF-16, big end first', Buffer.from(hidden, 'utf16le').swap16()],
  ])('may say private: %s', (_how, bytes) => {
    expect(['not-json', 'not-utf8']).toContain(outcomeOf(checkMessage(bytes)))
    expect(privacyOf(bytes)).toBe('maybe-private')
  })

  it.each<[string, Buffer]>([
    ['rubbish', Buffer.from('not json at all')],
    ['a public record that is cut off', Buffer.from(JSON.stringify(good).slice(0, -3))],
    [
      'a public record that is not UTF-8',
      Buffer.concat([Buffer.from(JSON.stringify(good)), Buffer.of(0xff)]),
    ],
    ['one that speaks of private matters', Buffer.from('{"visibility":"public","text":"a private matter')],
    [
      'one that speaks of private matters behind a list',
      Buffer.from('{"visibility":["public"],"text":"a private'),
    ],
    ['nothing', Buffer.alloc(0)],
  ])('do not say private: %s', (_what, bytes) => {
    expect(privacyOf(bytes)).toBe('not-private')
  })
})

describe('what takes long', () => {
  const n = 300_000
  it.each<[string, string]>([
    ['brackets', '['.repeat(n) + ']'.repeat(n)],
    ['brackets that are not closed', '['.repeat(n)],
    ['objects in objects', `${'{"visibility":'.repeat(n / 10)}1${'}'.repeat(n / 10)}`],
    ['empty lists', `[${'[],'.repeat(n)}[]]`],
    ['the same name over and over', `{${'"a":1,'.repeat(n)}"a":1}`],
    ['the same name in objects', `[${'{"a":1,"a":2},'.repeat(n / 10)}1]`],
    ['backslashes', `{"a":"${'\\\\'.repeat(n)}","a":1}`],
    ['quotes', `{"a":"${'\\"'.repeat(n)}","a":1}`],
    ['backslashes without an end', `"${'\\'.repeat(n)}`],
    ['words without an end', 'visibility'.repeat(n / 10)],
    ['words with lists without an end', 'visibility:['.repeat(n / 10)],
    ['the name and blanks', `visibility${' '.repeat(n)}`.repeat(3)],
    ['accents in the wrong order', `{"visibility${'\u0301'.repeat(n)}${'\u0323'.repeat(n)}":1,"a":`],
    ['a name of accents', `{"visibility${'\u0301'.repeat(n)}${'\u0323'.repeat(n)}":1}`],
    ['a name of ligatures', `{"${'\ufdfa'.repeat(n)}":1}`],
    ['Chinese without an end', `"${'私密的内容'.repeat(n / 5)}`],
    ['strings of JSON', JSON.stringify(Array.from({ length: n / 10 }, () => '[[["a"]]]'))],
  ])('is judged in linear time: %s', (_what, text) => {
    expect(['not-json', 'too-large', 'too-deep', 'schema']).toContain(outcome(text))
    expect(privacyOf(Buffer.from(text))).toBeDefined()
  })
})

/** Ways to write a word. */
const spelled = (word: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.record({
        upper: fc.boolean(),
        wide: fc.boolean(),
        alike: fc.boolean(),
        mark: fc.constantFrom('', '', '', '\u200b', '\u200d', '\ufeff', '\u00ad', '\ufe0f', '\u034f', ' '),
      }),
      { minLength: word.length, maxLength: word.length },
    )
    .map((ways) => [...word].map((letter, i) => written(letter, ways[i]!)).join(''))
const ALIKE: Record<string, string> = { a: 'а', e: 'е', i: 'і', p: 'р', s: 'ѕ', y: 'у', v: 'ν' }
function written(
  letter: string,
  way: { upper: boolean; wide: boolean; alike: boolean; mark: string },
): string {
  if (way.alike) return (ALIKE[letter] ?? letter) + way.mark
  const cased = way.upper ? letter.toUpperCase() : letter
  const wide = way.wide ? String.fromCharCode(cased.charCodeAt(0) + 0xfee0) : cased
  return wide + way.mark
}

const name = fc.oneof(
  { weight: 4, arbitrary: spelled('visibility') },
  { weight: 3, arbitrary: fc.constant('visibility') },
  fc.constantFrom(
    'text',
    'messageId',
    'account',
    'visibilities',
    'private',
    'meta',
    '',
    'a',
    '__proto__',
    'Visibility ',
  ),
  fc.string({ maxLength: 12 }),
)
const word = fc.oneof(
  spelled('private'),
  fc.constantFrom(
    'public',
    'PUBLIC',
    'private',
    'not private',
    'set "visibility":"private"',
    'friends',
    'false',
    '',
  ),
  fc.string({ maxLength: 12 }),
)
const { json } = fc.letrec<{ json: Json; object: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: word },
    fc.constantFrom<Json>(null, true, false, 0, -1.5e3),
    fc.array(tie('json'), { maxLength: 3 }),
    tie('object'),
    tie('object').map((value) => rendered(value)),
    fc.array(tie('json'), { maxLength: 2 }).map((value) => rendered(value)),
  ),
  object: fc.array(fc.tuple(name, tie('json')), { maxLength: 4 }).map((pairs) => new Pairs(pairs)),
}))

/** JSON text; with `escape` every n-th character of names and strings is an escape. */
function rendered(value: Json, escape = 0): string {
  if (typeof value === 'string') {
    if (escape === 0) return JSON.stringify(value)
    const units = value.split('').map((unit, i) => {
      return i % escape === 0
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
        : JSON.stringify(unit).slice(1, -1)
    })
    return `"${units.join('')}"`
  }
  if (Array.isArray(value)) return `[${value.map((item) => rendered(item, escape)).join(' , ')}]`
  if (value instanceof Pairs) {
    const members = value.pairs.map(([key, member]) => `${rendered(key, escape)}:${rendered(member, escape)}`)
    return `{ ${members.join(',')}\n}`
  }
  return JSON.stringify(value)
}

const extra = fc.array(fc.tuple(name, json), { maxLength: 3 })
/** Mostly good messages with one thing or another about them. */
const record = fc
  .record({
    own: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ ...good }) },
      fc.constant({ ...silent }),
      fc.constantFrom('messageId', 'sentAt', 'accountId').map((gone): Record<string, Json> => {
        const { [gone]: _gone, ...rest } = good as Record<string, Json>
        return rest
      }),
      fc.constant({ ...good, text: 7 }),
    ),
    text: fc.option(json),
    extra,
    first: fc.boolean(),
    deep: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ own, text, extra: more, first, deep }) => {
    const pairs = Object.entries(typeof text === 'string' ? { ...own, text } : own)
    if (deep < 3) pairs.push(['deep', JSON.parse('['.repeat(12) + ']'.repeat(12)) as Json])
    if (deep === 99) pairs.push(['large', 'x'.repeat(263_000)])
    return new Pairs(first ? [...more, ...pairs] : [...pairs, ...more])
  })
const texts = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: record },
      record.map((one): Json => [one]),
      record.map((one): Json => new Pairs([['message', one]])),
      record.map((one): Json => rendered(one)),
      json,
    ),
    fc.constantFrom(0, 0, 1, 2, 5),
  )
  .map(([value, escape]) => rendered(value, escape))

describe('any record', () => {
  const numRuns = propertyRuns(1_000, 20_000)

  it('is refused as private just where SPEC says so, from Kafka and by REST', () => {
    const seen: Record<string, number> = {}
    fc.assert(
      fc.property(texts, (text) => {
        const expected = expectedOutcome(text)
        seen[expected] = (seen[expected] ?? 0) + 1
        const slug = outcome(text)
        expect(slug === 'private' || slug === 'accepted' ? slug : 'refused').toBe(expected)
        expect(outcomeOfValue(text)).toBe(slug)
        if (slug === 'private') expect(privacyOf(Buffer.from(text))).toBe('private')
        else if (slug !== 'accepted') expect(privacyOf(Buffer.from(text))).toBe('not-private')
      }),
      { numRuns },
    )
    expect(Object.keys(seen).sort()).toEqual(['accepted', 'private', 'refused'])
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(numRuns / 20)
  })

  it('is parsed as JSON.parse does', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseKeepingRepeated(text)).toEqual(JSON.parse(text))
        expect(JSON.stringify(parseKeepingRepeated(text))).toBe(JSON.stringify(JSON.parse(text)))
        expect(read(text)).toBeDefined()
      }),
      { numRuns: numRuns / 4 },
    )
  })
})
