/**
 * How urgent a case is: first whether somebody waits for a person (a held measure, a proposed ban), then the severity, then
 * the reach of the account (a decade of followers weighs 10), then how sure the detectors are.
 */
export function casePriority(facts: {
  severity: number
  score: number
  followers: number | null
  waiting: boolean
}): number {
  const reach = Math.round(10 * Math.log10((facts.followers ?? 0) + 1))
  return (
    (facts.waiting ? 1_000 : 0) +
    facts.severity * 100 +
    Math.min(90, reach) +
    Math.min(9, Math.floor(facts.score * 10))
  )
}
