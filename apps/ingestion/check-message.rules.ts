import { isUtf8 } from 'node:buffer'
import { MessageIn } from '#libs/contracts/message-in'
import { PermanentError } from '#libs/platform/errors'
import { inspect } from '#libs/platform/json/inspect'
import { contractCheck } from '#libs/platform/json/validator'

/** Bytes that the JSON of one message may have (SPEC 4.1). */
export const MAX_BYTES = 256 * 1024
/** Levels of objects and lists that it may have, the outermost counted (SPEC 4.1). */
const MAX_DEPTH = 8

/** Why a record may be refused, in the order of the checks. */
export const REJECTIONS = ['not-utf8', 'not-json', 'too-large', 'too-deep', 'schema'] as const

/** What is wrong with a record: names fields, never what they hold. */
export interface Rejection {
  readonly slug: (typeof REJECTIONS)[number]
  /** The offending field, as a JSON Pointer. */
  readonly path: string | null
  readonly reason: string
}

/** What the checks say of one record. Of a private one nothing is kept, so nothing is told. */
export type CheckedMessage =
  | { readonly outcome: 'accepted'; readonly message: MessageIn }
  | { readonly outcome: 'private' }
  | { readonly outcome: 'rejected'; readonly rejection: Rejection }

const checkShape = contractCheck(MessageIn)
const PRIVATE: CheckedMessage = { outcome: 'private' }

/**
 * The checks of SPEC 4.1 in their order on the value of a record. An accepted message has known fields only, without
 * nulls. Never throws.
 */
export function checkMessage(bytes: Buffer | null): CheckedMessage {
  if (bytes === null || bytes.length === 0) return rejected('not-json', null, 'The record is empty.')
  if (!isUtf8(bytes)) return rejected('not-utf8', null, 'The record is not UTF-8.')
  let value: unknown
  try {
    value = JSON.parse(withoutMark(bytes.toString('utf8')))
  } catch {
    return rejected('not-json', null, 'The record is not JSON.')
  }
  return checkValue(value, bytes.length)
}

/** The checks from `private` on, for a value that is parsed already. It is changed: nulls and unknown fields go. */
export function checkValue(value: unknown, size: number): CheckedMessage {
  const visibility = visibilityOf(value)
  if (visibility === 'private') return PRIVATE
  const rejection = firstRejection(value, size)
  if (!rejection) return { outcome: 'accepted', message: value as MessageIn }
  return visibility !== 'public' && saysPrivate(value) ? PRIVATE : { outcome: 'rejected', rejection }
}

/** How many bytes a parsed value has as JSON; 0 where it is too deep for that to matter. */
export function sizeOf(value: unknown): number {
  return isDeeper(value) ? 0 : Buffer.byteLength(JSON.stringify(value) ?? '')
}

function firstRejection(value: unknown, size: number): Rejection | undefined {
  if (size > MAX_BYTES) return { slug: 'too-large', path: null, reason: `The record has ${size} bytes.` }
  try {
    inspect(value, { maxDepth: MAX_DEPTH })
    checkShape(value)
    return undefined
  } catch (error) {
    // A forbidden key may be met before the depth that comes first in the order of the checks.
    if (isDeeper(value))
      return { slug: 'too-deep', path: null, reason: `It has more than ${MAX_DEPTH} levels.` }
    if (error instanceof PermanentError) return shapeRejection(error)
    return { slug: 'schema', path: null, reason: 'The record cannot be checked.' }
  }
}

/** A forbidden key may stand below keys of any length. */
function shapeRejection(error: PermanentError): Rejection {
  return { slug: 'schema', path: error.path?.slice(0, 500) ?? null, reason: error.message }
}

/** RFC 8259 lets a reader ignore a byte order mark. */
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function visibilityOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null
    ? (value as { visibility?: unknown }).visibility
    : undefined
}

/**
 * Whether anything within says private, however it is spelt: a message in an envelope or a list. Asked only of what is
 * refused anyway and does not itself say public, so that no private content becomes a dead letter.
 */
function saysPrivate(value: unknown): boolean {
  return someNode(value, (node) => {
    const visibility = visibilityOf(node)
    return typeof visibility === 'string' && visibility.trim().toLowerCase() === 'private'
  })
}

function isDeeper(value: unknown): boolean {
  return someNode(value, (_node, depth) => depth > MAX_DEPTH)
}

/** Asks every object and list within, level by level: without recursion, which depth could exhaust. */
function someNode(value: unknown, ask: (node: object, depth: number) => boolean): boolean {
  let level: unknown[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    const below: unknown[] = []
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue
      if (ask(node, depth)) return true
      for (const member of Array.isArray(node) ? (node as unknown[]) : Object.values(node)) below.push(member)
    }
    level = below
  }
  return false
}

function rejected(slug: Rejection['slug'], path: string | null, reason: string): CheckedMessage {
  return { outcome: 'rejected', rejection: { slug, path, reason } }
}
