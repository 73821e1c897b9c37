import type { AcceptedMessage } from '#libs/contracts/accepted-message'
import { revisionOf } from '#libs/contracts/message'
import { MAX_REPAIRS } from '#libs/contracts/repair'
import { PermanentError } from '#libs/runtime/errors'
import { excessOfValue, MAX_MESSAGE_DEPTH } from '#libs/runtime/json/bound-message'
import { shapeMessage, type ShapedMessage } from '#libs/runtime/json/check-message'
import { inspect } from '#libs/runtime/json/inspect'
import { repeatedIn, repeatedName } from '#libs/runtime/json/parse-keeping-repeated'
import { holdsPrivate, saysPrivate } from '#libs/runtime/json/says-private'

/** Messages that one request may ask about. */
export const MAX_MESSAGES = 100

/** The messages of a request to `POST /v1/classify`, and whether it asked for one or for a list. */
export interface Asked {
  readonly messages: readonly AcceptedMessage[]
  readonly list: boolean
}

/**
 * Reads one message, or `{messages: [1 to 100]}`, as the platform's, received at `now`. Throws a PermanentError that
 * names the field: `private` for a message that is not public, `too-large`, `too-deep`, `schema`.
 */
export function askedFor(body: unknown, platformId: string, now: Date): Asked {
  const list = (body as { messages?: unknown } | null)?.messages
  if (list === undefined) return { messages: [toMessage(body, '', platformId, now)], list: false }
  if (repeatedIn(body).length > 0) throw twice(`/${repeatedIn(body)[0]![0]}`)
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_MESSAGES) {
    throw new PermanentError(
      'schema',
      `messages must be a list of 1 to ${MAX_MESSAGES} messages.`,
      '/messages',
    )
  }
  const messages = list.map((item, i) => toMessage(item, `/messages/${i}`, platformId, now))
  return { messages, list: true }
}

function twice(path: string): PermanentError {
  return new PermanentError('schema', 'A name is given twice.', path.slice(0, 500))
}

function toMessage(value: unknown, at: string, platformId: string, now: Date): AcceptedMessage {
  const isPrivate = new PermanentError('private', 'Weir looks at public messages only.', `${at}/visibility`)
  if (saysPrivate(value)) throw isPrivate
  // Both before the checks, which take out what nobody knows.
  const isPrivateIfRefused = holdsPrivate(value)
  const repeated = repeatedName(value)
  const excess = excessOfValue(value)
  let shaped: ShapedMessage
  try {
    if (excess) throw new PermanentError(excess.slug, excess.reason)
    inspect(value, { maxDepth: MAX_MESSAGE_DEPTH })
    shaped = shapeMessage(value)
    if (repeated !== undefined) throw twice(repeated)
  } catch (error) {
    if (isPrivateIfRefused) throw isPrivate
    if (!(error instanceof PermanentError) || at === '') throw error
    throw new PermanentError(error.slug, error.message, `${at}${error.path ?? ''}`)
  }
  const { message, repairs } = shaped
  return {
    ...message,
    platformId,
    revision: revisionOf(message),
    receivedAt: now.toISOString(),
    ...(repairs.length > 0 ? { repairs: repairs.slice(0, MAX_REPAIRS) } : {}),
  }
}
