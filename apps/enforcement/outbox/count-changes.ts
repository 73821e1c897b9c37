import { Counter } from 'prom-client'
import type { Pending, PendingWrite } from './pending.js'

const events = new Counter({
  name: 'weir_enforcement_events_total',
  help: 'Changes that this instance made and told of, by kind of event.',
  labelNames: ['kind'],
})
const directives = new Counter({
  name: 'weir_enforcement_directives_total',
  help: 'Directives that this instance ordered, by platform and kind.',
  labelNames: ['platform', 'kind'],
})

/** Counts what a stored change makes known; once, by whoever stored it. */
export function countChanges(pending: readonly Pending<PendingWrite>[]): void {
  for (const entry of pending) {
    if (!('publish' in entry)) continue
    if (entry.publish === 'event') events.inc({ kind: entry.value.kind })
    if (entry.publish === 'directive') {
      directives.inc({ platform: entry.platformId, kind: entry.value.kind })
    }
  }
}
