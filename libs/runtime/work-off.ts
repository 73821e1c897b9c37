/** How long what fails is left alone: at first, and at most, with each failure twice as long. Milliseconds. */
const PAUSE_MS = { first: 2_000, most: 60_000 }
/** What has failed longest ago is forgotten first, and with it only how long it rests. */
const MAX_RESTING = 2_000
/** In one turn; whatever else is due does not wait for longer. */
const MAX_PAGES = 10

interface Rest {
  until: number
  pauseMs: number
}

/**
 * Does what is due, page by page, past what fails: that rests for a while, in the memory of this instance, so that some that never
 * succeed do not stand before everything that comes after them.
 */
export class WorkOff {
  private readonly rests = new Map<string, Rest>()

  /**
   * @param now milliseconds of a clock that nobody moves
   * @param mostPages in one turn
   */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly mostPages = MAX_PAGES,
  ) {}

  /**
   * @param find what is due, at most `limit` of it and without the ids of `except`
   * @param work does some of it; called again with each alone where it fails, so that doing one twice does no harm
   * @throws AggregateError with why some failed, once everything else is done
   */
  async run<T>(
    find: (limit: number, except: string[]) => Promise<readonly T[]>,
    idOf: (one: T) => string,
    work: (some: readonly T[]) => Promise<unknown>,
    limit: number,
  ): Promise<void> {
    const failures: unknown[] = []
    for (let page = 0; page < this.mostPages; page++) {
      const found = await find(limit, this.resting())
      if (found.length > 0) failures.push(...(await this.doAll(found, idOf, work)))
      if (found.length < limit) break
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of what is due failed`)
  }

  /** The ids of what rests now. */
  resting(): string[] {
    const now = this.now()
    return [...this.rests].flatMap(([id, { until }]) => (until > now ? [id] : []))
  }

  /** It failed: it rests. */
  failed(id: string): void {
    const known = this.rests.get(id)
    const pauseMs = known ? Math.min(known.pauseMs * 2, PAUSE_MS.most) : PAUSE_MS.first
    this.rests.delete(id)
    this.rests.set(id, { until: this.now() + pauseMs, pauseMs })
    for (const oldest of this.rests.keys()) {
      if (this.rests.size <= MAX_RESTING) return
      this.rests.delete(oldest)
    }
  }

  /** It succeeded. */
  done(id: string): void {
    this.rests.delete(id)
  }

  private async doAll<T>(
    found: readonly T[],
    idOf: (one: T) => string,
    work: (some: readonly T[]) => Promise<unknown>,
  ): Promise<unknown[]> {
    const [all] = await Promise.allSettled([work(found)])
    if (all.status === 'fulfilled') {
      for (const one of found) this.done(idOf(one))
      return []
    }
    // Side by side: where everything fails since something is away, each waits as long as all.
    const results =
      found.length === 1 ? [all] : await Promise.allSettled(found.map(async (one) => work([one])))
    return results.flatMap((result, i): unknown[] => {
      const id = idOf(found[i]!)
      if (result.status === 'fulfilled') {
        this.done(id)
        return []
      }
      this.failed(id)
      return [result.reason]
    })
  }
}
