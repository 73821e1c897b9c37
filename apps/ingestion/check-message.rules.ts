import { isUtf8 } from 'node:buffer'
import type { MessageIn } from '#libs/contracts/message-in'
import type { Repair } from '#libs/contracts/repair'
import { PermanentError } from '#libs/runtime/errors'
import {
  depthExcessOf,
  excessOfBytes,
  excessOfValue,
  MAX_MESSAGE_DEPTH,
  type MessageExcess,
} from '#libs/runtime/json/bound-message'
import { shapeMessage, type ShapedMessage } from '#libs/runtime/json/check-message'
import { countNames } from '#libs/runtime/json/count-names'
import { inspect } from '#libs/runtime/json/inspect'
import { parseKeepingRepeated, repeatedName } from '#libs/runtime/json/parse-keeping-repeated'
import { holdsPrivate, jsonSaysPrivate, saysPrivate } from '#libs/runtime/json/says-private'

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
  const excess = excessOfBytes(bytes)
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
function refusedUnparsed(text: string, excess: MessageExcess): CheckedMessage {
  switch (jsonSaysPrivate(text)) {
    case undefined:
      return NOT_JSON
    case true:
      return PRIVATE
    case false:
      return rejected(excess.slug, null, excess.reason)
  }
}

/**
 * The checks from `private` on, for a value that `parseKeepingRepeated` made. It is changed: nulls and unknown fields go.
 */
export function checkValue(value: unknown): CheckedMessage {
  if (saysPrivate(value)) return PRIVATE
  // Both before the checks, which take out what nobody knows.
  const isPrivateIfRefused = holdsPrivate(value)
  const excess = excessOfValue(value)
  if (excess) return isPrivateIfRefused ? PRIVATE : rejected(excess.slug, null, excess.reason)
  const repeated = repetition(value)
  const { shaped, rejection } = checkParsed(value)
  if (shaped && !repeated) return accepted(shaped)
  return isPrivateIfRefused ? PRIVATE : refused(rejection ?? repeated!)
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
    const members = inspect(value, { maxDepth: MAX_MESSAGE_DEPTH })
    return { shaped: shapeMessage(value), members }
  } catch (error) {
    // A forbidden key may be met before the depth that comes first in the order of the checks.
    const tooDeep = depthExcessOf(value)
    const rejection = tooDeep ? { ...tooDeep, path: null } : rejectionOf(error)
    return { rejection, members: 0 }
  }
}

function rejectionOf(error: unknown): Rejection {
  if (!(error instanceof PermanentError)) {
    return { slug: 'schema', path: null, reason: 'The record cannot be checked.' }
  }
  // A forbidden key may stand below keys of any length.
  return { slug: 'schema', path: error.path === null ? null : cut(error.path), reason: error.message }
}

function repetition(value: unknown): Rejection | undefined {
  const path = repeatedName(value)
  return path === undefined
    ? undefined
    : { slug: 'schema', path: cut(path), reason: 'A name is given twice.' }
}

function cut(path: string): string {
  return path.slice(0, 500)
}

/** RFC 8259 lets a reader ignore a byte order mark. */
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
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
