/** Milliseconds that work goes on before others have their turn: a probe waits for some of them, and is answered in a fraction of a second. */
const SLICE_MS = 10

const waiting: (() => void)[] = []

/**
 * Lets a process answer others, its liveness probe too, in the midst of long work. To be asked between pieces of it that cannot be divided:
 * `if (turns.over) await turns.next()`. Of all the work that waits, one slice is done in each turn of the event loop, so that many partitions
 * at once hold nobody up longer than one.
 */
export class Turns {
  private began = performance.now()

  /** Whether this work has gone on for so long that others are to have their turn. */
  get over(): boolean {
    return performance.now() - this.began > SLICE_MS
  }

  /** Resolves when it is this work's turn again. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length === 1) setImmediate(letOne)
    })
    this.began = performance.now()
  }
}

/** As `Array.map`, in turns: for work on many things that each take little. */
export async function mapInTurns<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const turns = new Turns()
  const mapped: R[] = []
  for (const item of items) {
    if (turns.over) await turns.next()
    mapped.push(map(item))
  }
  return mapped
}

/** The same for work that itself falls into pieces: it may have to wait wherever it yields. */
export async function mapPiecesInTurns<T, R>(
  items: readonly T[],
  map: (item: T) => Generator<undefined, R>,
): Promise<R[]> {
  const turns = new Turns()
  const mapped: R[] = []
  for (const item of items) {
    const pieces = map(item)
    for (;;) {
      if (turns.over) await turns.next()
      const piece = pieces.next()
      if (piece.done) {
        mapped.push(piece.value)
        break
      }
    }
  }
  return mapped
}

/** Work in pieces, done in one go. */
export function inOneGo<R>(pieces: Generator<undefined, R>): R {
  for (;;) {
    const piece = pieces.next()
    if (piece.done) return piece.value
  }
}

function letOne(): void {
  waiting.shift()!()
  if (waiting.length > 0) setImmediate(letOne)
}
