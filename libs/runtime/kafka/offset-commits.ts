/** What is to be committed of one partition: the offset of the first record that is not done. */
export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** Sends positions to the group's coordinator. */
export type SendPositions = (positions: Position[]) => Promise<void>

/**
 * Commits what is done, and nothing else, at intervals and on demand. A commit that fails is only a repeat after the next
 * rebalance: it is tried again as long as the generation lasts.
 */
export class OffsetCommits {
  private readonly done = new Map<string, Position>()
  private sending: Promise<void> = Promise.resolve()

  constructor(
    private readonly send: SendPositions,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Every record of the partition before `offset` is done. */
  markDone(position: Position): void {
    this.done.set(`${position.topic}/${position.partition}`, position)
  }

  /** The partitions belong to a new generation now: what was not committed comes again. */
  forget(): void {
    this.done.clear()
  }

  /** Resolves when what was done before the call is committed, or could not be. */
  flush(): Promise<void> {
    this.sending = this.sending.then(() => this.sendNow())
    return this.sending
  }

  private async sendNow(): Promise<void> {
    if (this.done.size === 0) return
    const positions = [...this.done]
    try {
      await this.send(positions.map(([, position]) => position))
      for (const [key, position] of positions) if (this.done.get(key) === position) this.done.delete(key)
    } catch (error) {
      this.onFailure(error)
    }
  }
}
