import { Optional, Text } from '#libs/contracts/fields'
import { QueryInt } from './query-fields.js'
import { badRequest, type Problem } from './problem.js'

/** Query of every list. Extend it with the filters of one list. */
export class PageQuery {
  @Optional() @QueryInt(1, 200) limit = 50
  @Optional() @Text(500, 1) cursor?: string
}

/** One page of a list, newest first unless said otherwise; `nextCursor` is null on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

/**
 * Makes a page of what was read with `limit + 1`: the surplus item says that there is more. `keyOf` gives the sort key of
 * an item, which the cursor carries: the next page is what sorts after it.
 */
export function page<T, R = T>(
  found: readonly T[],
  limit: number,
  keyOf: (item: T) => readonly (string | number)[],
  show: (item: T) => R = (item) => item as unknown as R,
): Page<R> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const nextCursor = found.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null
  return { items: items.map(show), nextCursor }
}

/** A sort key as an opaque, URL-safe text. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** The sort key in a cursor of ours, undefined for none. Throws a 400 `bad-cursor` on anything else. */
export function decodeCursor(cursor: string | undefined, length: number): (string | number)[] | undefined {
  if (cursor === undefined) return undefined
  const key = parsed(cursor)
  const fits =
    Array.isArray(key) &&
    key.length === length &&
    key.every((part) => ['string', 'number'].includes(typeof part))
  if (!fits) throw badCursor()
  return key as (string | number)[]
}

/** 400 `bad-cursor`. */
export function badCursor(): Problem {
  return badRequest('bad-cursor', 'The cursor is not one that this list gave out.', [
    { path: 'cursor', reason: 'must be a nextCursor of this list' },
  ])
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
