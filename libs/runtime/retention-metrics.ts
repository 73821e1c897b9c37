import { Counter, Gauge } from 'prom-client'

const erased = new Counter({
  name: 'weir_retention_erased_total',
  help: 'Items whose content this instance erased at the end of its retention, by kind.',
  labelNames: ['what'],
})
const overdue = new Gauge({
  name: 'weir_retention_overdue_seconds',
  help: 'How long the oldest item due for erasure has been overdue in seconds, by kind; 0 when none is due.',
  labelNames: ['what'],
})

export function countErased(what: string, count: number): void {
  if (count > 0) erased.inc({ what }, count)
}

/** `since`: when the first of them was due; null where none is. */
export function tellOverdue(what: string, since: Date | null, now: Date): void {
  overdue.set({ what }, since ? Math.max(0, (now.getTime() - since.getTime()) / 1_000) : 0)
}
