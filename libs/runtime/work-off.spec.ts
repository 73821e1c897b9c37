import { describe, expect, it } from 'vitest'
import { WorkOff } from './work-off.js'

const LIMIT = 100
const ids = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`)

/** Some that always fail, first in the list of what is due, before some that do not. */
function aList(bad: number, good: number) {
  let now = 0
  const due = [...ids('bad', bad), ...ids('good', good)]
  const tries = new Map<string, number>()
  const workOff = new WorkOff(() => now)
  const turn = () =>
    workOff
      .run(
        async (limit, except) => due.filter((id) => !except.includes(id)).slice(0, limit),
        (id) => id,
        async (some) => {
          if (some.length === 1) tries.set(some[0]!, (tries.get(some[0]!) ?? 0) + 1)
          if (some.some((id) => id.startsWith('bad'))) throw new Error(`cannot: ${some[0]}`)
          for (const id of some) due.splice(due.indexOf(id), 1)
        },
        LIMIT,
      )
      .then(
        () => 0,
        (error: AggregateError) => error.errors.length,
      )
  return { due, tries, turn, workOff, pass: (ms: number) => (now += ms) }
}

describe('working off what is due', () => {
  it('gets past more that always fail than one page holds, in the same turn', async () => {
    const { due, turn } = aList(250, 330)
    expect(await turn()).toBe(250)
    expect(due).toEqual(ids('bad', 250))
  })

  it('leaves alone for longer and longer what fails again, and for a minute at most', async () => {
    const { tries, turn, pass } = aList(1, 0)
    const of = () => tries.get('bad0')
    await turn()
    await turn()
    expect(of()).toBe(1)
    pass(2_000)
    await turn()
    expect(of()).toBe(2)
    pass(2_000)
    await turn()
    expect(of()).toBe(2)
    for (let i = 0; i < 10; i++) {
      pass(60_000)
      await turn()
    }
    expect(of()).toBe(12)
  })

  it('forgets what succeeded, and holds no more than it says', () => {
    const { workOff } = aList(0, 0)
    workOff.failed('a')
    expect(workOff.resting()).toEqual(['a'])
    workOff.done('a')
    expect(workOff.resting()).toEqual([])
    for (const id of ids('x', 5_000)) workOff.failed(id)
    expect(workOff.resting()).toHaveLength(2_000)
    expect(workOff.resting().at(-1)).toBe('x4999')
  })
})
