/**
 * What happened around one piece of evidence, as a list of single facts in any order: who it is about, what was ordered, who objected,
 * who decided. Instants are days; all are of the past or the future of any look.
 */
export type Happening =
  | { what: 'filed'; at: number }
  /** The case began to wait for people, or did again. */
  | { what: 'case-opened'; at: number }
  | { what: 'case-decided'; at: number }
  | { what: 'measure'; id: number; at: number; days: number }
  | { what: 'owner-notified'; id: number; at: number }
  | { what: 'appealed'; id: number; appeal: number; at: number }
  | { what: 'appeal-closed'; appeal: number; at: number }
  | { what: 'tipster-appealed'; appeal: number; at: number }

export interface OracleTerms {
  window: number
  keep: number
}

/**
 * Whether the content may be there on a day: asked day by day, from what anybody could still do on each. It is needed on a day where
 * somebody may object, has objected and was not answered, or a case waits; and for some days after the last such day.
 */
export function isNeeded(history: readonly Happening[], day: number, { window, keep }: OracleTerms): boolean {
  const last = history.reduce((latest, { at }) => Math.max(latest, at), 0) + 2 * Math.max(window, 365)
  for (let earlier = Math.max(0, Math.ceil(day - keep)); earlier <= Math.min(day, last); earlier++)
    if (mayMatter(history, earlier, window)) return true
  // A case or an objection that waits now is needed on any later day, too.
  return day > last && mayMatter(history, last, window)
}

function mayMatter(history: readonly Happening[], day: number, window: number): boolean {
  const filed = history.find(({ what }) => what === 'filed')!
  if (day <= filed.at) return true
  return waits(history) || objects(history, day) || mayObject(history, day, window, filed.at)
}

/** By all that is known in the end: a case that waits at the end keeps it, whatever was before. */
function waits(history: readonly Happening[]): boolean {
  const moves = history.filter(({ what }) => what === 'case-opened' || what === 'case-decided')
  const last = [...moves].sort((a, b) => a.at - b.at).at(-1)
  return last?.what === 'case-opened'
}

function objects(history: readonly Happening[], day: number): boolean {
  for (const one of history) {
    if (one.what !== 'appealed' && one.what !== 'tipster-appealed') continue
    const closed = history.find((other) => other.what === 'appeal-closed' && other.appeal === one.appeal)
    if (!closed || day < closed.at) return true
  }
  return false
}

function mayObject(history: readonly Happening[], day: number, window: number, filedAt: number): boolean {
  let isMeasured = false
  for (const one of history) {
    if (one.what !== 'measure') continue
    isMeasured ||= one.at >= filedAt
    const told = history.find((other) => other.what === 'owner-notified' && other.id === one.id)
    const from = told && told.at > one.at ? told.at : one.at
    if (day < from + Math.max(30, one.days)) return true
  }
  const decided = history.filter(({ what, at }) => what === 'case-decided' && at >= filedAt)
  if (decided.some(({ at }) => day < at + Math.max(30, window))) return true
  return !isMeasured && decided.length === 0 && day < filedAt + Math.max(30, window)
}
