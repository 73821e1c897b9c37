/** Numbers in [0, 1) that depend on the seed alone (mulberry32, Tommy Ettinger, public domain). */
export function numberFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle(items: Uint32Array, next: () => number): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1))
    const item = items[i] as number
    items[i] = items[j] as number
    items[j] = item
  }
}
