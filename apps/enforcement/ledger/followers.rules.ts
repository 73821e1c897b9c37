const DAY = 86_400_000
/** SPEC promise 6: reach is the highest count of followers in 30 days. */
const WINDOW_DAYS = 30

/** The table with one more count, without days that no longer matter at `now`. Order and repeats make no difference. */
export function withFollowers(
  byDay: Readonly<Record<string, number>>,
  followers: number | null | undefined,
  seenAt: Date,
  now: Date,
): Record<string, number> {
  const oldest = oldestDay(now)
  const kept = Object.fromEntries(Object.entries(byDay).filter(([day]) => day >= oldest))
  const day = dayOf(seenAt)
  if (followers !== null && followers !== undefined && day >= oldest) {
    kept[day] = Math.max(kept[day] ?? 0, followers)
  }
  return kept
}

/** The highest count in 30 days that any of the tables has, by whole UTC days; `null` where none is known. */
export function highestFollowers(
  tables: readonly Readonly<Record<string, number>>[],
  now: Date,
): number | null {
  const oldest = oldestDay(now)
  const counts = tables
    .flatMap((byDay) => Object.entries(byDay))
    .flatMap(([day, count]) => (day >= oldest ? [count] : []))
  return counts.length > 0 ? Math.max(...counts) : null
}

/** The earliest UTC date that counts at `now`. */
export function oldestDay(now: Date): string {
  return dayOf(new Date(now.getTime() - WINDOW_DAYS * DAY))
}

/** The UTC date of an instant. */
export function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10)
}
