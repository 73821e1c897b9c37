import { isUtf8 } from 'node:buffer'
import type { MessageIn } from '#libs/contracts/message-in'
import type { Repair } from '#libs/contracts/repair'
import { PermanentError } from '#libs/platform/errors'
import { excessOf } from '#libs/platform/json/bound-json'
import { shapeMessage, type ShapedMessage } from '#libs/platform/json/check-message'
import { countNames } from '#libs/platform/json/count-names'
import { inspect } from '#libs/platform/json/inspect'
import { parseKeepingRepeated, repeatedIn, repeatedName } from '#libs/platform/json/parse-keeping-repeated'
import { holdsPrivate, jsonSaysPrivate, saysPrivate } from '#libs/platform/json/says-private'

/** Bytes that the JSON of one message may have (SPEC 4.1). */
export const MAX_BYTES = 256 * 1024
/** Levels of objects and lists that it may have, the outermost counted (SPEC 4.1). */
const MAX_DEPTH = 8
/** Values that it may hold: with every field and list at its longest it has 200. A platform may have fields of its own beside them. */
const MAX_VALUES = 10_000
/** Shorter ones are parsed as they are: that takes no millisecond, whatever they hold. */
const SMALL_BYTES = 4 * 1024

/** Why a record may be refused, in the order of the checks. */
export const REJECTIONS = ['not-utf8', 'not-json', 'too-large', 'too-deep', 'schema'] as const

/** What is wrong with a record: names fields, never what they hold. */
export interface Rejection {
  readonly slug: (typeof REJECTIONS)[number]
  /** The offending field, as a JSON Pointer. */
  readonly path: string | null
  readonly reason: string
}

/** What a message is taken as. `repairs` are there where any were made, `sent` with them: see `shapeMessage`. */
export interface AcceptedOutcome {
  readonly outcome: 'accepted'
  readonly message: MessageIn
  readonly repairs?: readonly Repair[]
  readonly sent?: MessageIn
}

/** What the checks say of one record. Of a private one nothing is kept, so nothing is told. */
export type CheckedMessage =
  | AcceptedOutcome
  | { readonly outcome: 'private' }
  | { readonly outcome: 'rejected'; readonly rejection: Rejection }

const PRIVATE: CheckedMessage = { outcome: 'private' }
const NOT_JSON = rejected('not-json', null, 'The record is not JSON.')

/**
 * The checks of SPEC 4.1 in their order on the value of a record. An accepted message has known fields only, without
 * nulls; what its judgement does not rest on may have been repaired. Never throws.
 */
export function checkMessage(bytes: Buffer | null): CheckedMessage {
  if (bytes === null || bytes.length === 0) return rejected('not-json', null, 'The record is empty.')
  if (!isUtf8(bytes)) return rejected('not-utf8', null, 'The record is not UTF-8.')
  const text = withoutMark(bytes.toString('utf8'))
  const excess = excessIn(bytes)
  if (excess) return refusedUnparsed(text, excess)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return NOT_JSON
  }
  if (saysPrivate(value)) return PRIVATE
  const { shaped, rejection, members } = checkParsed(value)
  if (shaped && members === countNames(text)) return accepted(shaped)
  // Only what is refused is worth looking at everywhere, and at what JSON.parse forgot.
  if (jsonSaysPrivate(text)) return PRIVATE
  return refused(rejection ?? repetition(parseKeepingRepeated(text))!)
}

/** What may be costly to parse is only read through: whether it is JSON and says private comes before its bounds. */
function refusedUnparsed(text: string, excess: Rejection): CheckedMessage {
  switch (jsonSaysPrivate(text)) {
    case undefined:
      return NOT_JSON
    case true:
      return PRIVATE
    case false:
      return refused(excess)
  }
}

/**
 * The checks from `private` on, for a value that `parseKeepingRepeated` made. It is changed: nulls and unknown fields go.
 */
export function checkValue(value: unknown, size: number): CheckedMessage {
  if (saysPrivate(value)) return PRIVATE
  // Both before the checks, which take out what nobody knows.
  const isPrivateIfRefused = holdsPrivate(value)
  const excess = size > MAX_BYTES ? tooManyBytes(size) : excessOfValue(value)
  if (excess) return isPrivateIfRefused ? PRIVATE : refused(excess)
  const repeated = repetition(value)
  const { shaped, rejection } = checkParsed(value)
  if (shaped && !repeated) return accepted(shaped)
  return isPrivateIfRefused ? PRIVATE : refused(rejection ?? repeated!)
}

