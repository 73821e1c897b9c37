import 'reflect-metadata'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { AccountStore } from '../ledger/account.store.js'
import { TakeVerdicts } from '../intake/take-verdicts.js'
import { PlatformStore, platformRecordOf } from '../platforms/platform.store.js'
import { TwoInstances } from '../two-instances.fixture.js'
import { Outbox } from './outbox.js'
import type { Pending } from './pending.js'

let instances: TwoInstances

beforeAll(async () => {
  instances = await TwoInstances.start()
})
afterAll(() => instances.stop())
beforeEach(() => {
  instances.publisher.records.length = 0
})

/** Lets the next records that are published wait until `goOn` is called. */
function holdNext(): { held: Promise<void>; goOn: () => void } {
  const { publisher } = instances
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const publish = publisher.publish.bind(publisher)
  publisher.publish = async (...records) => {
    publisher.publish = publish
    held.resolve()
    await released.promise
    await publish(...records)
  }
  return { held: held.promise, goOn: () => released.resolve() }
}

/** The record that compaction keeps. */
const last = (topic: string): unknown =>
  instances.publisher.records.filter((one) => one.topic.name === topic).at(-1)!.value

async function renamed(name: string): Promise<{ _id: string; pending: Pending[] }> {
  const platforms = instances.one(PlatformStore)
  const before = (await platforms.byId('p1'))!
  const value = platformRecordOf({ ...before, name, version: before.version + 1 })
  return (await platforms.change('p1', before.version, { name }, [{ id: name, publish: 'platform', value }]))!
}

it('ends the topic with the newest of a platform, where an older record comes late', async () => {
  const { platforms } = instances.one(PlatformStore)
  const first = await renamed('first')
  const { held, goOn } = holdNext()
  const slow = instances.one(Outbox).deliver([first], platforms)
  await held
  await instances.two(Outbox).deliver([await renamed('second')], platforms)
  expect(last('weir.platforms.v1')).toMatchObject({ name: 'second' })
  goOn()
  await slow
  const { version } = (await instances.one(PlatformStore).byId('p1'))!
  expect(last('weir.platforms.v1')).toMatchObject({ name: 'second', rev: version })
  expect((await instances.one(PlatformStore).byId('p1'))!.pending).toEqual([])
})

it('ends it so too where the older one comes before the newer is forgotten', async () => {
  const { platforms } = instances.one(PlatformStore)
  const third = await renamed('third')
  const fourth = await renamed('fourth')
  const { held, goOn } = holdNext()
  const slow = instances.one(Outbox).deliver([fourth], platforms)
  await held
  await instances.two(Outbox).deliver([third], platforms)
  goOn()
  await slow
  expect(last('weir.platforms.v1')).toMatchObject({ name: 'fourth' })
})

it('tells the measures of an account again as they stand, where a record of them was late', async () => {
  const verdict = (messageId: string) => aVerdict('late', messageId, { severity: 2, clause: 'c.2' })
  const { held, goOn } = holdNext()
  const slow = instances.one(TakeVerdicts).take([verdict('m1')], async () => undefined)
  await held
  for (const messageId of ['m2', 'm3'])
    await instances.two(TakeVerdicts).take([verdict(messageId)], async () => undefined)
  goOn()
  await slow
  const account = (await instances.one(AccountStore).byKey('p1/late'))!
  const { rev, level } = last('weir.measures.v1') as { rev: number; level: number }
  expect([rev, level]).toEqual([account.rev, account.level])
  const told = instances.publisher.records.filter(({ topic }) => topic.name === 'weir.measures.v1')
  expect(told.map(({ value }) => (value as { rev: number }).rev)).toContain(1)
})

it('publishes nothing twice where nobody else delivers', async () => {
  const fifth = await renamed('fifth')
  await instances.one(Outbox).deliver([fifth], instances.one(PlatformStore).platforms)
  expect(instances.publisher.records).toHaveLength(1)
})
