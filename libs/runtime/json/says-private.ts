import { isUtf8 } from 'node:buffer'
import { foldLetters, foldWord, spells } from './fold-letters.js'
import { JsonTokens } from './json-tokens.js'
import { repeatedIn } from './parse-keeping-repeated.js'

const VISIBILITY = 'visibility'
/** The words, as `foldWord` gives them. */
const [FOLDED_VISIBILITY, PRIVATE, FALSE] = [foldWord(VISIBILITY), foldWord('private'), foldWord('false')]
/** Fewer units spell `visibility` only with characters that stand for several letters, which ASCII has not. */
const SHORTEST = 5

/**
 * Whether a record says by its own `visibility` that it is private, in whatever spelling of the name and the word: case, width,
 * look-alikes, marks that are not seen; in a list, an object, or JSON in a string. It is, whatever else it holds.
 */
export function saysPrivate(record: unknown): boolean {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return false
  const members = record as Record<string, unknown>
  for (const name in members) {
    if (!isVisibility(name)) continue
    const value = members[name]
    if (value !== 'public' && someSaysPrivate(value, true)) return true
  }
  return repeatedIn(record).some(([name, value]) => isVisibility(name) && someSaysPrivate(value, true))
}

/**
 * Whether anything within says so, at any depth and in JSON within strings: to be asked of what is refused anyway, so that no
 * private content is kept with it. Pass what `parseKeepingRepeated` made, before anything was taken out of it.
 */
export function holdsPrivate(value: unknown): boolean {
  return someSaysPrivate(value, false)
}

/** What can be said of bytes that are refused: that they say private, that they may, or neither. */
export type Privacy = 'private' | 'maybe-private' | 'not-private'

/**
 * The same of bytes. Where they are no JSON, what looks as if it said private is `maybe-private`. Linear, also where they are made to be
 * costly: nothing is built of them.
 */
export function privacyOf(bytes: Buffer): Privacy {
  if (!isUtf8(bytes)) return looksPrivate(bytes)
  const text = bytes.toString('utf8')
  switch (jsonSaysPrivate(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)) {
    case true:
      return 'private'
    case false:
      return 'not-private'
    case undefined:
      return looksPrivate(bytes)
  }
}

/**
 * What `holdsPrivate` says of the value of a JSON text, and of each value that it gives to a name that it gives twice; undefined where the
 * text is no JSON. `said`: the text stands in a `visibility` itself.
 */
export function jsonSaysPrivate(text: string, said = false): boolean | undefined {
  const tokens = new JsonTokens(text)
  /** Of what is open, whether it stands under a `visibility`; and so the value that comes next. */
  const open: boolean[] = []
  let [under, above] = [said, said]
  /** The name of the value that comes next says private itself, as in `{"visibility": {"private": 1}}`: unless it is denied. */
  let isFlag = false
  let found = false
  for (;;) {
    const token = tokens.next()
    switch (token) {
      case 'done':
        return found
      case 'broken':
        return undefined
      case 'begin-object':
      case 'begin-list':
        found ||= isFlag
        open.push(above)
        above = under
        isFlag = false
        continue
      case 'end':
        above = open.pop()!
        break
      case 'name': {
        if (found) continue
        const name = stringAt(text, tokens)
        under = above || isVisibility(name)
        isFlag = above && spells(name, PRIVATE)
        continue
      }
      case 'string':
        found ||= textSaysPrivate(stringAt(text, tokens), under, isFlag)
        break
      case 'number':
      case 'true':
        found ||= isFlag
        break
      case 'other':
    }
    under = above
    isFlag = false
  }
}

function stringAt(text: string, { start, end }: JsonTokens): string {
  const inside = text.slice(start + 1, end - 1)
  return inside.includes('\\') ? (JSON.parse(text.slice(start, end)) as string) : inside
}

/** `isFlag`: the name of the text is `private`. */
function textSaysPrivate(text: string, said: boolean, isFlag: boolean): boolean {
  return (isFlag && !spells(text, FALSE)) || stringSaysPrivate(text, said)
}

function stringSaysPrivate(text: string, said: boolean): boolean {
  if (said && spells(text, PRIVATE)) return true
  const before = BEFORE_JSON.exec(text)
  return before !== null && jsonSaysPrivate(text.slice(before[0].length), said) === true
}

