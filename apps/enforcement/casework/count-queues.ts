import { Injectable } from '@nestjs/common'
import { Clock } from '#libs/runtime/clock'
import { CaseStore } from '../ledger/cases/case.store.js'
import type { Queue } from '../ledger/cases/queue.js'

/** Counts as old as this are counted anew, while whoever asks is still given them. */
const FRESH_MS = 5_000
/** Older ones are given to nobody. */
const BELIEVED_MS = 30_000

export interface Counted {
  at: Date
  queues: Queue[]
}

/**
 * The queues as counted within the last half minute. Tens of thousands of open cases take a moment to count, and every
 * console asks all the time: one count at a time serves all.
 */
@Injectable()
export class CountQueues {
  private counted: Counted | null = null
  private counting: Promise<Counted> | null = null

  constructor(
    private readonly cases: CaseStore,
    private readonly clock: Clock,
  ) {}

  async count(): Promise<Counted> {
    const { counted } = this
    const now = this.clock.now()
    // The clock of a test may go back.
    const age = counted ? Math.abs(now.getTime() - counted.at.getTime()) : Infinity
    if (counted && age < FRESH_MS) return counted
    const counting = (this.counting ??= this.countAnew(now).finally(() => (this.counting = null)))
    if (!counted || age >= BELIEVED_MS) return counting
    // Where it fails the next request tries again, and hears of it when the counts are too old.
    counting.catch(() => undefined)
    return counted
  }

  private async countAnew(at: Date): Promise<Counted> {
    this.counted = { at, queues: await this.cases.queues(at) }
    return this.counted
  }
}
