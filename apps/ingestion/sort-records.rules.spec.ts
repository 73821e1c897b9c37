import 'reflect-metadata'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessageIn } from '#libs/contracts/message-in'
import type { CheckedMessage } from './check-message.rules.js'
import { RememberedRevisions } from './remembered-revisions.js'
import { type Arrival, sortRecords } from './sort-records.rules.js'

const nothingKnown = (): undefined => undefined

function aMessage(change: Partial<MessageIn> = {}): MessageIn {
  return {
    messageId: 'm-1',
    accountId: 'acc',
    visibility: 'public',
    sentAt: '2026-11-24T07:00:00Z',
    text: 'A',
    ...change,
  }
}

function arrivals(...values: (MessageIn | CheckedMessage)[]): Arrival[] {
  return values.map((value, offset) => ({
    value: 'outcome' in value ? value : { outcome: 'accepted', message: value },
    partition: 3,
    offset: String(offset),
    receivedAt: new Date(Date.UTC(2026, 10, 24, 8)),
  }))
}

const textsOf = (sorted: ReturnType<typeof sortRecords>): unknown[] =>
  sorted.accepted.map(({ message }) => message.text)

describe('sorting a batch', () => {
  it('passes on the platform, the revision and when the broker had it, keyed by the account', () => {
    const [accepted] = sortRecords('p1', arrivals(aMessage()), nothingKnown).accepted
    expect(accepted).toMatchObject({
      key: 'p1/acc',
      id: expect.stringMatching(/^msg_[a-z2-7]{26}$/) as string,
    })
    expect(accepted!.message).toEqual({
      ...aMessage(),
      platformId: 'p1',
      revision: expect.stringMatching(/^.{43}$/) as string,
      receivedAt: '2026-11-24T08:00:00.000Z',
    })
  })

  it('drops what has the content of the latest revision, and passes on every change, also back', () => {
    const texts = ['A', 'A', 'B', 'B', 'A', 'A'].map((text) => aMessage({ text }))
    const sorted = sortRecords('p1', arrivals(...texts), nothingKnown)
    expect(textsOf(sorted)).toEqual(['A', 'B', 'A'])
    expect(sorted.counts).toEqual({ accepted: 3, private: 0, repeat: 3, dead_lettered: 0 })
  })

  it('knows a repeat by what was acknowledged before', () => {
    const remembered = new RememberedRevisions(10)
    const first = sortRecords('p1', arrivals(aMessage()), (key) => remembered.latest(key))
    expect(sortRecords('p1', arrivals(aMessage()), (key) => remembered.latest(key)).counts.repeat).toBe(0)
    remembered.remember(first.revisions)
    expect(sortRecords('p1', arrivals(aMessage()), (key) => remembered.latest(key)).counts.repeat).toBe(1)
    expect(sortRecords('p2', arrivals(aMessage()), (key) => remembered.latest(key)).counts.repeat).toBe(0)
  })

  it('never takes for a repeat what was requested', () => {
    const sorted = sortRecords(
      'p1',
      arrivals(aMessage(), aMessage({ requested: 'dir_1' }), aMessage({ requested: 'dir_1' })),
      nothingKnown,
    )
    expect(sorted.counts.accepted).toBe(3)
  })

  it('takes a deletion for a change, and other followers for none', () => {
    const sorted = sortRecords(
      'p1',
      arrivals(aMessage(), aMessage({ account: { followers: 9 } }), aMessage({ change: 'deleted' })),
      nothingKnown,
    )
    expect(sorted.accepted.map(({ message }) => message.change)).toEqual([undefined, 'deleted'])
  })
})

describe('any batch', () => {
  const message = fc
    .record({ messageId: fc.constantFrom('m1', 'm2'), text: fc.constantFrom('A', 'B', 'C') })
    .map((change): CheckedMessage => ({ outcome: 'accepted', message: aMessage(change) }))
  const other = fc.constantFrom<CheckedMessage>(
    { outcome: 'private' },
    { outcome: 'rejected', rejection: { slug: 'schema', path: '/text', reason: 'is wrong' } },
  )
  const batches = fc.array(fc.oneof({ weight: 3, arbitrary: message }, other), { maxLength: 40 })

  it('ends each record as exactly one of four', () => {
    fc.assert(
      fc.property(batches, (values) => {
        const sorted = sortRecords('p1', arrivals(...values), nothingKnown)
        const { counts } = sorted
        expect(counts.accepted + counts.private + counts.repeat + counts.dead_lettered).toBe(values.length)
        expect(sorted.accepted.length).toBe(counts.accepted)
        expect(sorted.rejected.length).toBe(counts.dead_lettered)
      }),
    )
  })

  it('passes on the same when it is replayed, and the same final content however it is cut', () => {
    fc.assert(
      fc.property(batches, fc.nat(40), (values, cut) => {
        const whole = sortRecords('p1', arrivals(...values), nothingKnown)
        expect(sortRecords('p1', arrivals(...values), nothingKnown)).toEqual(whole)
        const remembered = new RememberedRevisions(100)
        const parts = [arrivals(...values).slice(0, cut), arrivals(...values).slice(cut)].flatMap((part) => {
          const sorted = sortRecords('p1', part, (key) => remembered.latest(key))
          remembered.remember(sorted.revisions)
          return sorted.accepted
        })
        expect(parts).toEqual(whole.accepted)
      }),
    )
  })

  it('gives each accepted record an id of its own', () => {
    fc.assert(
      fc.property(batches, (values) => {
        const ids = sortRecords('p1', arrivals(...values), nothingKnown).accepted.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })
})
