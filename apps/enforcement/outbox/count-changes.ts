import { Counter } from 'prom-client'
import type { Pending } from './pending.js'

const events = new Counter({
  name: 'weir_enforcement_events_total',
  help: 'Changes of accounts, cases, decisions and measures that this instance made, by kind.',
  labelNames: ['kind'],
})
const directives = new Counter({
  name: 'weir_enforcement_directives_total',
  help: 'Directives that this instance ordered, by platform and kind.',
  labelNames: ['platform', 'kind'],
})

const heldBack = new Counter({
  name: 'weir_enforcement_verdicts_held_back_total',
  help: 'Verdicts that automation did not act on in a category, because their text was found wrongly judged under its clause.',
  labelNames: ['category'],
})

/** Counts what a stored change makes known; once, by whoever stored it. */
export function countChanges(pending: readonly Pending[]): void {
  for (const entry of pending) {
    if ('write' in entry) {
      if (entry.write === 'entry')
        for (const { category } of entry.heldBack?.in ?? []) heldBack.inc({ category })
      continue
    }
    if (entry.publish === 'event') events.inc({ kind: entry.value.kind })
    if (entry.publish === 'directive') {
      directives.inc({ platform: entry.platformId, kind: entry.value.kind })
    }
  }
}
