import type { StackServer } from '#libs/testing/local-stack'
import type { Archive } from '../faults/observe.js'
import type { WeirSystem } from '../harness/weir-system.js'
import type { KafkaProxy } from './kafka-proxy.js'
import type { SteadyLoad } from './steady-load.js'
import type { TightDisk } from './tight-disk.js'

/** All that faults can harm. */
export interface Ground {
  readonly system: WeirSystem
  readonly load: SteadyLoad
  readonly brokers: readonly StackServer[]
  readonly mongods: readonly StackServer[]
  /** Between the services and the broker; none in a cluster. */
  readonly proxy: KafkaProxy | null
  /** Under the broker's log; none where this machine forbids mounts, and none in a cluster. */
  readonly disk: TightDisk | null
  /** What topics held before they were truncated. */
  readonly archive: Archive
}

/** Undoes the harm; resolves when what was harmed is ready again. */
export type Heal = () => Promise<void>

/** One kind of harm. */
export interface Fault {
  readonly kind: string
  /** The least that it has to last, milliseconds. */
  readonly leastMs?: number
  /** Why it cannot be done on this ground; absent or undefined where it can. */
  readonly unfit?: (ground: Ground) => string | undefined
  /** Does the harm. `random`, from the run's seed, decides whom it strikes. */
  inject(ground: Ground, random: () => number): Promise<Heal>
}

/** One of the items. */
export function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!
}
