import mongoose, { type Connection, type mongo } from 'mongoose'
import { randomUUID } from 'node:crypto'
import { register } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventOf } from './event.rules.js'
import { OutboxCollection } from './outbox-collection.js'
import { pendingEvent } from './pending-event.js'
import type { WithOutbox } from './with-outbox.js'

interface Thing extends WithOutbox {
  n: number
  version: number
}

let connection: Connection
let things: mongo.Collection<Thing>
let outboxes: OutboxCollection<Thing>

beforeAll(async () => {
  const options = { dbName: `weir_outboxes_${randomUUID()}` }
  connection = await mongoose.createConnection(process.env['MONGODB_URI']!, options).asPromise()
  things = connection.collection('things') as unknown as typeof things
  outboxes = new OutboxCollection(things)
})
afterAll(async () => {
  await connection.dropDatabase()
  await connection.close()
})
beforeEach(async () => {
  await things.deleteMany({})
  register.resetMetrics()
})

const told = (cause: string) =>
  pendingEvent(eventOf('appeal.opened', 'appeal/1', cause, new Date(), 'system', {}))
const thing = (_id: string): Thing => ({ _id, n: 0, version: 1, pending: [told(_id)], outboxAt: new Date(0) })

async function counted(): Promise<number> {
  const { values } = await register.getSingleMetric('weir_enforcement_events_total')!.get()
  return values.find(({ labels }) => labels['kind'] === 'appeal.opened')?.value ?? 0
}

it('of ten who change or add one document at once one does, and what it tells is counted once', async () => {
  const added = await Promise.all(Array.from({ length: 10 }, () => outboxes.add(thing('a'))))
  expect(added.filter(Boolean)).toHaveLength(1)
  expect(await counted()).toBe(1)
  for (const [n, how] of (['change', 'update'] as const).entries()) {
    const version = n + 1
    const changed = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        outboxes[how]({ _id: 'a', version }, { n: i }, [told(`${how} ${i}`)], { $inc: { version: 1 } }),
      ),
    )
    expect(changed.filter(Boolean)).toHaveLength(1)
    expect(await counted()).toBe(1 + version)
  }
})

it('puts what a change tells behind what lies in the outbox, and says when', async () => {
  const before = thing('b')
  await outboxes.add(before)
  const change = told('changed')
  const changed = await outboxes.change({ _id: 'b', n: 0 }, { n: 7 }, [change])
  expect(changed).toMatchObject({ n: 7, version: 1, pending: [...before.pending, change] })
  expect(changed!.outboxAt!.getTime()).toBeGreaterThan(0)
  expect(await things.findOne({ _id: 'b' })).toEqual(changed)
})

it('adds those of several that are missing, and counts those alone', async () => {
  await outboxes.add(thing('c'))
  await outboxes.addMissing([thing('c'), thing('d'), thing('e')])
  expect(await things.countDocuments({})).toBe(3)
  expect(await counted()).toBe(3)
})
