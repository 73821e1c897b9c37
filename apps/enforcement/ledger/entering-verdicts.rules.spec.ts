import { expect, it } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { aVerdict } from './a-verdict.fixture.js'
import { byAccountKey, enteringCases } from './entering-verdicts.rules.js'

const at = (receivedAt: string): Verdict => aVerdict('a1', 'm1', { at: new Date(receivedAt) })

it('takes a verdict that came twice as it was when the message was first received', () => {
  const [first, again] = [at('2026-11-24T07:00:00.000Z'), at('2026-11-24T07:00:01.000Z')]
  expect(enteringCases([first, again])).toEqual([first])
  expect(enteringCases([again, first])).toEqual([first])
})

it('lets those of what is live and of sweeps into cases, unless they are clear', () => {
  const live = aVerdict('a1', 'm1')
  const sweep = { ...aVerdict('a1', 'm2'), mode: 'sweep:c1' }
  const shadow = { ...aVerdict('a1', 'm3'), mode: 'shadow:2' }
  const clear = aVerdict('a1', 'm4', { outcome: 'clear' })
  expect(enteringCases([live, sweep, shadow, clear])).toEqual([live, sweep])
})

it('tells accounts of two platforms apart', () => {
  const verdicts = [aVerdict('a1', 'm1'), aVerdict('a1', 'm2', { platformId: 'p2' }), aVerdict('a1', 'm3')]
  expect([...byAccountKey(verdicts).values()]).toEqual([[verdicts[0], verdicts[2]], [verdicts[1]]])
})
