/** Where a case waits: for everybody, or for seniors. */
export const ROUTES = ['general', 'senior'] as const
export type Route = (typeof ROUTES)[number]

/** Which entries of cases a rule is about: all of what it says must hold. */
export interface RoutingCondition {
  category?: string
  /** BCP 47; `zh` is also `zh-Hant`. */
  language?: string
  platform?: string
  minSeverity?: number
}

export interface RoutingRule {
  when: RoutingCondition
  route: Route
}

/** Of which kind an entry is. */
export interface Routed {
  category: string
  language: string | null
  platformId: string
  severity: number
}

/** For whom an entry is: the first rule that fits it says so; where none does, it is for everybody. */
export function routeFor(rules: readonly RoutingRule[], entry: Routed): Route {
  return rules.find(({ when }) => fits(when, entry))?.route ?? 'general'
}

function fits({ category, language, platform, minSeverity = 0 }: RoutingCondition, entry: Routed): boolean {
  return (
    (category === undefined || category === entry.category) &&
    (platform === undefined || platform === entry.platformId) &&
    (language === undefined || isOrNarrows(entry.language, language)) &&
    entry.severity >= minSeverity
  )
}

function isOrNarrows(language: string | null, wanted: string): boolean {
  if (language === null) return false
  const [is, asked] = [language.toLowerCase(), wanted.toLowerCase()]
  return is === asked || is.startsWith(`${asked}-`)
}

/** Whether every entry that fits `later` also fits `earlier`: `later` then never decides anything. */
export function hides(earlier: RoutingCondition, later: RoutingCondition): boolean {
  return (
    (earlier.category === undefined || earlier.category === later.category) &&
    (earlier.platform === undefined || earlier.platform === later.platform) &&
    (earlier.language === undefined || isOrNarrows(later.language ?? null, earlier.language)) &&
    (earlier.minSeverity ?? 0) <= (later.minSeverity ?? 0)
  )
}
