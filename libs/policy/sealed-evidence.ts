import type { CategoryVerdict } from '#libs/contracts/verdict'
import { isKnownMedia, kindsOf, kindsOfSignal } from './harm-kinds.js'
import type { Policy } from './policy-document.js'

/**
 * Whether evidence is for a named role only, so that no word of it is shown. It is where any policy seals it that it was under
 * since it was judged; and, whatever policies say, where a known medium was found or it is about harm to children.
 */
export function isSealed(
  found: readonly Pick<CategoryVerdict, 'category' | 'outcome' | 'signals'>[],
  policies: readonly Pick<Policy, 'categories'>[],
): boolean {
  if (found.some(({ signals }) => signals.some(isKnownMedia))) return true
  return found
    .filter(({ outcome }) => outcome !== 'clear')
    .some(
      ({ category, signals }) =>
        kindsOf(category, undefined).includes('child_safety') ||
        signals.some((signal) => kindsOfSignal(signal).includes('child_safety')) ||
        policies.some((policy) => seals(policy, category)),
    )
}

function seals({ categories }: Pick<Policy, 'categories'>, id: string): boolean {
  if (!Object.hasOwn(categories, id)) return false
  const category = categories[id]!
  return category.sealed || kindsOf(id, category).includes('child_safety')
}
