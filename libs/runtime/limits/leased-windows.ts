import { type Company, evenShare, grantedOf, leasable, sliceOf, unaskedShare } from './window-share.rules.js'

/** A window of one key; its end, in milliseconds of the clock that instances share, is its name. */
export interface KeyWindow {
  readonly key: string
  readonly endsAt: number
  /** What may pass in it over all instances. */
  readonly limit: number
}

/** What becomes of a request, and how much is to be leased now; `waits`: ask again when that has been answered. */
export interface Taken {
  readonly outcome: 'passes' | 'refused' | 'waits'
  readonly lease: number
}

interface Count {
  endsAt: number
  used: number
  leased: number
  /** Nothing is left to be leased in this window. */
  exhausted: boolean
}

/** Keys counted at a time: 20 MB. Whoever makes up more has the oldest forgotten, which is to pass unasked once more. */
const MAX_KEYS = 100_000

/** What an instance counts of each key in its present window. No time passes here: windows are named by whoever asks. */
export class LeasedWindows {
  private readonly counts = new Map<string, Count>()

  constructor(private readonly maxKeys = MAX_KEYS) {}

  /** Counts a request, if it passes. */
  take(window: KeyWindow, now: number, company: Company): Taken {
    const count = this.countOf(window, now)
    const { limit } = window
    const own = unaskedShare(limit, company) + count.leased
    const room = company.reachable ? own : Math.max(own, evenShare(limit, company))
    const mayLease = company.reachable && !count.exhausted && leasable(limit, company) > 0
    const slice = mayLease ? sliceOf(limit, company, count.used) : 0
    if (count.used >= room) return { outcome: mayLease ? 'waits' : 'refused', lease: slice }
    count.used++
    // In time for those that follow, if they follow as fast as before.
    return { outcome: 'passes', lease: room - count.used < slice / 2 ? slice : 0 }
  }

  /** `asked` was asked for; all have asked for `total` in this window by then. Of a window that is over, nothing is kept. */
  leased(window: KeyWindow, asked: number, total: number, company: Company): void {
    const count = this.counts.get(window.key)
    if (count?.endsAt !== window.endsAt) return
    const granted = grantedOf(asked, total, window.limit, company)
    count.leased += granted
    if (granted < asked) count.exhausted = true
  }

  /** Keys that are counted. */
  get size(): number {
    return this.counts.size
  }

  private countOf({ key, endsAt }: KeyWindow, now: number): Count {
    const known = this.counts.get(key)
    if (known?.endsAt === endsAt) return known
    const fresh = { endsAt, used: 0, leased: 0, exhausted: false }
    // At the end: what stands first has been there the longest.
    this.counts.delete(key)
    this.counts.set(key, fresh)
    this.forgetSome(now)
    return fresh
  }

  /** Two for each that comes, so that what is over goes faster than new ones come. */
  private forgetSome(now: number): void {
    let looks = 2
    for (const [key, { endsAt }] of this.counts) {
      if (looks-- === 0) return
      if (endsAt <= now || this.counts.size > this.maxKeys) this.counts.delete(key)
    }
  }
}
