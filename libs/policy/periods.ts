import { createHash } from 'node:crypto'

/**
 * One publication of a version: from `effectiveFrom` on the version counts as it says, until a later publication of the same
 * version says otherwise. What was published is never changed; a change is a publication more (docs/adr/0117).
 */
export interface Period {
  readonly name: string
  readonly version: string
  readonly mode: PublicationMode
  /** Per cent of the accounts. */
  readonly rollout: number
  /** Milliseconds since 1970, as all instants here. */
  readonly effectiveFrom: number
  /** Which publication it is of its kind, from 1. 0 where nobody counted: then `publishedAt` tells which is the later. */
  readonly publication: number
  readonly publishedAt: number
}

/** How a version is published. */
export type PublicationMode = 'live' | 'shadow' | 'retired'

/** From `from` up to `until`, not included, the same periods count. */
export interface Reign<P extends Period = Period> {
  readonly from: number
  readonly until: number
  /** What may be in force, the later publication first; nothing stands behind one that is for everybody. */
  readonly candidates: readonly P[]
}

/**
 * The whole of time as reigns, in order. At an instant the newest publication of each version counts among those whose
 * `effectiveFrom` is reached; of these the latest that is live and covers the account is in force. So a later publication wins
 * from its `effectiveFrom` on, also over one that was to begin after it. Depends on the set of periods, not on their order.
 */
export function reignsOf<P extends Period>(periods: Iterable<P>): Reign<P>[] {
  const all = [...periods].sort((a, b) => a.effectiveFrom - b.effectiveFrom)
  const newest = new Map<string, P>()
  /** Those of `newest` that are live for anybody, the later first. */
  const live: P[] = []
  const reigns: Reign<P>[] = [{ from: -Infinity, until: all[0]?.effectiveFrom ?? Infinity, candidates: [] }]
  for (let i = 0; i < all.length;) {
    const from = all[i]!.effectiveFrom
    for (; i < all.length && all[i]!.effectiveFrom === from; i++) begin(all[i]!, newest, live)
    const last = live.findIndex(({ rollout }) => rollout >= 100)
    reigns.push({
      from,
      until: all[i]?.effectiveFrom ?? Infinity,
      candidates: last < 0 ? [...live] : live.slice(0, last + 1),
    })
  }
  return reigns
}

/** The reign that holds an instant. */
export function reignAt<P extends Period>(reigns: readonly Reign<P>[], at: number): Reign<P> {
  let [low, high] = [0, reigns.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (reigns[middle]!.from <= at) low = middle
    else high = middle - 1
  }
  return reigns[low]!
}

/** What is in force for an account, or with `null` for everybody: a roll-out to some does not count then. */
export function chosenFor<P extends Period>(
  { candidates }: Pick<Reign<P>, 'candidates'>,
  account: string | null,
): P | undefined {
  return candidates.find((one) => one.rollout >= 100 || (account !== null && covers(one, account)))
}

/** Whether all accounts have the same in force, or none has any. */
export function isSameForAll({ candidates }: Pick<Reign, 'candidates'>): boolean {
  return candidates.length === 0 || candidates[0]!.rollout >= 100
}

/** Whether at each instant from `from` on something is in force for everybody. */
export function isNeverWithout(reigns: readonly Reign[], from: number): boolean {
  return reigns.every((reign) => reign.until <= from || chosenFor(reign, null) !== undefined)
}

/** The versions that were in force for anybody at any instant of a time, its ends included. */
export function versionsIn(reigns: readonly Reign[], from: number, to: number): string[] {
  const during = reigns.filter((reign) => reign.from <= to && reign.until > from)
  return [...new Set(during.flatMap(({ candidates }) => candidates.map(({ version }) => version)))]
}

/** Whether a percentage roll-out covers an account: by hash, the same everywhere; a wider one covers all that a narrower does. */
function covers({ rollout, name, version }: Period, account: string): boolean {
  const hash = createHash('sha256')
    .update(JSON.stringify([name, version, account]))
    .digest()
  return hash.readUInt32BE(0) % 100 < rollout
}

function begin<P extends Period>(period: P, newest: Map<string, P>, live: P[]): void {
  const key = JSON.stringify([period.name, period.version])
  const known = newest.get(key)
  if (known && compare(known, period) <= 0) return
  newest.set(key, period)
  if (known && live.includes(known)) live.splice(live.indexOf(known), 1)
  if (period.mode !== 'live' || period.rollout <= 0) return
  const place = live.findIndex((other) => compare(period, other) < 0)
  live.splice(place < 0 ? live.length : place, 0, period)
}

/** Below 0 where `a` is the later publication. No two are equal, so that no tie depends on the order of arrival. */
function compare(a: Period, b: Period): number {
  return (
    b.publication - a.publication ||
    b.publishedAt - a.publishedAt ||
    b.effectiveFrom - a.effectiveFrom ||
    b.version.localeCompare(a.version, 'en', { numeric: true }) ||
    b.rollout - a.rollout ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) ||
    (a.mode < b.mode ? -1 : a.mode > b.mode ? 1 : 0)
  )
}
