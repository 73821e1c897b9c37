/** What somebody would send who wants a service to be busy: bytes of JSON, or nearly, by what is costly about them. */
export interface HostileBytes {
  readonly name: string
  readonly bytes: Buffer
}

const MESSAGE =
  '"messageId":"m-1","accountId":"acc-1","visibility":"public","sentAt":"2026-11-24T07:00:00Z","text":"hello"'
/** Layers of JSON in strings: each escapes what the one within has escaped. */
const LAYERS = 16

/** Each of `size` bytes at most, and little less where its kind allows it. */
export function hostileBytes(size: number): HostileBytes[] {
  const room = size - 400
  /** The part over and over, as often as there is room. */
  const filled = (part: string): string => part.repeat(Math.floor(room / Buffer.byteLength(part)))
  /** The same with a number in it that is always another. */
  const counted = (partOf: (n: number) => string): string => {
    const parts: string[] = []
    for (let n = 0, left = room; (left -= Buffer.byteLength(partOf(n))) > 0; n++) parts.push(partOf(n))
    return parts.join('')
  }
  const within = (members: string): string => `{${MESSAGE},${members}}`
  const texts: [string, string][] = [
    ['lists side by side', within(`"x":[${filled('[],')}1]`)],
    ['objects side by side', within(`"x":[${filled('{},')}1]`)],
    ['numbers', within(`"x":[${filled('1,')}1]`)],
    ['long numbers', within(`"x":[${filled('1e-300,')}1]`)],
    ['empty strings', within(`"x":[${filled('"",')}1]`)],
    ['lists in lists', within(`"x":${'['.repeat(room / 2)}${']'.repeat(room / 2)}`)],
    ['lists that are not closed', filled('[')],
    ['objects in objects', within(`"x":${'{"a":'.repeat(room / 6)}1${'}'.repeat(room / 6)}`)],
    ['visibility in visibility', `${'{"visibility":'.repeat(room / 15)}1${'}'.repeat(room / 15)}`],
    ['names', within(`${counted((n) => `"k${n}":1,`)}"z":1`)],
    ['one name over and over', within(`${filled('"a":1,')}"a":1`)],
    ['visibility over and over', `{${filled('"visibility":"public",')}"a":1}`],
    ['visibility as an object, over and over', `{${filled('"visibility":{},')}"a":1}`],
    ['a name twice in objects', within(`"x":[${filled('{"a":1,"a":2},')}1]`)],
    ['numbers as names', within(`${counted((n) => `"${n}":1,`)}"z":1`)],
    ['names that collide in part', within(`${counted((n) => `"${'a'.repeat(40)}${n}":1,`)}"z":1`)],
    ['escapes', within(`"x":"${filled('\\u0041')}"`)],
    ['escapes in a name', within(`"${filled('\\u0076')}":1`)],
    ['escapes, not closed', `{"x":"${filled('\\u0041')}`],
    ['backslashes', within(`"x":"${filled('\\\\')}","x":1`)],
    ['quotes', within(`"x":"${filled('\\"')}","x":1`)],
    ['strings that begin like JSON', within(`"x":[${filled('"[",')}1]`)],
    ['strings of JSON', within(`"x":[${filled('"[[]]",')}1]`)],
    ['strings of objects', within(`"x":[${filled('"{\\"a\\":1}",')}1]`)],
    ['strings of a name twice', within(`"x":[${filled('"{\\"a\\":1,\\"a\\":1}",')}1]`)],
    ['lists in a string', within(`"x":${JSON.stringify(`[${filled('[],')}1]`)}`)],
    ['levels in a string', within(`"x":"${'['.repeat(room / 2)}${']'.repeat(room / 2)}"`)],
    ['JSON in strings in JSON', within(`"x":${inStrings('"[],[]"', room)}`)],
    ['lists in strings in JSON', within(`"x":${inStrings(`[${'[],'.repeat(room / 4)}1]`, room)}`)],
    ['JSON in strings, nearly', within(`"x":${inStrings(`[${'[],'.repeat(room / 4)}`, room)}`)],
    ['blanks before JSON in a string', within(`"x":"${filled(' ')}[]"`)],
    ['marks before JSON in a string', within(`"x":"${filled('\u200b')}[]"`)],
    ['names that look like it', within(`${counted((n) => `"vіsіbіlіtу${n}":1,`)}"z":1`)],
    ['words of fifty accents', within(`"x":[${filled(`"${'e\u0301'.repeat(50)}",`)}1]`)],
    ['words of fifty accents as visibility', `{"visibility":[${filled(`"${'e\u0301'.repeat(50)}",`)}1]}`],
    ['ligatures as visibility', `{"visibility":[${filled(`"${'\ufdfa'.repeat(50)}",`)}1]}`],
    ['ligatures, not closed', `{"x":"${filled('\ufdfa')}`],
    ['accents in the wrong order, not closed', `{"x":"a${filled('\u0301')}\u0323`],
    ['visibility and blanks, not closed', `"visibility${filled(' ')}`],
    ['visibility over and over, not closed', filled('visibility')],
    [
      'addresses',
      within(`"links":[${`"https://${'a.'.repeat(room / 110)}example",`.repeat(50)}"https://a.example"]`),
    ],
    [
      'fifty nested addresses',
      within(`"links":[${`"${'https://a.example/?u='.repeat(room / 1_100)}",`.repeat(50)}"x"]`),
    ],
    ['one text', within(`"x":"${filled('buy now ')}"`)],
    ['blanks', within(`"x":[${filled(' ')}]`)],
    ['words without an order', filled('{["a",:]}')],
  ]
  const bytes = texts.map(([name, text]): HostileBytes => ({ name, bytes: Buffer.from(text) }))
  return [...bytes, { name: 'no UTF-8', bytes: Buffer.alloc(room, 0xc3) }]
}

/** JSON in a string in a string, as deep as there is room for. */
function inStrings(json: string, room: number): string {
  let text = json
  for (let layer = 0; layer < LAYERS; layer++) {
    const next = JSON.stringify(text)
    if (next.length > room) break
    text = next
  }
  return text
}
