/** Where a partition stands, as the broker tells it. */
export interface PartitionStand {
  /** Offset of the oldest record that the broker still has. */
  readonly low: bigint
  /** Offset of the record that comes next; those of a transaction that is still open do not count. */
  readonly end: bigint
  /** What the group has committed; undefined where it has committed nothing. */
  readonly committed: bigint | undefined
}

/** What was found out about a partition at one check. */
export interface ProgressCheck {
  /** Undefined where the broker did not say. */
  readonly stand: PartitionStand | undefined
  /** When the broker was asked, in milliseconds since 1970. */
  readonly askedAt: number
  /** The consumer was well since the last check, and came back from the broker with nothing: nothing was in the way. */
  readonly hadRoom: boolean
}

/**
 * How far one member of a group is with one partition: how old its oldest open record is, and at how many checks in a row
 * it stood still although it had work and nothing was in its way.
 */
export class PartitionProgress {
  /** Since when records are with the handler, in milliseconds since 1970. */
  handlingSince: number | undefined
  /** Failed attempts in a row. */
  failures = 0
  private paused: { readonly timer: NodeJS.Timeout; readonly resume: () => void } | undefined
  private oldestFetched: number | undefined
  private position: bigint | undefined
  private end: bigint | undefined
  private moved = false
  private checksStill = 0

  /** `notBefore`: no open record that has not been fetched is older; at first, when the partition was assigned. */
  constructor(
    readonly topic: string,
    readonly partition: number,
    private notBefore: number,
  ) {}

  /** Unique among the partitions of a broker. */
  get name(): string {
    return `${this.topic}/${this.partition}`
  }

  /** Checks in a row at which it had work, nothing was in its way, and it had not moved since the check before. */
  get stillFor(): number {
    return this.checksStill
  }

  /** Whether it did not move since the last check: only then does the broker have to be asked. */
  get quiet(): boolean {
    return !this.moved
  }

  /** Records are about to be handled; `timestamp` is that of the first. */
  begin(timestamp: number, now: number): void {
    this.oldestFetched = timestamp
    this.handlingSince = now
    this.moved = true
  }

  /** The handler has ended, well or not. */
  endHandling(): void {
    this.handlingSince = undefined
  }

  /** Every record before `position` is done; `timestamp` is that of the last, `end` what its fetch said of the topic's end. */
  done(position: bigint, timestamp: number, end: bigint): void {
    this.position = position
    this.oldestFetched = undefined
    this.notBefore = timestamp
    this.end = end
    this.moved = true
  }

  /** The records before `position` are none that a handler sees: aborted ones, or marks of transactions. */
  skip(position: bigint): void {
    this.position = position
    this.moved = true
  }

  /** kafkajs does not fetch it for `ms`; `resume` ends that. */
  pause(resume: () => void, ms: number): void {
    this.stopWaiting()
    this.paused = { resume, timer: setTimeout(() => this.resume(), ms) }
  }

  /** Ends a pause now; without one it does nothing. */
  resume(): void {
    const { paused } = this
    this.stopWaiting()
    paused?.resume()
  }

  /** Forgets a pause: kafkajs goes on not fetching it. */
  stopWaiting(): void {
    clearTimeout(this.paused?.timer)
    this.paused = undefined
  }

  /** The group was joined anew: another member may have been at work here. */
  restart(now: number): void {
    if (this.handlingSince === undefined) this.oldestFetched = undefined
    this.position = undefined
    this.end = undefined
    this.notBefore = now
    this.checksStill = 0
  }

  /** Takes note of what a check found. */
  check({ stand, askedAt, hadRoom }: ProgressCheck): void {
    if (stand) this.note(stand, askedAt)
    const free = this.handlingSince === undefined && this.failures === 0 && this.paused === undefined
    const still = stand !== undefined && hadRoom && free && !this.moved && this.lagging
    this.checksStill = still ? this.checksStill + 1 : 0
    this.moved = false
  }

  /**
   * When its oldest open record was written, in milliseconds since 1970; undefined where none is open. Exact for one that
   * was fetched. For one that was not, the latest instant before which it cannot have been written: of the record before
   * it, of the check that found nothing open, or of the assignment.
   */
  oldestOpen(): number | undefined {
    return this.oldestFetched ?? (this.lagging ? this.notBefore : undefined)
  }

  private get lagging(): boolean {
    return this.end !== undefined && this.position !== undefined && this.end > this.position
  }

  private note({ low, end, committed }: PartitionStand, askedAt: number): void {
    const position = this.position ?? committed ?? low
    this.position = position < low ? low : position
    this.end = end
    if (end <= this.position && this.oldestFetched === undefined) this.notBefore = askedAt
  }
}
