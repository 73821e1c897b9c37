import type { mongo } from 'mongoose'
import { expect, it } from 'vitest'
import type { Outbox } from './outbox.js'
import { Relay } from './relay.js'
import type { WithOutbox } from './with-outbox.js'

/** A collection of holders in the order in which it is read; delivering takes what it delivers out of it. */
function world(bad: number, good: number) {
  const holders = [
    ...Array.from({ length: bad }, (_, i) => ({ _id: `bad${i}` })),
    ...Array.from({ length: good }, (_, i) => ({ _id: `good${i}` })),
  ]
  const collection = {
    collectionName: 'things',
    find: (filter: { _id?: { $nin: string[] } }) => ({
      limit: (most: number) => ({
        toArray: async () => holders.filter(({ _id }) => !filter._id?.$nin.includes(_id)).slice(0, most),
      }),
    }),
  }
  const outbox = {
    deliver: async (some: readonly { _id: string }[]) => {
      if (some.some(({ _id }) => _id.startsWith('bad'))) throw new Error('cannot be delivered')
      for (const { _id } of some) {
        const at = holders.findIndex((one) => one._id === _id)
        if (at >= 0) holders.splice(at, 1)
      }
    },
  }
  return {
    holders,
    collection: collection as unknown as mongo.Collection<WithOutbox>,
    relay: new Relay(outbox as unknown as Outbox),
  }
}

it('outboxes that can never be delivered keep none behind them from it', async () => {
  const { holders, collection, relay } = world(120, 90)
  await expect(relay.complete(collection)).rejects.toThrow(AggregateError)
  expect(holders.map(({ _id }) => _id).filter((id) => id.startsWith('good'))).toEqual([])
  expect(holders).toHaveLength(120)
})
