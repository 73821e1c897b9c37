import type { CategoryVerdict } from '#libs/contracts/verdict'

/** Messages from this severity on are grave: what the daily limit of a person counts. */
const GRAVE = 3
/** The gravest that is still handed to somebody over the limit. */
export const MILD = GRAVE - 1

/** What somebody was shown of one kind. */
export interface Shown {
  category: string
  severity: number
  /** Views of a case or review of which this was the gravest message. */
  views: number
  messages: number
}

/** One message as it was shown. What is sealed was not shown. */
export interface ShownEntry {
  sealed: boolean
  categories: readonly Pick<CategoryVerdict, 'category' | 'outcome' | 'severity' | 'score'>[]
}

/** The day of an instant, UTC, by which exposure is counted. */
export function dayOf(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 86_400_000) * 86_400_000)
}

/** What one view shows, by category and severity: each message by the gravest that was found in it, the view by the gravest of all. */
export function shownIn(entries: readonly ShownEntry[]): Shown[] {
  const kinds = entries.filter(({ sealed }) => !sealed).flatMap((entry) => gravestOf(entry) ?? [])
  const gravest = kinds.toSorted(byGravity)[0]
  return sumOf(
    kinds.map((kind) => {
      const { category, severity } = kind
      return { category, severity, messages: 1, views: kind === gravest ? 1 : 0 }
    }),
  )
}

/** Added up by category and severity, the gravest first. */
export function sumOf(parts: readonly Shown[]): Shown[] {
  const byKind = Map.groupBy(parts, ({ category, severity }) => `${severity} ${category}`)
  return [...byKind.values()]
    .map((some) => ({
      category: some[0]!.category,
      severity: some[0]!.severity,
      views: some.reduce((sum, { views }) => sum + views, 0),
      messages: some.reduce((sum, { messages }) => sum + messages, 0),
    }))
    .sort((a, b) => b.severity - a.severity || (a.category < b.category ? -1 : 1))
}

/** How many grave messages are among what was shown. */
export function graveMessages(shown: readonly Shown[]): number {
  return shown.reduce((sum, { severity, messages }) => sum + (severity >= GRAVE ? messages : 0), 0)
}

/** Whether who was shown this today has seen enough. `limit` 0: nobody ever has. */
export function isOverLimit(shownToday: readonly Shown[], limit: number): boolean {
  return limit > 0 && graveMessages(shownToday) >= limit
}

interface Kind {
  category: string
  severity: number
  score: number
}

function gravestOf({ categories }: ShownEntry): Kind | undefined {
  return categories
    .filter(({ outcome }) => outcome !== 'clear')
    .map(({ category, severity = 0, score }) => ({ category, severity, score }))
    .sort(byGravity)[0]
}

function byGravity(a: Kind, b: Kind): number {
  return b.severity - a.severity || b.score - a.score
}
