/** The fields that were given. */
export function definedFields<T extends object>(filter: T): Partial<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Partial<T>
}

/** What comes after a cursor in a list that is sorted by an instant and the id, newest first. */
export function olderThan(after: [Date, string] | undefined, field = 'at'): object {
  if (!after) return {}
  const [at, id] = after
  // The first bound is what the index is entered by; of an `$or` alone it makes a filter.
  return { [field]: { $lte: at }, $or: [{ [field]: { $lt: at } }, { _id: { $lt: id } }] }
}

/** Partial indexes of what has a date are only entered where the type is said, however clear it is from the rest. */
export const DATED = { $type: 'date' } as const

/** A range of strings by prefix, in which nothing of the prefix is special. */
export function prefix(text: string): { $gte: string; $lt: string } {
  return { $gte: text, $lt: `${text}\u{10FFFF}` }
}

/** All but those of these ids. */
export function notAmong(ids: string[]): object {
  return ids.length === 0 ? {} : { _id: { $nin: ids } }
}
