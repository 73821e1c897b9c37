import type { DueTask } from '#libs/runtime/due'
import { WiringError } from '#libs/runtime/wiring'

/** Work that is due by the clock, with what does it. */
export interface ClockTask extends DueTask {
  readonly run: () => Promise<unknown>
}

/** The tasks in their order. @throws WiringError that names each task without a place of its own, and each name that two have */
export function inOrder(tasks: readonly ClockTask[]): ClockTask[] {
  const faults: string[] = []
  const names = new Set<string>()
  const places = new Map<number, string>()
  for (const { name, order } of tasks) {
    if (names.has(name)) faults.push(`two clock tasks are called ${name}`)
    if (!Number.isSafeInteger(order)) faults.push(`${name} has no place among what the clock does`)
    else if (places.has(order)) faults.push(`${places.get(order)} and ${name} both have place ${order}`)
    names.add(name)
    places.set(order, name)
  }
  if (faults.length > 0) throw new WiringError(`${faults.join('; ')}.`)
  return [...tasks].sort((a, b) => a.order - b.order)
}
