import { InvalidArgumentError } from 'commander'

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** The value of an option that is an instant with its offset, as in RFC 3339. @throws InvalidArgumentError */
export function instantOption(text: string): Date {
  const instant = RFC_3339.test(text) ? new Date(text) : undefined
  if (instant && !Number.isNaN(instant.getTime())) return instant
  throw new InvalidArgumentError('An instant looks like 2026-11-24T07:00:00Z.')
}
