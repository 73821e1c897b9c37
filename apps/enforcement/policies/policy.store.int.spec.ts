import { getConnectionToken, getModelToken, MongooseModule } from '@nestjs/mongoose'
import { Test, type TestingModule } from '@nestjs/testing'
import { readFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'

import type { Connection } from 'mongoose'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { POLICIES, PolicySchema, PolicyStore, type PolicyDocument } from './policy.store.js'
import {
  PUBLICATIONS,
  PublicationSchema,
  PublicationStore,
  type PublicationFacts,
} from './publication.store.js'

let module: TestingModule
let text: string
const NOW = new Date('2026-11-24T07:00:00Z')

beforeAll(async () => {
  text = await readFile('policies/default.yaml', 'utf8')
  module = await Test.createTestingModule({
    imports: [
      MongooseModule.forRoot(process.env['MONGODB_URI']!, { dbName: `weir_policies_${randomUUID()}` }),
      MongooseModule.forFeature([
        { name: POLICIES, schema: PolicySchema },
        { name: PUBLICATIONS, schema: PublicationSchema },
      ]),
    ],
    providers: [PolicyStore, PublicationStore],
  }).compile()
  await addLive('1', NOW)
})
afterAll(async () => {
  await module.get<Connection>(getConnectionToken()).dropDatabase()
  await module.close()
})

async function addLive(_id: string, effectiveFrom: Date): Promise<void> {
  const connection = module.get<Connection>(getConnectionToken())
  const policies = connection.collection<Partial<PolicyDocument>>('policies')
  await policies.insertOne({ _id, text, state: 'approved', changes: 1, pending: [] })
  const publications = connection.collection<Partial<PublicationFacts> & { _id: string }>('publications')
  await publications.insertOne({
    ...{ _id, publication: Number(_id), name: 'default', version: _id, mode: 'live', rollout: 100 },
    ...{ effectiveFrom, publishedAt: NOW, by: 'ben' },
  })
}

/** A store that has read nothing, as at the start of a service. */
const fresh = () => new PolicyStore(module.get(getModelToken(POLICIES)), module.get(PublicationStore))

it('never has a version in force whose text it has not read, however many read at once', async () => {
  const store = fresh()
  let read = false
  const reading = store.refresh(NOW).then(() => (read = true))
  while (!read) {
    // As soon as somebody else could go on without reading, all must be there.
    const another = await Promise.race([
      store.refresh(NOW).then(() => 'read' as const),
      turn('not yet' as const),
    ])
    if (another === 'read') expect(store.inForce(NOW).version).toBe('1')
  }
  await reading
  expect(store.inForce(NOW).version).toBe('1')
})

it('knows the text of a version that comes into force before it reads again', async () => {
  const store = fresh()
  await addLive('2', new Date(NOW.getTime() + 100))
  await store.refresh(NOW)
  expect(store.inForce(NOW).version).toBe('1')
  expect(store.inForce(new Date(NOW.getTime() + 100)).version).toBe('2')
})
