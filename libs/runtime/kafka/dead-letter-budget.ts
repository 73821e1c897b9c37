const MINUTE_MS = 60_000
/** A platform that was held back within this time is said to be so: pauses are short and come one after the other. */
const RECENT_MS = 60_000
/** Who was held back lately is let in once in so long: one batch of dead letters, after which it is known what it owes. */
const TURN_MS = 100

interface Bucket {
  /** Bytes that may be kept now; below 0 is a debt. */
  balance: number
  /** When that was so. */
  at: number
  heldAt: number | undefined
  /** When it may be let in again, if it was held back lately. */
  nextTurn: number
}

/**
 * How much of dead letters may be kept of each platform: a token bucket of bytes that holds the amount of one minute. What
 * there is to keep is always kept, if on debt; who has debts is to be held back until time has paid them. Then one batch is
 * let in and not one of each partition, whose work would come all at once. Times are milliseconds since 1970.
 */
export class DeadLetterBudget {
  private readonly buckets = new Map<string, Bucket>()

  /** `share`: the part of what is earned that is this process's own; asked whenever time is turned into bytes. */
  constructor(
    private readonly bytesPerMinute: number,
    private readonly share: () => number = () => 1,
  ) {}

  /** So many bytes of a platform were kept. */
  spend(platformId: string, bytes: number, now: number): void {
    const bucket = this.bucketOf(platformId)
    bucket.balance = this.balanceAt(bucket, now) - bytes
    bucket.at = Math.max(bucket.at, now)
  }

  /** So many bytes of a platform, over all instances, have not been paid by time yet. */
  settle(platformId: string, owed: number, now: number): void {
    const bucket = this.bucketOf(platformId)
    bucket.balance = this.bytesPerMinute - owed
    bucket.at = Math.max(bucket.at, now)
  }

  /** Lets one batch of this platform in, and returns 0; or says in how many milliseconds to ask again. */
  admit(platformId: string, now: number): number {
    const bucket = this.buckets.get(platformId)
    if (!bucket) return 0
    const debt = -this.balanceAt(bucket, now)
    if (debt > 0) {
      bucket.heldAt = now
      return Math.ceil((debt * MINUTE_MS) / (this.bytesPerMinute * this.share()))
    }
    if (!heldLately(bucket, now)) return 0
    if (now < bucket.nextTurn) return Math.min(bucket.nextTurn - now, TURN_MS)
    bucket.nextTurn = now + TURN_MS
    return 0
  }

  /** The platforms that were held back within the last minute. */
  heldBack(now: number): string[] {
    return [...this.buckets].filter(([, bucket]) => heldLately(bucket, now)).map(([platformId]) => platformId)
  }

  private balanceAt({ balance, at }: Bucket, now: number): number {
    const earned = (Math.max(0, now - at) * this.bytesPerMinute * this.share()) / MINUTE_MS
    return Math.min(this.bytesPerMinute, balance + earned)
  }

  private bucketOf(platformId: string): Bucket {
    const known = this.buckets.get(platformId)
    if (known) return known
    const fresh = { balance: this.bytesPerMinute, at: 0, heldAt: undefined, nextTurn: 0 }
    this.buckets.set(platformId, fresh)
    return fresh
  }
}

function heldLately({ heldAt }: Bucket, now: number): boolean {
  return heldAt !== undefined && now - heldAt < RECENT_MS
}
