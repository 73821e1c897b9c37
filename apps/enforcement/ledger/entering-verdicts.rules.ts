import { accountKey } from '#libs/contracts/ids'
import type { Verdict } from '#libs/contracts/verdict'

/** Of verdicts those that enter cases, each once. */
export function enteringCases(verdicts: readonly Verdict[]): Verdict[] {
  return distinct(verdicts.filter(entersCases))
}

/** By the keys of their accounts. */
export function byAccountKey(verdicts: readonly Verdict[]): Map<string, Verdict[]> {
  return Map.groupBy(verdicts, (verdict) => accountKey(verdict.platformId, verdict.accountId))
}

/** Only live and sweep verdicts that are not clear enter cases (SPEC 4.2). */
function entersCases(verdict: Verdict): boolean {
  return verdict.outcome !== 'clear' && (verdict.mode === 'live' || verdict.mode.startsWith('sweep:'))
}

/** Each verdict once; of a message that came again, as it was when first received: a strike counts from there. */
function distinct(verdicts: readonly Verdict[]): Verdict[] {
  const first = new Map<string, Verdict>()
  for (const verdict of verdicts) {
    const known = first.get(verdict.verdictId)
    if (!known || Date.parse(verdict.receivedAt) < Date.parse(known.receivedAt)) {
      first.set(verdict.verdictId, verdict)
    }
  }
  return [...first.values()]
}
