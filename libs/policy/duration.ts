/** A length of time in milliseconds. */
export type Milliseconds = number

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const WEEK = 7 * DAY

/** The durations that a policy may hold, as a pattern: ISO 8601 without years and months, whose length varies. */
export const DURATION_PATTERN =
  '^P(?=[0-9T])([0-9]{1,4}W)?([0-9]{1,5}D)?(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,7}M)?([0-9]{1,8}S)?)?$'
const DURATION = new RegExp(DURATION_PATTERN)

/** Reads an ISO 8601 duration of weeks, days, hours, minutes and seconds; a day is 24 hours. `null` if it is none. */
export function parseDuration(text: string): Milliseconds | null {
  const match = DURATION.exec(text)
  if (!match) return null
  const [, weeks, days, , hours, minutes, seconds] = match.map(
    (part) => Number.parseInt(part ?? '0', 10) || 0,
  )
  return weeks! * WEEK + days! * DAY + hours! * HOUR + minutes! * MINUTE + seconds! * SECOND
}

/** The same in reverse, in the largest units that leave no rest; for messages to people. */
export function formatDuration(duration: Milliseconds): string {
  if (duration > 0 && duration % DAY === 0) return `P${duration / DAY}D`
  if (duration > 0 && duration % HOUR === 0) return `PT${duration / HOUR}H`
  if (duration > 0 && duration % MINUTE === 0) return `PT${duration / MINUTE}M`
  return `PT${duration / SECOND}S`
}
