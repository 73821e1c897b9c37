import { badCursor, decodeCursor } from '#libs/runtime/http/paging'

/** The cursor of a list that is sorted by an instant and an id. Throws a 400 `bad-cursor`. */
export function instantCursor(cursor: string | undefined): [Date, string] | undefined {
  const key = decodeCursor(cursor, 2)
  return key && [instantPart(key[0]), String(key[1])]
}

/** The cursor of cases by account: id of the account, and as `instantCursor` has it. Throws a 400 `bad-cursor`. */
export function accountCursor(cursor: string | undefined): [string, Date, string] | undefined {
  const key = decodeCursor(cursor, 3)
  return key && [String(key[0]), instantPart(key[1]), String(key[2])]
}

/** The instant in a part of a cursor. Throws a 400 `bad-cursor`. */
function instantPart(part: string | number | undefined): Date {
  const instant = new Date(String(part))
  if (Number.isNaN(instant.getTime())) throw badCursor()
  return instant
}
