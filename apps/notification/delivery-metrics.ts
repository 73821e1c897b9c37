import { Counter, Gauge, Histogram, register } from 'prom-client'
import type { Channel, DeliveryState } from './delivery.js'

const attempts = new Counter({
  name: 'weir_delivery_attempts_total',
  help: 'Delivery attempts, by channel and by the state of the delivery afterwards.',
  labelNames: ['channel', 'state'] as const,
})

const ended = new Counter({
  name: 'weir_deliveries_total',
  help: 'Completed deliveries, by channel and outcome (delivered, failed, expired).',
  labelNames: ['channel', 'outcome'] as const,
})

const seconds = new Histogram({
  name: 'weir_delivery_attempt_seconds',
  help: 'Duration of a delivery attempt in seconds, by channel.',
  labelNames: ['channel'] as const,
  buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 45],
})

const notices = new Counter({
  name: 'weir_notices_total',
  help: 'Notices stored, by whether there was an address to deliver them to.',
  labelNames: ['addressed'] as const,
})

const seenAgain = new Counter({
  name: 'weir_notices_seen_again_total',
  help: 'Repeated notices that were ignored.',
})

const fallbacks = new Counter({
  name: 'weir_notices_fallback_total',
  help: 'Notices rendered with the fallback template because theirs is missing or lacks a required value.',
})

export function countAttempt(channel: Channel, state: DeliveryState, duration: number): void {
  attempts.inc({ channel, state })
  seconds.observe({ channel }, duration)
  if (state !== 'pending') ended.inc({ channel, outcome: state })
}

export function countExpired(channel: Channel, count: number): void {
  ended.inc({ channel, outcome: 'expired' }, count)
}

export function countSeenAgain(count: number): void {
  seenAgain.inc(count)
}

export function countNotice(deliveries: number, usedFallback: boolean): void {
  notices.inc({ addressed: deliveries > 0 ? 'yes' : 'no' })
  if (usedFallback) fallbacks.inc()
}

const UNWELL = 'weir_webhooks_unwell'

/** Shows how many webhooks fail, and how many are out of use, asked for when metrics are read. */
export function showUnwellWebhooks(counts: () => Promise<Record<string, number>>): void {
  register.removeSingleMetric(UNWELL)
  new Gauge({
    name: UNWELL,
    help: 'Webhooks whose last attempt failed, by state: failing (still tried), disabled (after a day of failures), gone (receiver answered 410).',
    labelNames: ['state'],
    async collect() {
      // The database may be away; the other metrics are then still shown.
      await counts().then(
        (found) => Object.entries(found).forEach(([state, count]) => this.set({ state }, count)),
        () => this.reset(),
      )
    },
  })
}

const OLDEST = 'weir_delivery_oldest_pending_seconds'

/** Shows the age of the oldest pending delivery, asked for when metrics are read; 0 when there is none. */
export function showOldestPending(ageSeconds: () => Promise<number>): void {
  register.removeSingleMetric(OLDEST)
  new Gauge({
    name: OLDEST,
    help: 'Age of the oldest pending delivery in seconds; 0 when there is none.',
    async collect() {
      // The database may be away; the other metrics are then still shown.
      await ageSeconds().then(
        (age) => this.set(age),
        () => this.reset(),
      )
    },
  })
}
