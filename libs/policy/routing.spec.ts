import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hides, routeFor, ROUTES, type Routed, type RoutingCondition, type RoutingRule } from './routing.js'

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const aCondition: fc.Arbitrary<RoutingCondition> = fc
  .record({
    category: maybe(fc.constantFrom('fraud', 'hate')),
    language: maybe(fc.constantFrom('zh', 'zh-Hant', 'en')),
    platform: maybe(fc.constantFrom('p1', 'p2')),
    minSeverity: maybe(fc.constantFrom(1, 2, 3, 4)),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)))
const someRules: fc.Arbitrary<RoutingRule[]> = fc.array(
  fc.record({ when: aCondition, route: fc.constantFrom(...ROUTES) }),
  { maxLength: 6 },
)
const LANGUAGES = [null, 'zh', 'ZH', 'zh-Hant', 'zh-Hant-TW', 'zhx', 'en', 'en-GB']
const EVERY: Routed[] = ['fraud', 'hate'].flatMap((category) =>
  ['p1', 'p2'].flatMap((platformId) =>
    LANGUAGES.flatMap((language) =>
      [1, 2, 3, 4].map((severity) => ({ category, platformId, language, severity })),
    ),
  ),
)

/** Which of every kind of entry a condition is met by, crossed off one by one. */
function meeting({ category, language, platform, minSeverity }: RoutingCondition): Routed[] {
  let left = EVERY
  if (category) left = left.filter((one) => one.category === category)
  if (platform) left = left.filter((one) => one.platformId === platform)
  if (minSeverity) left = left.filter((one) => one.severity >= minSeverity)
  if (language) {
    const narrower = new RegExp(`^${language}(-.*)?$`, 'i')
    left = left.filter((one) => one.language !== null && narrower.test(one.language))
  }
  return left
}

describe('routing', () => {
  it('follows the first rule that fits, else leads to everybody', () => {
    fc.assert(
      fc.property(someRules, (rules) => {
        const expected = new Map<Routed, string>(EVERY.map((one) => [one, 'general']))
        for (const { when, route } of rules.toReversed()) {
          for (const one of meeting(when)) expected.set(one, route)
        }
        for (const one of EVERY) expect(routeFor(rules, one)).toBe(expected.get(one))
      }),
    )
  })

  it('tells which rule nothing reaches', () => {
    fc.assert(
      fc.property(aCondition, aCondition, (earlier, later) => {
        if (!hides(earlier, later)) return
        const first = new Set(meeting(earlier))
        expect(meeting(later).every((one) => first.has(one))).toBe(true)
      }),
    )
    expect(hides({}, { category: 'fraud' })).toBe(true)
    expect(hides({ language: 'zh' }, { language: 'zh-Hant', minSeverity: 2 })).toBe(true)
    expect(hides({ minSeverity: 2 }, { minSeverity: 1 })).toBe(false)
    expect(hides({ category: 'fraud' }, {})).toBe(false)
  })
})
