import type { Strike } from './ladder.js'

/**
 * Archived strikes: an account may have a hundred thousand strikes, and a few of them decide its level. A strike can be archived
 * where the others reach the top of the ladder without it from just before it begins until it has ended. Then leaving it out changes
 * neither a level, nor where a step arises, nor what a reversal of another strike lifts: all that is read is whether rungs
 * are reached, and above the top nothing more is. Only the sum of points needs it.
 */

/** From just before a strike begins (`at`, and `strikeId` among those of one instant) to when the last that follow have ended. */
export interface ArchivedSpan {
  at: Date
  strikeId: string
  until: Date
}

/** A beginning or an end of a strike, in the order of the ladder: what ends at an instant ends before others begin. */
interface Moment {
  t: number
  begins: boolean
  strike: Strike
}

/**
 * Which of the strikes to archive when each is looked at in turn, in order, and what is archived is left out from then on:
 * those beside which others of `enough` points count all the time. Reversed ones are neither archived nor do they count.
 * `mayArchive` is asked about a candidate with those one of which is the one before it, now or before reversals: the last that is
 * not archived, and what was reversed since.
 */
export function strikesToArchive<T extends Strike>(
  strikes: readonly T[],
  enough: number,
  mayArchive: (strike: T, before: readonly T[]) => boolean,
): T[] {
  const moments = momentsOf(strikes)
  const sums = new LowestSums(pointsAfter(moments))
  const begin = new Map<string, number>()
  const end = new Map<string, number>()
  for (const [i, { begins, strike }] of moments.entries()) (begins ? begin : end).set(strike.strikeId, i)
  const archived: T[] = []
  let before: T[] = []
  for (const candidate of [...strikes].sort(compareBeginnings)) {
    const { strikeId, points } = candidate
    if (!begin.has(strikeId)) {
      before.push(candidate)
      continue
    }
    const [from, to] = [begin.get(strikeId)!, end.get(strikeId)!]
    const isArchived =
      from > 0 &&
      mayArchive(candidate, before) &&
      sums.lowest(from - 1, from - 1) >= enough &&
      sums.lowest(from, to - 1) - points >= enough &&
      sums.lowest(to, lastEndWith(to, moments)) >= enough
    if (isArchived) {
      sums.add(from, to - 1, -points)
      archived.push(candidate)
    } else before = [candidate]
  }
  return archived
}

/** The last of the ends at the instant of an end. */
function lastEndWith(end: number, moments: readonly Moment[]): number {
  let last = end
  for (
    let next = moments[last + 1];
    next && !next.begins && next.t === moments[end]!.t;
    next = moments[last + 1]
  )
    last++
  return last
}

/** Whether strikes of `enough` points count all the time in each of the spans. Reversed ones do not count. */
export function areCovered(
  spans: readonly ArchivedSpan[],
  strikes: readonly Strike[],
  enough: number,
): boolean {
  if (spans.length === 0) return true
  const moments = momentsOf(strikes)
  const sums = pointsAfter(moments)
  return spans.every(({ at, strikeId, until }) => {
    const from = moments.findIndex(
      (moment) => compare(moment, { t: at.getTime(), begins: true, strikeId }) > 0,
    )
    if (from <= 0) return false
    return sums.slice(from - 1).every((sum, i) => {
      const moment = moments[from - 1 + i]!
      const isAfter = i > 0 && (moment.t > until.getTime() || (moment.t === until.getTime() && moment.begins))
      return isAfter || sum >= enough
    })
  })
}

/** The spans with that of one more archived strike; those that touch are one. */
export function withSpan(spans: readonly ArchivedSpan[], strike: Strike): ArchivedSpan[] {
  const own: ArchivedSpan = { at: strike.at, strikeId: strike.strikeId, until: strike.expiresAt }
  const touching = spans.filter((span) => span.at <= own.until && own.at <= span.until)
  const all = [own, ...touching]
  const first = all.reduce((a, b) => (compareBeginnings(a, b) < 0 ? a : b))
  const until = new Date(Math.max(...all.map((span) => span.until.getTime())))
  return [...spans.filter((span) => !touching.includes(span)), { ...first, until }]
}

function compareBeginnings(a: Pick<Strike, 'at' | 'strikeId'>, b: Pick<Strike, 'at' | 'strikeId'>): number {
  return a.at.getTime() - b.at.getTime() || (a.strikeId < b.strikeId ? -1 : 1)
}

function momentsOf(strikes: readonly Strike[]): Moment[] {
  return strikes
    .filter((strike) => !strike.reversedAt && strike.at < strike.expiresAt)
    .flatMap((strike) => [
      { t: strike.at.getTime(), begins: true, strike },
      { t: strike.expiresAt.getTime(), begins: false, strike },
    ])
    .sort((a, b) => compare(a, { ...b, strikeId: b.strike.strikeId }))
}

function compare(a: Moment, b: { t: number; begins: boolean; strikeId: string }): number {
  if (a.t !== b.t) return a.t - b.t
  if (a.begins !== b.begins) return Number(a.begins) - Number(b.begins)
  return a.strike.strikeId < b.strikeId ? -1 : a.strike.strikeId > b.strikeId ? 1 : 0
}

function pointsAfter(moments: readonly Moment[]): number[] {
  let points = 0
  return moments.map(({ begins, strike }) => (points += begins ? strike.points : -strike.points))
}

/** Numbers of which stretches can be changed and searched for the lowest, both in logarithmic time: a segment tree. */
class LowestSums {
  private readonly size: number
  private readonly low: Float64Array
  private readonly added: Float64Array

  constructor(numbers: readonly number[]) {
    this.size = numbers.length
    this.low = new Float64Array(4 * Math.max(1, this.size))
    this.added = new Float64Array(this.low.length)
    if (this.size > 0) this.build(numbers, 1, 0, this.size - 1)
  }

  lowest(from: number, to: number, node = 1, left = 0, right = this.size - 1): number {
    if (to < left || right < from || from > to) return Infinity
    if (from <= left && right <= to) return this.low[node]!
    const middle = (left + right) >> 1
    const below = Math.min(
      this.lowest(from, to, 2 * node, left, middle),
      this.lowest(from, to, 2 * node + 1, middle + 1, right),
    )
    return below + this.added[node]!
  }

  add(from: number, to: number, amount: number, node = 1, left = 0, right = this.size - 1): void {
    if (to < left || right < from || from > to) return
    if (from <= left && right <= to) {
      this.low[node]! += amount
      this.added[node]! += amount
      return
    }
    const middle = (left + right) >> 1
    this.add(from, to, amount, 2 * node, left, middle)
    this.add(from, to, amount, 2 * node + 1, middle + 1, right)
    this.low[node] = Math.min(this.low[2 * node]!, this.low[2 * node + 1]!) + this.added[node]!
  }

  private build(numbers: readonly number[], node: number, left: number, right: number): void {
    if (left === right) {
      this.low[node] = numbers[left]!
      return
    }
    const middle = (left + right) >> 1
    this.build(numbers, 2 * node, left, middle)
    this.build(numbers, 2 * node + 1, middle + 1, right)
    this.low[node] = Math.min(this.low[2 * node]!, this.low[2 * node + 1]!)
  }
}
