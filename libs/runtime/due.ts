import 'reflect-metadata'

const DUE = Symbol('weir:due')

/**
 * Whoever begins something ends it at once, or says every so often that it is at work. What nobody has touched for so long, in
 * milliseconds by the machine's clock, was cut off: any instance may complete it.
 */
export const ABANDONED_AFTER_MS = 5_000

/** Work that is due by the clock. */
export interface DueTask {
  /** As the log calls it; no other task has it. */
  readonly name: string
  /** The tasks are done one after the other in this order; a whole number that no other task has. */
  readonly order: number
  /** Rests so long after each time, in milliseconds, unless it gave `true`: there is more. Without it, every turn. */
  readonly everyMs?: number
}

type DueMethod = () => Promise<unknown>

/**
 * The method of a provider that does what is due by the clock, whenever the service's timer has come to it. Every instance calls
 * it, several at once too. What it throws is logged; the work is tried again in the next turn.
 */
export function Due(task: DueTask) {
  return <M extends DueMethod>(
    _target: object,
    _property: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    Reflect.defineMetadata(DUE, task, descriptor.value!)
  }
}

/** What the method was declared for; undefined for one that is not due by the clock. */
export function dueTaskOf(method: object): DueTask | undefined {
  return Reflect.getMetadata(DUE, method) as DueTask | undefined
}
