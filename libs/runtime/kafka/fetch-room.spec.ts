import { describe, expect, it } from 'vitest'
import { FetchRoom } from './fetch-room.js'

/** What a consumer saw: a fetch from a broker by its number, a batch, trouble. */
function roomAfter(...seen: (number | 'batch' | 'trouble')[]): boolean {
  const room = new FetchRoom()
  for (const one of seen) {
    if (one === 'batch') room.batch()
    else if (one === 'trouble') room.troubled()
    else room.fetch(one)
  }
  return room.take()
}

describe('a consumer', () => {
  it('had room when each broker once had nothing for it', () => {
    expect(roomAfter(1, 1)).toBe(true)
    expect(roomAfter(1, 2, 1, 2)).toBe(true)
    expect(roomAfter(1, 'batch', 1, 1)).toBe(true)
    expect(roomAfter(1, 1, 'batch', 1)).toBe(true)
  })

  it('had none when a broker always had something, or was not asked twice', () => {
    expect(roomAfter(1, 'batch', 1, 'batch', 1)).toBe(false)
    expect(roomAfter(1, 1, 2)).toBe(false)
    expect(roomAfter(1)).toBe(false)
    expect(roomAfter()).toBe(false)
  })

  it('had none in trouble, and is asked anew after each answer', () => {
    expect(roomAfter(1, 1, 'trouble')).toBe(false)
    const room = new FetchRoom()
    room.fetch(1)
    room.fetch(1)
    expect([room.take(), room.take()]).toEqual([true, false])
    room.fetch(1)
    expect(room.take()).toBe(true)
  })
})
