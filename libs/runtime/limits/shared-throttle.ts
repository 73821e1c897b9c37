import { Injectable } from '@nestjs/common'
import type { ThrottlerStorage } from '@nestjs/throttler'
import { Counter } from 'prom-client'
import { Instances } from './instances.js'
import { type KeyWindow, LeasedWindows, type Taken } from './leased-windows.js'
import { LeaseStore } from './lease.store.js'
import { within } from './within.js'

/** A request waits no longer for a lease. Then the database counts as away, and even shares hold. */
const PATIENCE_MS = 500

const asked = new Counter({
  name: 'weir_limit_leases_total',
  help: 'Leases of requests that this instance asked its database for, by outcome: answered, failed.',
  labelNames: ['outcome'],
})

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>

/**
 * Counts requests over all instances of the service, in windows of the clock that they share. An instance lets some pass
 * unasked, and leases more of a key from the service's database when it needs more: a call for many requests, none for
 * callers far below the limit, and none for who is refused. See docs/adr/0146.
 */
@Injectable()
export class SharedThrottle implements ThrottlerStorage {
  private readonly windows = new LeasedWindows()
  private readonly underWay = new Map<string, Promise<void>>()

  constructor(
    private readonly instances: Instances,
    private readonly leases: LeaseStore,
  ) {}

  /** Counts a request; `limit` of one key pass in `ttl` milliseconds, over all instances. Never rejects. */
  async increment(key: string, ttl: number, limit: number): Promise<ThrottlerRecord> {
    for (;;) {
      const now = this.instances.now()
      const window = { key, limit, endsAt: (Math.floor(now / ttl) + 1) * ttl }
      const { outcome, lease } = this.take(window, now)
      const leased = lease > 0 ? this.lease(window, lease) : undefined
      if (outcome !== 'waits') {
        const seconds = Math.ceil((window.endsAt - now) / 1_000)
        const isBlocked = outcome === 'refused'
        return { totalHits: 1, timeToExpire: seconds, isBlocked, timeToBlockExpire: isBlocked ? seconds : 0 }
      }
      await leased
    }
  }

  /** What becomes of a request in this window. */
  take(window: KeyWindow, now: number): Taken {
    return this.windows.take(window, now, this.instances.company())
  }

  /** One lease of a window at a time: who comes meanwhile waits for the same. */
  private lease(window: KeyWindow, requests: number): Promise<void> {
    const name = `${window.key}@${window.endsAt}`
    const known = this.underWay.get(name)
    if (known) return known
    const leasing = this.askFor(window, requests).finally(() => this.underWay.delete(name))
    this.underWay.set(name, leasing)
    return leasing
  }

  private async askFor(window: KeyWindow, requests: number): Promise<void> {
    try {
      const answer = this.leases.ask(window.key, window.endsAt, requests)
      const total = await within(PATIENCE_MS, 'lease of requests', answer)
      this.windows.leased(window, requests, total, this.instances.company())
      asked.inc({ outcome: 'answered' })
    } catch (error) {
      asked.inc({ outcome: 'failed' })
      this.instances.lost(error)
    }
  }
}
