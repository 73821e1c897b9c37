import { KIND, Kind } from '#libs/text/fold-table'

const APOSTROPHE = 0x27
const S = 0x73

/** Whether a unit is a letter or digit of a script that parts words by blanks. */
export function isWordUnit(unit = 0): boolean {
  const kind = KIND[unit] as number
  return kind >= Kind.digit && kind !== Kind.han
}

/** Whether a word that stands at `start` began before it; an apostrophe within a word does not end it. */
export function beginsBefore(codes: Uint16Array, start: number): boolean {
  const before = codes[start - 1]
  return isWordUnit(before) || (before === APOSTROPHE && isWordUnit(codes[start - 2]))
}

/** Whether a word that stands before `end` goes on there. The 's of "the dealer's" does not make another word, that of "can't" does. */
export function goesOnAt(codes: Uint16Array, end: number): boolean {
  const next = codes[end]
  if (isWordUnit(next)) return true
  if (next !== APOSTROPHE || !isWordUnit(codes[end + 1])) return false
  return codes[end + 1] !== S || isWordUnit(codes[end + 2])
}
