import { clauseOf, type Policy } from '#libs/policy/policy-document'
import type { DecidedMessage } from '../decisions/decision.js'
import type { CaseEntry } from './case.js'

/** What is known of when and by which policy the broker received a message that a person decides on. */
export interface KnownOfMessage {
  /** Verdicts on it, of its account, in whatever case. */
  entries: readonly Pick<CaseEntry, '_id' | 'mode' | 'policyVersion' | 'receivedAt'>[]
  /** Of what names it without having judged it: the versions of the policy that were possibly in force when it was received. */
  possibleVersions: readonly (readonly string[])[]
}

/**
 * Under which policy a message was received, for the strike that a decision by `clause` gives it; or why it gives none (SPEC
 * promise 9). Of revisions that count the earliest that was received under a policy with the clause. One that was never
 * judged earns a strike only where every policy that may have been in force had the clause, and then by the mildest.
 */
export function receivedUnder(
  { entries, possibleVersions }: KnownOfMessage,
  clause: string,
  policies: ReadonlyMap<string, Policy>,
): Pick<DecidedMessage, 'receivedUnder' | 'noStrike'> {
  const pointsBy = (version: string): number | null => {
    const policy = policies.get(version)
    const found = policy && clauseOf(policy, clause)
    return found ? policy.strikes.points[found.severity] : null
  }
  const live = entries
    .filter(({ mode }) => mode === 'live')
    .sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime() || (a._id < b._id ? -1 : 1))
  if (live.length > 0) {
    const first = live.find(({ policyVersion }) => pointsBy(policyVersion) !== null)
    return first ? { receivedUnder: first.policyVersion } : { noStrike: 'clause-not-in-force' }
  }
  const known = possibleVersions.find((versions) => versions.length > 0)
  if (!known) return { noStrike: entries.length > 0 ? 'sweep-only' : 'receipt-unknown' }
  const all = possibleVersions.flatMap((versions) =>
    versions.map((version) => ({ version, points: pointsBy(version) })),
  )
  if (all.some(({ points }) => points === null)) return { noStrike: 'clause-not-in-force' }
  const mildest = all.reduce((least, one) => (one.points! < least.points! ? one : least))
  return { receivedUnder: mildest.version }
}
