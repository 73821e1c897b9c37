/** `[from, to)` in a text; of a gap, where something may stand that touches nothing. */
export type Span = readonly [from: number, to: number]

/** Where none of these spans stands: before, between and behind them. Spans may overlap and come in any order. */
export function gapsOf(spans: readonly Span[]): Span[] {
  const gaps: Span[] = []
  let end = -Infinity
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    if (end <= from) gaps.push([end, from])
    end = Math.max(end, to)
  }
  return [...gaps, [end, Infinity]]
}

/** The end of a gap, and whose it is. */
interface End {
  readonly to: number
  readonly id: string
}

/** The two ends that reach farthest of gaps of different owners; the farther first. */
type Ends = readonly End[]

/**
 * Gaps of several owners, of which it says whether one holds a span. A Fenwick tree over where gaps begin: adding and asking take
 * logarithmic time.
 */
export class WidestGaps {
  private readonly begins: readonly number[]
  private readonly tree: Ends[]

  /** `begins`: where the gaps begin that will be added. */
  constructor(begins: readonly number[]) {
    this.begins = [...new Set(begins)].sort((a, b) => a - b)
    this.tree = Array.from({ length: this.begins.length + 1 }, () => [])
  }

  add(from: number, to: number, id: string): void {
    for (let at = this.countUpTo(from); at < this.tree.length; at += at & -at)
      this.tree[at] = farthest([...this.tree[at]!, { to, id }])
  }

  /** Whether a gap of anybody but this owner holds the whole span. */
  holds(from: number, to: number, but: string): boolean {
    for (let at = this.countUpTo(from); at > 0; at -= at & -at)
      if (this.tree[at]!.some((end) => end.id !== but && end.to >= to)) return true
    return false
  }

  /** How many places where gaps begin are not behind this one. */
  private countUpTo(from: number): number {
    let [low, high] = [0, this.begins.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.begins[middle]! <= from) low = middle + 1
      else high = middle
    }
    return low
  }
}

function farthest(ends: readonly End[]): Ends {
  const [first, ...rest] = [...ends].sort((a, b) => b.to - a.to)
  const second = rest.find(({ id }) => id !== first?.id)
  return [first, second].filter((end) => end !== undefined)
}
