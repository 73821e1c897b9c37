import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureLag } from './measure-lag.js'
import { PartitionProgress, type PartitionStand } from './partition-progress.js'

const stand = (end: number, committed?: number, low = 0): PartitionStand => ({
  low: BigInt(low),
  end: BigInt(end),
  committed: committed === undefined ? undefined : BigInt(committed),
})

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append'), n: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('handle'), n: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('check'), n: fc.constant(0) }) },
)

describe('the age of the oldest open record', () => {
  it('is never told too young, and at a check whether there is one is told right', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 50 })), { maxLength: 60 }), (steps) => {
        let now = 1_000
        const partition = new PartitionProgress('t', 0, now)
        const log: number[] = []
        let position = 0
        for (const [{ do: what, n }, ms] of steps) {
          now += ms
          if (what === 'append') for (let i = 0; i < n; i++) log.push(now)
          if (what === 'handle' && position < log.length) {
            const to = Math.min(position + n, log.length)
            partition.begin(log[position]!, now)
            expect(partition.oldestOpen()).toBe(log[position])
            partition.endHandling()
            partition.done(BigInt(to), log[to - 1]!, BigInt(log.length))
            position = to
          }
          if (what === 'check') {
            partition.check({ stand: stand(log.length, position), askedAt: now, hadRoom: true })
            expect(partition.oldestOpen() !== undefined).toBe(position < log.length)
          }
          const told = partition.oldestOpen()
          if (told !== undefined) expect(told).toBeLessThanOrEqual(log[position]!)
        }
      }),
    )
  })

  it('of a partition that nobody fetches is exact to the time between two checks', () => {
    const partition = new PartitionProgress('t', 0, 0)
    partition.check({ stand: stand(5, 5), askedAt: 100, hadRoom: true })
    expect(partition.oldestOpen()).toBeUndefined()
    partition.check({ stand: stand(5, 5), askedAt: 200, hadRoom: true })
    partition.check({ stand: stand(9, 5), askedAt: 300, hadRoom: true })
    partition.check({ stand: stand(12, 5), askedAt: 400, hadRoom: true })
    expect(partition.oldestOpen()).toBe(200)
  })

  it('stays while a failed part waits', () => {
    const partition = new PartitionProgress('t', 0, 0)
    partition.begin(50, 60)
    partition.endHandling()
    expect(partition.oldestOpen()).toBe(50)
  })

  it('is none where all that was not handled has been deleted', () => {
    const partition = new PartitionProgress('t', 0, 0)
    partition.check({ stand: stand(9, 5, 9), askedAt: 100, hadRoom: true })
    expect(partition.oldestOpen()).toBeUndefined()
  })
})

describe('a partition stands still', () => {
  const lagging = () => {
    const partition = new PartitionProgress('t', 0, 0)
    partition.check({ stand: stand(9, 5), askedAt: 100, hadRoom: true })
    partition.check({ stand: stand(9, 5), askedAt: 200, hadRoom: true })
    expect(partition.stillFor).toBe(2)
    return partition
  }
  const check = (partition: PartitionProgress, { end = 9, hadRoom = true, known = true } = {}): number => {
    partition.check({ stand: known ? stand(end, 5) : undefined, askedAt: 300, hadRoom })
    return partition.stillFor
  }

  it('when it has work at check after check and nothing is in its way', () => {
    expect(check(lagging())).toBe(3)
  })

  it.each([
    ['it has no work', (): number => check(lagging(), { end: 5 })],
    ['other partitions kept the consumer busy', (): number => check(lagging(), { hadRoom: false })],
    ['the broker does not answer', (): number => check(lagging(), { known: false })],
    [
      'its records are with the handler',
      (): number => {
        const partition = lagging()
        partition.begin(1, 2)
        check(partition)
        return check(partition)
      },
    ],
    [
      'its handler fails and is tried again',
      (): number => {
        const partition = lagging()
        partition.failures = 1
        return check(partition)
      },
    ],
    [
      'it is paused',
      (): number => {
        const partition = lagging()
        partition.pause(() => undefined, 60_000)
        const still = check(partition)
        partition.stopWaiting()
        return still
      },
    ],
    [
      'it has moved',
      (): number => {
        const partition = lagging()
        partition.done(6n, 1, 9n)
        return check(partition)
      },
    ],
    [
      'marks of transactions were passed over',
      (): number => {
        const partition = lagging()
        partition.skip(8n)
        return check(partition)
      },
    ],
  ])('but not when %s', (_when, still) => {
    expect(still()).toBe(0)
  })

  it('from the beginning again after the group was joined anew', () => {
    const partition = lagging()
    partition.restart(250)
    expect(partition.stillFor).toBe(0)
    expect(check(partition)).toBe(1)
  })
})

describe('lag as time', () => {
  const open = (topic: string, partition: number, oldest: number | undefined) => ({
    topic,
    partition,
    oldestOpen: () => oldest,
  })

  it('is that of the worst partition, platforms together, and of the worst few by themselves', () => {
    const lag = measureLag(
      [
        open('weir.in.p1.messages.v1', 0, 9_000),
        open('weir.in.p2.messages.v1', 3, 4_000),
        open('weir.verdicts.v1', 1, undefined),
        open('weir.verdicts.v1', 2, 11_000),
      ],
      10_000,
      2,
    )
    expect(Object.fromEntries(lag.byTopic)).toEqual({
      'weir.in.<platformId>.messages.v1': 6,
      'weir.verdicts.v1': 0,
    })
    expect(lag.worst).toEqual([
      { topic: 'weir.in.p2.messages.v1', partition: 3, seconds: 6 },
      { topic: 'weir.in.p1.messages.v1', partition: 0, seconds: 1 },
    ])
  })
})
