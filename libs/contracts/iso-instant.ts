let last: { at: number; text: string } = { at: NaN, text: '' }

/** RFC 3339 in UTC with milliseconds, as `toISOString`. The records of a batch share their instant, so the last is kept. */
export function isoInstant(at: Date): string {
  const time = at.getTime()
  if (time !== last.at) last = { at: time, text: at.toISOString() }
  return last.text
}
