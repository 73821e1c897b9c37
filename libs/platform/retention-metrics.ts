import { Counter, Gauge } from 'prom-client'

const erased = new Counter({
  name: 'weir_retention_erased_total',
  help: 'Things whose content this instance erased because its time was over, by what they are.',
  labelNames: ['what'],
})
const overdue = new Gauge({
  name: 'weir_retention_overdue_seconds',
  help: 'For how long the thing that should have been looked at first, to be erased, has waited for it; 0 where none waits.',
  labelNames: ['what'],
})

export function countErased(what: string, count: number): void {
  if (count > 0) erased.inc({ what }, count)
}

/** `since`: when the first of them was due; null where none is. */
export function tellOverdue(what: string, since: Date | null, now: Date): void {
  overdue.set({ what }, since ? Math.max(0, (now.getTime() - since.getTime()) / 1_000) : 0)
}
