import { Injectable } from '@nestjs/common'
import { Gauge } from 'prom-client'
import { Clock } from '#libs/runtime/clock'
import { RetryableError } from '#libs/runtime/errors'
import { Health, type PartHealth } from '#libs/runtime/health/health'
import { type Judged, Judges } from './judges.js'

const waitingPartitions = new Gauge({
  name: 'weir_classification_partitions_without_policy',
  help: 'Partitions blocked because no policy applies to their next message.',
})

/** As many partitions are named; the gauge tells how many there are. */
const MAX_NAMED = 10

/** Which partitions wait for a policy: while one does, or none is in force, this service is not ready and says why. */
@Injectable()
export class PolicyWaits {
  private readonly waiting = new Map<string, Judged>()

  constructor(
    private readonly judges: Judges,
    private readonly clock: Clock,
    health: Health,
  ) {
    health.register('policy', () => this.health())
    const gauge = waitingPartitions as typeof waitingPartitions & { collect?: () => void }
    gauge.collect = () => waitingPartitions.set(this.stillWaiting().length)
  }

  /** A partition stands still at a message. */
  begin(partition: string, { platformId, accountId, receivedAt }: Judged): void {
    this.waiting.set(partition, { platformId, accountId, receivedAt })
  }

  /** Whether any did when it was last looked at. */
  get any(): boolean {
    return this.waiting.size > 0
  }

  end(partition: string): void {
    this.waiting.delete(partition)
  }

  private health(): PartHealth {
    const waiting = this.stillWaiting()
    if (waiting.length > 0) {
      const named = waiting
        .slice(0, MAX_NAMED)
        .map(({ partition, receivedAt, reason }) => `${partition} (received ${receivedAt}): ${reason}`)
      return { status: 'down', detail: `waiting for a policy: ${named.join('; ')}` }
    }
    if (this.judges.inForce(this.clock.now())) return { status: 'up' }
    return { status: 'down', detail: 'no live policy is in force' }
  }

  /** What is judged by now goes on by itself, here or with the member that has the partition since. */
  private stillWaiting(): { partition: string; receivedAt: string; reason: string }[] {
    const still: { partition: string; receivedAt: string; reason: string }[] = []
    for (const [partition, message] of this.waiting) {
      try {
        this.judges.judgeOf(message)
        this.waiting.delete(partition)
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error
        still.push({ partition, receivedAt: message.receivedAt, reason: error.message })
      }
    }
    return still
  }
}
