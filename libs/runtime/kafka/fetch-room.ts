/**
 * Whether a consumer had room: whether, since it was last asked, it was well, and each broker that it fetches from once had
 * nothing for it. Then nothing was in the way of any partition, and one that stands still is forgotten.
 */
export class FetchRoom {
  private batches = 0
  /** How many batches there had been at the last fetch from each broker. */
  private readonly batchesAtFetch = new Map<number, number>()
  /** Each broker that was asked for records, and whether it once had none. */
  private emptied = new Map<number, boolean>()
  private trouble = false

  /** Records came. */
  batch(): void {
    this.batches++
  }

  /** A broker is asked for records: with no batch since it was asked before, it had none. */
  fetch(nodeId: number): void {
    const empty = this.batchesAtFetch.get(nodeId) === this.batches
    this.emptied.set(nodeId, empty || this.emptied.get(nodeId) === true)
    this.batchesAtFetch.set(nodeId, this.batches)
  }

  /** A broker was away, or refused something. */
  troubled(): void {
    this.trouble = true
  }

  /** The answer, for the time since this was last called. */
  take(): boolean {
    const had = !this.trouble && this.emptied.size > 0 && [...this.emptied.values()].every(Boolean)
    this.emptied = new Map()
    this.trouble = false
    return had
  }
}
