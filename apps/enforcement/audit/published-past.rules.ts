import type { KeyObject } from 'node:crypto'
import { NoteError, openNote } from '#libs/audit/checkpoint-note'
import type { Checkpoint } from '#libs/contracts/checkpoint'

/** What was published of a shard. */
export type PublishedPast =
  /** Nothing: it may begin. */
  | { readonly is: 'unwritten' }
  /** The largest checkpoint. */
  | { readonly is: 'signed'; readonly newest: Checkpoint }
  /** Two checkpoints of this many records say different things: no log can continue both. */
  | { readonly is: 'forked'; readonly size: number }
  /** Only checkpoints of keys that are not known here: the key was lost or exchanged. */
  | { readonly is: 'foreign' }

/**
 * What the published checkpoints say, whatever the database holds. Only those count that one of the keys signed: anybody who
 * can write to the topic could stop the log with others.
 */
export class PublishedCheckpointsView {
  private readonly pasts = new Map<string, PublishedPast>()

  /** `keys`: the log's own, and those that it had before. */
  constructor(private readonly keys: readonly KeyObject[]) {}

  /** Takes in a checkpoint; false for one that is not signed by any of the keys, or is not what its note says. */
  take(checkpoint: Checkpoint): boolean {
    const { shard, size, head } = checkpoint
    const past = this.of(shard)
    if (!this.isOurs(checkpoint)) {
      if (past.is === 'unwritten') this.pasts.set(shard, { is: 'foreign' })
      return false
    }
    const newest = past.is === 'signed' ? past.newest : undefined
    if (past.is === 'forked') return true
    if (newest && newest.size === size && newest.head !== head) this.pasts.set(shard, { is: 'forked', size })
    else if (!newest || newest.size < size) this.pasts.set(shard, { is: 'signed', newest: checkpoint })
    return true
  }

  of(shard: string): PublishedPast {
    return this.pasts.get(shard) ?? { is: 'unwritten' }
  }

  shards(): string[] {
    return [...this.pasts.keys()]
  }

  private isOurs({ shard, size, head, note }: Checkpoint): boolean {
    return this.keys.some((key) => {
      try {
        const said = openNote(note, key)
        return said.size === size && said.head === head && said.origin.endsWith(`/${shard}`)
      } catch (error) {
        if (error instanceof NoteError) return false
        throw error
      }
    })
  }
}
