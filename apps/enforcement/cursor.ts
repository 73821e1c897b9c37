import { decodeCursor } from '#libs/platform/http/paging'
import { badRequest } from '#libs/platform/http/problem'

/** The cursor of a list that is sorted by an instant and an id. Throws a 400 `bad-cursor`. */
export function instantCursor(cursor: string | undefined): [Date, string] | undefined {
  const key = decodeCursor(cursor, 2)
  return key && [instantPart(key[0]), String(key[1])]
}

/** The instant in a part of a cursor. Throws a 400 `bad-cursor`. */
function instantPart(part: string | number | undefined): Date {
  const instant = new Date(String(part))
  if (Number.isNaN(instant.getTime()))
    throw badRequest('bad-cursor', 'The cursor is not one that this list gave out.')
  return instant
}