/** Something whose members are being looked at. `said`: it stands under a `visibility`. */
interface Frame {
  readonly names: readonly string[] | undefined
  readonly items: readonly unknown[]
  readonly said: boolean
  next: number
}

/** Each value is looked at once, without recursion; `said`: the value itself is what a `visibility` holds. */
function someSaysPrivate(value: unknown, said: boolean): boolean {
  const frames: Frame[] = [{ names: undefined, items: [value], said, next: 0 }]
  for (let frame; (frame = frames.at(-1));) {
    const index = frame.next++
    if (index >= frame.items.length) {
      frames.pop()
      continue
    }
    const item = frame.items[index]
    const name = frame.names?.[index]
    const under = frame.said || (name !== undefined && isVisibility(name))
    const isFlag = frame.said && name !== undefined && spells(name, PRIVATE)
    if (typeof item === 'string') {
      if (textSaysPrivate(item, under, isFlag)) return true
    } else if (isFlag && item !== false && item !== null) {
      return true
    } else if (typeof item === 'object' && item !== null) {
      frames.push(frameOf(item, under))
    }
  }
  return false
}

function frameOf(node: object, said: boolean): Frame {
  if (Array.isArray(node)) return { names: undefined, items: node as unknown[], said, next: 0 }
  const names = Object.keys(node)
  const items = Object.values(node) as unknown[]
  for (const [name, value] of repeatedIn(node)) {
    names.push(name)
    items.push(value)
  }
  return { names, items, said, next: 0 }
}

function isVisibility(name: string): boolean {
  if (name === VISIBILITY) return true
  if (name.length < SHORTEST || (name.length < VISIBILITY.length && isAscii(name))) return false
  return spells(name, FOLDED_VISIBILITY)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

const BEFORE_JSON = /^[\s\p{Default_Ignorable_Code_Point}]*(?=["[{])/u

const UNSEEN = /[\p{M}\p{Cc}\p{Default_Ignorable_Code_Point}\u{fffd}]+/gu
const [BACKSLASH, U] = [0x5c, 0x75]
/** JSON in a string in a string has escapes of escapes. */
const MAX_LAYERS = 3
/** Of a list or an object under that name so much is looked at. */
const LOOKED_AT = 200
/** Also where the end is missing, as long as it could still have become that word; and within a list or an object. */
const SAID = new RegExp(
  `${FOLDED_VISIBILITY}[^\\p{L}\\p{N}]*(?:${PRIVATE}|(?:p(?:r(?:i(?:v(?:at?)?)?)?)?)?$)` +
    `|${FOLDED_VISIBILITY}["']?\\s{0,9}[:=]\\s{0,9}["']?[\\[{][^\\]}]{0,${LOOKED_AT}}(?:${PRIVATE}|$)`,
  'u',
)

function looksPrivate(bytes: Buffer): Privacy {
  let text = bytes.toString('utf8')
  for (let layer = 0; layer < MAX_LAYERS && text.includes('\\'); layer++) {
    text = withoutEscapes(text)
  }
  return SAID.test(foldLetters(text.replace(UNSEEN, ''))) ? 'maybe-private' : 'not-private'
}

/** Of several backslashes one, and what `\uXXXX` stands for; in one pass, since a text can be made of nothing else. */
function withoutEscapes(text: string): string {
  const units = new Uint16Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    const next = unit === BACKSLASH ? text.charCodeAt(at + 1) : 0
    if (next === BACKSLASH) continue
    const code = next === U ? fourHex(text, at + 2) : -1
    units[length++] = code < 0 ? unit : code
    if (code >= 0) at += 5
  }
  return Buffer.from(units.buffer, 0, 2 * length).toString('utf16le')
}

/** The number that four hexadecimal digits write; -1 where they are none. */
function fourHex(text: string, from: number): number {
  let code = 0
  for (let at = from; at < from + 4; at++) {
    const unit = text.charCodeAt(at)
    const small = unit | 0x20
    const digit =
      unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : small >= 0x61 && small <= 0x66 ? small - 0x57 : -1
    if (digit < 0) return -1
    code = 16 * code + digit
  }
  return code
}
