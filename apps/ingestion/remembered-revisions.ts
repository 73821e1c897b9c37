import { RevisionTable } from './revision-table.js'

/**
 * The latest revision of each message that this process saw acknowledged by the broker; the oldest are forgotten
 * (docs/adr/0060). Two generations: when the young one is full the old one is dropped whole. So the last half of
 * `capacity` is always there, and never more than all of it, without a list to keep in order.
 */
export class RememberedRevisions {
  private readonly generation: number
  private young: RevisionTable | undefined
  private old: RevisionTable | undefined

  /** `capacity`: messages, about 120 bytes each. 0 remembers nothing. */
  constructor(capacity: number) {
    this.generation = Math.ceil(capacity / 2)
  }

  /** The revision that was acknowledged last; undefined where none is remembered. */
  latest(messageKey: string): string | undefined {
    return this.young?.get(messageKey) ?? this.old?.get(messageKey)
  }

  /** Call it with what the broker has acknowledged, and not before. */
  remember(revisions: ReadonlyMap<string, string>): void {
    if (this.generation === 0) return
    for (const [messageKey, revision] of revisions) {
      if (this.young?.set(messageKey, revision)) continue
      this.old = this.young
      this.young = new RevisionTable(this.generation)
      this.young.set(messageKey, revision)
    }
  }
}
