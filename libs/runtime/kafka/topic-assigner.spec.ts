import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignPartitions, type KnowingMember } from './topic-assigner.js'

const members = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((memberId) =>
        fc.subarray(['a', 'b', 'c', 'd', 'e']).map((known): KnowingMember => ({
          memberId,
          topics: new Map(known.map((t) => [t, t.charCodeAt(0) - 94])),
        })),
      ),
    ),
  )

describe('the assigner', () => {
  it('gives each partition that a member knows to exactly one member, and only to one that knows it', () => {
    fc.assert(
      fc.property(members, (group) => {
        const assigned = assignPartitions(group)
        const given: string[] = []
        for (const [memberId, topics] of assigned) {
          const known = group.find((member) => member.memberId === memberId)!.topics
          for (const [topic, partitions] of topics) {
            expect(known.has(topic)).toBe(true)
            given.push(...partitions.map((partition) => `${topic}${partition}`))
          }
        }
        const all = new Set(
          group.flatMap(({ topics }) =>
            [...topics].flatMap(([topic, count]) => Array.from({ length: count }, (_, i) => `${topic}${i}`)),
          ),
        )
        expect(given.sort()).toEqual([...all].sort())
      }),
    )
  })

  it('shares fairly among members that know the same, in whatever order they come', () => {
    const topics = new Map([
      ['a', 4],
      ['b', 2],
      ['c', 1],
    ])
    const group = ['m1', 'm2', 'm3'].map((memberId) => ({ memberId, topics }))
    const assigned = assignPartitions(group)
    const loads = [...assigned.values()].map((some) => [...some.values()].flat().length)
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
    expect(assignPartitions([...group].reverse())).toEqual(assigned)
  })
})
