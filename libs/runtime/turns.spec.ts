import { describe, expect, it } from 'vitest'
import { inOneGo, mapPiecesInTurns, Turns } from './turns.js'

/** Turns of the event loop so far, counted by somebody else. */
function countTurns(): { readonly count: number; stop(): void } {
  const counter = { count: 0, stopped: false, stop: () => void (counter.stopped = true) }
  const tick = (): void => {
    counter.count++
    if (!counter.stopped) setImmediate(tick)
  }
  setImmediate(tick)
  return counter
}

describe('turns', () => {
  it('let only one piece of work go on in each turn of the event loop', async () => {
    const others = countTurns()
    const wentOn: number[] = []
    const work = async (): Promise<void> => {
      const turns = new Turns()
      for (let i = 0; i < 3; i++) {
        await turns.next()
        wentOn.push(others.count)
      }
    }
    await Promise.all([work(), work(), work()])
    others.stop()
    expect(wentOn).toHaveLength(9)
    expect(new Set(wentOn).size).toBe(9)
  })

  it('come to others between the pieces of one work, and change nothing of what it gives', async () => {
    const others = countTurns()
    const at: number[] = []
    function* work(name: string): Generator<undefined, string> {
      for (let i = 0; i < 3; i++) {
        const end = performance.now() + 15
        while (performance.now() < end);
        at.push(others.count)
        yield
      }
      return name
    }
    expect(await mapPiecesInTurns(['a', 'b'], work)).toEqual(['a', 'b'])
    others.stop()
    expect(new Set(at).size).toBe(6)
    expect(inOneGo(work('c'))).toBe('c')
  })

  it('come to each in the order in which it asked', async () => {
    const order: string[] = []
    const work = async (name: string): Promise<void> => {
      const turns = new Turns()
      for (let i = 0; i < 3; i++) {
        await turns.next()
        order.push(name)
      }
    }
    await Promise.all([work('a'), work('b')])
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  })
})
