import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AccountWorld } from './account-world.fixture.js'
import type { AccountLabel } from './account-state.js'
import { applyLabel, labelsAt } from './label-account.rules.js'

const START = Date.UTC(2026, 10, 24)
const at = (minute: number) => new Date(START + minute * 60_000)

const labelOf = (minute: number, lasts: number, i: number): AccountLabel => ({
  labelId: `lbl_${i}`,
  label: 'watch',
  reason: 'Posts at night.',
  by: 'mia',
  at: at(minute),
  expiresAt: at(minute + lasts),
})

describe('labels of an account', () => {
  it('count until they expire, whatever was put on before, and never more of them are kept than count', () => {
    const given = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 100 })), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(given, fc.nat(300), (all, later) => {
        const world = new AccountWorld()
        const every: AccountLabel[] = []
        let minute = 0
        for (const [i, [wait, lasts]] of all.entries()) {
          minute += wait
          const label = labelOf(minute, lasts, i)
          every.push(label)
          world.apply(applyLabel(world.facts, label, world.context(at(minute), 'mia')))
        }
        const now = at(minute + later)
        const expected = every.filter(({ expiresAt }) => expiresAt.getTime() > now.getTime())
        const ids = (labels: readonly AccountLabel[]) => labels.map(({ labelId }) => labelId).sort()
        expect(ids(labelsAt(world.state!.labels, now))).toEqual(ids(expected))
        const counted = every.filter(({ expiresAt }) => expiresAt.getTime() > at(minute).getTime())
        expect(world.state!.labels).toHaveLength(counted.length)
      }),
    )
  })

  it('change nothing else, and leave a trace without the reason', () => {
    const world = new AccountWorld()
    world.apply(applyLabel(world.facts, labelOf(0, 10, 1), world.context(at(0), 'mia')))
    expect(world.state).toMatchObject({ status: 'active', level: 0, points: 0, accountSeq: 0 })
    expect([world.directives, world.notices, world.strikes.size]).toEqual([[], [], 0])
    expect(world.events).toMatchObject([{ kind: 'account.labelled', actor: 'mia', code: 'watch' }])
    expect(JSON.stringify(world.events)).not.toContain('night')
  })
})
