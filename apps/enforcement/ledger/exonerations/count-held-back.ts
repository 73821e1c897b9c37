import { Counter } from 'prom-client'
import type { LedgerPending } from '../ledger-write.js'

const heldBack = new Counter({
  name: 'weir_enforcement_verdicts_held_back_total',
  help: 'Verdicts not acted on automatically in a category, because their text was found wrongly judged under its clause.',
  labelNames: ['category'],
})

/** Counts the verdicts that a stored change holds back; once, by whoever stored it. */
export function countHeldBack(pending: readonly LedgerPending[]): void {
  for (const entry of pending) {
    if (!('write' in entry) || entry.write !== 'entry') continue
    for (const { category } of entry.heldBack?.in ?? []) heldBack.inc({ category })
  }
}
