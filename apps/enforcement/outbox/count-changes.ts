import { Counter } from 'prom-client'
import type { Pending, PendingWrite } from './pending.js'

const events = new Counter({
  name: 'weir_enforcement_events_total',
  help: 'Changes to accounts, cases, decisions, measures and what else this instance made, by kind of event.',
  labelNames: ['kind'],
})
const directives = new Counter({
  name: 'weir_enforcement_directives_total',
  help: 'Directives issued by this instance, by platform and kind.',
  labelNames: ['platform', 'kind'],
})

/** Counts what a stored change makes known; once, by whoever stored it. */
export function countChanges(pending: readonly Pending<PendingWrite>[]): void {
  for (const entry of pending) {
    if ('write' in entry) continue
    if (entry.publish === 'event') events.inc({ kind: entry.value.kind })
    if (entry.publish === 'directive') {
      directives.inc({ platform: entry.platformId, kind: entry.value.kind })
    }
  }
}
