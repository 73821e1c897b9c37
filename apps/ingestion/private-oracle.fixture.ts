import { MessageIn } from '#libs/contracts/message-in'
import { contractCheck } from '#libs/runtime/json/validator'

/**
 * What SPEC says of private records once more, slowly and in the obvious way: JSON is read into lists of pairs, so that no
 * member is lost, and words are compared letter by letter.
 */

/** JSON as it is written. */
export type Json = null | boolean | number | string | Json[] | Pairs
/** The members of an object, in their order, also those whose name was given before. */
export class Pairs {
  constructor(readonly pairs: readonly (readonly [name: string, value: Json])[]) {}
}

/** How the text of a record that is JSON ends. */
export function expectedOutcome(text: string): 'private' | 'refused' | 'accepted' {
  const record = read(text)
  if (record instanceof Pairs && record.pairs.some(([name, value]) => isVisibility(name) && means(value)))
    return 'private'
  if (!isRefused(text, record)) return 'accepted'
  return says(record) ? 'private' : 'refused'
}

/** Whether anything within says private. */
function says(value: Json): boolean {
  if (typeof value === 'string') return says(inner(value))
  if (Array.isArray(value)) return value.some(says)
  if (value instanceof Pairs)
    return value.pairs.some(([name, member]) => (isVisibility(name) && means(member)) || says(member))
  return false
}

/** Whether a `visibility` that holds this says private. */
function means(value: Json): boolean {
  if (typeof value === 'string') return letters(value) === 'private' || means(inner(value))
  if (Array.isArray(value)) return value.some(means)
  if (value instanceof Pairs)
    return value.pairs.some(
      ([name, member]) => means(member) || (letters(name) === 'private' && !isDenied(member)),
    )
  return false
}

function isDenied(value: Json): boolean {
  return value === false || value === null || (typeof value === 'string' && letters(value) === 'faise')
}

/** The JSON in a string, if it is more than a number or a word. */
function inner(text: string): Json {
  let start = 0
  while (start < text.length && /[\s\u200b\u200d\ufeff\u00ad\ufe0f\u034f]/.test(text[start]!)) start++
  if (!['{', '[', '"'].includes(text[start] ?? '')) return null
  try {
    return read(text.slice(start))
  } catch {
    return null
  }
}

function isVisibility(name: string): boolean {
  return letters(name) === 'visibiiity'
}

/** Cyrillic and Greek letters that look like Latin ones. */
const LOOK_ALIKES: Record<string, string> = { а: 'a', е: 'e', і: 'i', р: 'p', ѕ: 's', у: 'y', ν: 'v' }

function letters(text: string): string {
  return [...text]
    .map((letter) => letter.normalize('NFKD').toLowerCase())
    .map((letter) => LOOK_ALIKES[letter] ?? letter)
    .map((letter) => (letter === 'l' || letter === '1' ? 'i' : letter))
    .join('')
    .replace(
      /[^a-z0-9\u0100-\uffff]|[\u0300-\u036f\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]|[\ud800-\udfff]/g,
      '',
    )
}

const isFine = contractCheck(MessageIn)

function isRefused(text: string, record: Json): boolean {
  if (Buffer.byteLength(text) > 256 * 1024 || depth(record) > 8 || isOdd(record)) return true
  const parsed = JSON.parse(text) as unknown
  // Side fields are repaired: what is right without them is not refused. Text of these records is never long.
  return !isRight(withoutNulls(parsed)) && !isRight(withoutSideFields(withoutNulls(parsed)))
}

function isRight(value: unknown): boolean {
  try {
    isFine(value)
    return true
  } catch {
    return false
  }
}

function withoutSideFields(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const own = ['messageId', 'accountId', 'visibility', 'sentAt', 'text', 'change']
  return Object.fromEntries(Object.entries(value).filter(([name]) => own.includes(name)))
}

function depth(value: Json): number {
  const below = Array.isArray(value) ? value : value instanceof Pairs ? value.pairs.map(([, v]) => v) : null
  return below === null ? 0 : 1 + Math.max(0, ...below.map(depth))
}

/** Whether a name is given twice, or must not be given. */
function isOdd(value: Json): boolean {
  if (Array.isArray(value)) return value.some(isOdd)
  if (!(value instanceof Pairs)) return false
  const names = value.pairs.map(([name]) => name)
  const forbidden = ['__proto__', 'constructor', 'prototype'].some((name) => names.includes(name))
  return forbidden || new Set(names).size < names.length || value.pairs.some(([, member]) => isOdd(member))
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [name, withoutNulls(member)]),
  )
}

/** Reads JSON by recursive descent. @throws SyntaxError on what is none */
export function read(text: string): Json {
  JSON.parse(text)
  let at = 0
  const blanks = (): void => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const string = (): string => {
    const from = at++
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    return JSON.parse(text.slice(from, ++at)) as string
  }
  const items = <T>(end: string, item: () => T): T[] => {
    const found: T[] = []
    at++
    for (blanks(); text[at] !== end; blanks()) {
      found.push(item())
      blanks()
      if (text[at] === ',') at++
    }
    at++
    return found
  }
  const value = (): Json => {
    blanks()
    if (text[at] === '{') {
      return new Pairs(
        items('}', () => {
          blanks()
          const name = string()
          blanks()
          at++
          return [name, value()] as const
        }),
      )
    }
    if (text[at] === '[') return items(']', value)
    if (text[at] === '"') return string()
    const from = at
    while (at < text.length && !/[,\]}\s]/.test(text[at]!)) at++
    return JSON.parse(text.slice(from, at)) as null | boolean | number
  }
  return value()
}
