import fc from 'fast-check'
import mongoose, { type Connection, type mongo } from 'mongoose'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type OfAccount, writeRevised } from './write-revised.js'

interface Thing {
  thingId: string
  platformId: string
  accountId: string
  n: number
}

let connection: Connection
let things: mongo.Collection<Thing & OfAccount>

beforeAll(async () => {
  const options = { dbName: `weir_revised_${randomUUID()}` }
  connection = await mongoose.createConnection(process.env['MONGODB_URI']!, options).asPromise()
  things = connection.collection('things') as unknown as typeof things
})
afterAll(async () => {
  await connection.dropDatabase()
  await connection.close()
})
beforeEach(() => things.deleteMany({}))

const aWrite = fc.record({ id: fc.nat(3), rev: fc.integer({ min: 1, max: 4 }), isNew: fc.boolean() })

it('ends with the latest revision of each document, whatever is written again and said of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(aWrite, { maxLength: 5 }), { maxLength: 4 }), async (batches) => {
      await things.deleteMany({})
      const latest = new Map<string, number>()
      for (const batch of batches) {
        const writes = batch.map(({ id, rev, isNew }) => ({
          rev,
          isNew,
          value: { thingId: `t${id}`, platformId: 'p1', accountId: 'a', n: rev * 10 },
        }))
        await writeRevised(things, writes, ({ thingId }) => thingId)
        for (const { rev, value } of writes)
          latest.set(value.thingId, Math.max(rev, latest.get(value.thingId) ?? 0))
      }
      const found = await things.find().sort({ _id: 1 }).toArray()
      const wanted = [...latest].sort().map(([thingId, rev]) => ({
        _id: thingId,
        thingId,
        platformId: 'p1',
        accountId: 'a',
        accountKey: 'p1/a',
        accountRev: rev,
        n: rev * 10,
      }))
      expect(found).toEqual(wanted)
    }),
    { numRuns: 150 },
  )
})