/** How many bytes a parsed value has as JSON; 0 where it is too deep for that to matter. */
export function sizeOf(value: unknown): number {
  return isDeeper(value) ? 0 : Buffer.byteLength(JSON.stringify(value) ?? '')
}

interface Checked {
  readonly shaped?: ShapedMessage
  readonly rejection?: Rejection
  /** How many members the objects had. */
  readonly members: number
}

/** What a value within the bounds, as `JSON.parse` gives it, is taken as, or what is wrong with it. */
function checkParsed(value: unknown): Checked {
  try {
    const members = inspect(value, { maxDepth: MAX_DEPTH })
    return { shaped: shapeMessage(value), members }
  } catch (error) {
    return { rejection: rejectionOf(error, value), members: 0 }
  }
}

/** Which bound JSON passes; of several, the first in the order of the checks. Meaningless for bytes that are no JSON. */
function excessIn(bytes: Buffer): Rejection | undefined {
  if (bytes.length > MAX_BYTES) return tooManyBytes(bytes.length)
  if (bytes.length <= SMALL_BYTES) return undefined
  if (excessOf(bytes, { maxDepth: MAX_DEPTH, maxValues: Infinity })) return TOO_DEEP
  return excessOf(bytes, { maxDepth: MAX_DEPTH, maxValues: MAX_VALUES }) && TOO_MANY_VALUES
}

/** The same of a value that is parsed already, whose bytes are few enough. */
function excessOfValue(value: unknown): Rejection | undefined {
  return isDeeper(value) ? TOO_DEEP : isMoreThan(value, MAX_VALUES) ? TOO_MANY_VALUES : undefined
}

const TOO_DEEP: Rejection = {
  slug: 'too-deep',
  path: null,
  reason: `The record has more than ${MAX_DEPTH} levels.`,
}
const TOO_MANY_VALUES: Rejection = {
  slug: 'too-large',
  path: null,
  reason: `The record holds more than ${MAX_VALUES} values.`,
}

function tooManyBytes(bytes: number): Rejection {
  return { slug: 'too-large', path: null, reason: `The record has ${bytes} bytes.` }
}

function rejectionOf(error: unknown, value: unknown): Rejection {
  // A forbidden key may be met before the depth that comes first in the order of the checks.
  if (isDeeper(value)) return TOO_DEEP
  if (error instanceof PermanentError) return shapeRejection(error)
  return { slug: 'schema', path: null, reason: 'The record cannot be checked.' }
}

function repetition(value: unknown): Rejection | undefined {
  const path = repeatedName(value)
  return path === undefined
    ? undefined
    : { slug: 'schema', path: cut(path), reason: 'A name is given twice.' }
}

/** A forbidden key may stand below keys of any length. */
function shapeRejection(error: PermanentError): Rejection {
  return { slug: 'schema', path: error.path === null ? null : cut(error.path), reason: error.message }
}

function cut(path: string): string {
  return path.slice(0, 500)
}

/** RFC 8259 lets a reader ignore a byte order mark. */
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** Looks level by level: without recursion, which depth could exhaust. */
function isDeeper(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    const below: unknown[] = []
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue
      if (depth === MAX_DEPTH) return true
      for (const member of Array.isArray(node) ? (node as unknown[]) : Object.values(node)) below.push(member)
    }
    level = below
  }
  return false
}

/** Counts as `excessOf` does: an empty object or list as one more than it holds, and what a name was given before. */
function isMoreThan(value: unknown, most: number): boolean {
  const waiting: unknown[] = [value]
  let values = 1
  for (let next; waiting.length > 0;) {
    next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    const members: unknown[] = Array.isArray(next)
      ? (next as unknown[])
      : [...(Object.values(next) as unknown[]), ...repeatedIn(next).map(([, earlier]) => earlier)]
    values += Math.max(1, members.length)
    if (values > most) return true
    for (const member of members) waiting.push(member)
  }
  return false
}

function accepted({ message, repairs, sent }: ShapedMessage): CheckedMessage {
  return repairs.length === 0
    ? { outcome: 'accepted', message }
    : { outcome: 'accepted', message, repairs, sent }
}

function rejected(slug: Rejection['slug'], path: string | null, reason: string): CheckedMessage {
  return refused({ slug, path, reason })
}

function refused(rejection: Rejection): CheckedMessage {
  return { outcome: 'rejected', rejection }
}
