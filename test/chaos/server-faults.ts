import mongoose from 'mongoose'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { isAlive } from '#libs/testing/is-alive'
import { eventually } from '../harness/weir-system.js'
import { type Fault, pick } from './fault.js'

const { MongoClient } = mongoose.mongo
const STEPPED_DOWN_SECONDS = 3

const brokerKill: Fault = {
  kind: 'broker-kill',
  async inject({ brokers }, random) {
    const broker = pick(brokers, random)
    broker.kill('SIGKILL')
    return () => broker.start()
  },
}

const mongodKill: Fault = {
  kind: 'mongod-kill',
  async inject({ mongods }, random) {
    const mongod = pick(mongods, random)
    mongod.kill('SIGKILL')
    return () => mongod.start()
  },
}

const stepDown: Fault = {
  kind: 'mongod-step-down',
  async inject({ system }) {
    const client = new MongoClient(system.stack.mongoUri)
    const admin = client.db('admin')
    const command = { replSetStepDown: STEPPED_DOWN_SECONDS, secondaryCatchUpPeriodSecs: 1, force: true }
    // The server may close every connection, this one too, instead of answering.
    await admin.command(command).catch((error: unknown) => {
      if (!(error instanceof mongoose.mongo.MongoNetworkError)) throw error
    })
    return async () => {
      await eventually('a primary is elected', () => isWritable(admin))
      await client.close()
    }
  },
}

async function isWritable(admin: mongoose.mongo.Db): Promise<boolean> {
  const hello = await admin.command({ hello: 1 }).catch(() => ({ isWritablePrimary: false }))
  return hello['isWritablePrimary'] === true
}

/** The broker has stored a batch, and who sent it never hears so. */
const cutAfterStore: Fault = {
  kind: 'cut-after-store',
  leastMs: 2_000,
  unfit: ({ proxy }) => (proxy ? undefined : 'not in a cluster'),
  async inject({ proxy }, random) {
    proxy!.cutNext(1 + Math.floor(random() * 4), `weir-${pick(SERVICES, random)}-publisher`)
    return async () => proxy!.cutNext(0, '')
  },
}

/** A write of the broker fails with ENOSPC; it stops, and comes back when there is room. */
const diskFull: Fault = {
  kind: 'disk-full',
  unfit: ({ disk, brokers }) =>
    disk ? undefined : brokers.length > 1 ? 'not in a cluster' : 'this machine forbids mounts',
  async inject({ disk, brokers: [broker] }) {
    const { pid } = broker!
    await disk!.fill()
    await eventually('the broker has met the full disk', () => !isAlive(pid))
    return async () => {
      await disk!.free()
      await broker!.start()
    }
  },
}

const READERS: readonly (readonly [string, ServiceName])[] = [
  ['weir.messages.v1', 'classification'],
  ['weir.verdicts.v1', 'enforcement'],
  ['weir.notices.v1', 'notification'],
]

/** All that a service has committed is deleted under it; half of the time it is dead meanwhile, and starts at the new beginning. */
const truncate: Fault = {
  kind: 'topic-truncated',
  async inject({ system, archive }, random) {
    const [topic, name] = pick(READERS, random)
    const readers = system.instancesOf(name)
    const areKilled = random() < 0.5
    if (areKilled) for (const reader of readers) reader.kill('SIGKILL')
    const committed = await system.committed(name, topic)
    await archive.readOn([topic])
    await system.truncate(topic, committed)
    return async () => {
      if (areKilled) await Promise.all(readers.map((reader) => reader.restart()))
    }
  },
}

/** What happens to the servers that Weir stands on. */
export const serverFaults: readonly Fault[] = [
  brokerKill,
  mongodKill,
  stepDown,
  cutAfterStore,
  diskFull,
  truncate,
]
