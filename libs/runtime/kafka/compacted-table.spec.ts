import 'reflect-metadata'
import type { KafkaMessage } from 'kafkajs'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Topics } from '#libs/contracts/catalogue'
import type { Platform } from '#libs/contracts/platform'
import { CompactedTable } from './compacted-table.js'

const table = (): CompactedTable<Platform> => new CompactedTable(Topics.platforms, pino({ level: 'silent' }))

function platform(name: string): Platform {
  return { platformId: 'p1', name, mode: 'enforce', contacts: [], registeredAt: '2026-11-24T07:00:00Z' }
}

function message(offset: number, key: string | null, value: unknown): KafkaMessage {
  const bytes = typeof value === 'string' ? value : JSON.stringify(value)
  return {
    offset: String(offset),
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(bytes),
    timestamp: '0',
    attributes: 0,
    headers: {},
  }
}

/** Whether `ready` has resolved. */
async function isReady(one: CompactedTable<Platform>): Promise<boolean> {
  return Promise.race([
    one.ready.then(() => true),
    new Promise<false>((resolve) => setImmediate(() => resolve(false))),
  ])
}

describe('a table of a compacted topic', () => {
  it('holds the last value of each key, and no key after its tombstone', () => {
    const one = table()
    one.apply(0, [
      message(0, 'a', platform('1')),
      message(1, 'b', platform('2')),
      message(2, 'a', platform('3')),
    ])
    one.apply(0, [message(3, 'b', null)])
    expect([...one.entries()]).toEqual([['a', platform('3')]])
    expect([one.get('a'), one.get('b'), one.size]).toEqual([platform('3'), undefined, 1])
  })

  it('keeps what its writer changed last, in whatever order the changes come, deletions too', () => {
    const told = (rev: number, offset: number) => message(offset, 'a', { ...platform(String(rev)), rev })
    const gone = (rev: number, offset: number): KafkaMessage =>
      Object.assign(message(offset, 'a', null), {
        headers: { 'weir-rev': String(rev) },
      })
    const heard: (string | undefined)[] = []
    const one = table()
    one.onChange((_key, value) => heard.push(value?.name))
    one.apply(0, [told(2, 0), told(1, 1), told(3, 2), told(2, 3)])
    expect(one.get('a')?.name).toBe('3')
    one.apply(0, [gone(2, 4)])
    expect(one.get('a')?.name).toBe('3')
    one.apply(0, [gone(4, 5), told(3, 6)])
    expect(one.get('a')).toBeUndefined()
    one.apply(0, [told(5, 7), told(5, 8)])
    expect(one.get('a')?.name).toBe('5')
    expect(heard).toEqual(['2', '3', undefined, '5', '5'])
  })

  it('does not go back in time when a reader begins again', () => {
    const one = table()
    const changes: unknown[] = []
    one.onChange((key, value) => changes.push([key, value?.name]))
    const all = [message(0, 'a', platform('old')), message(4, 'a', platform('new'))]
    one.apply(0, all)
    one.apply(0, all)
    one.apply(0, [message(5, 'a', null)])
    expect(changes).toEqual([
      ['a', 'old'],
      ['a', 'new'],
      ['a', undefined],
    ])
  })

  it('passes over bad records and failing listeners', () => {
    const one = table()
    const heard: string[] = []
    one.onChange(() => {
      throw new Error('no')
    })
    one.onChange((key) => heard.push(key))
    one.apply(0, [
      message(0, 'a', '{'),
      message(1, 'b', { platformId: 'p1' }),
      message(2, null, platform('keyless')),
      message(3, 'c', platform('good')),
    ])
    expect([[...one.entries()], heard]).toEqual([[['c', platform('good')]], ['c']])
  })

  it('is ready when each partition is read to the end that it had at the start, and not before', async () => {
    const one = table()
    one.apply(0, [message(0, 'a', platform('1'))])
    expect(await isReady(one)).toBe(false)
    one.expect(
      new Map([
        [0, 2n],
        [1, 1n],
      ]),
    )
    one.apply(1, [message(0, 'b', platform('1'))])
    expect(await isReady(one)).toBe(false)
    one.apply(0, [message(1, 'c', platform('1'))])
    expect(await isReady(one)).toBe(true)
  })

  it('is ready when compaction took the last records away, and still takes what comes', async () => {
    const one = table()
    one.expect(new Map([[0, 5n]]))
    one.apply(0, [message(0, 'a', platform('1'))])
    one.passed(0, 4n)
    expect(await isReady(one)).toBe(false)
    one.nothingLeft()
    expect(await isReady(one)).toBe(true)
    one.apply(0, [message(4, 'a', platform('late'))])
    expect(one.get('a')).toEqual(platform('late'))
  })

  it('that nothing was ever written to is ready at once', async () => {
    const one = table()
    one.expect(new Map())
    expect(await isReady(one)).toBe(true)
  })
})
