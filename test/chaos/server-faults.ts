import mongoose from 'mongoose'
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

/** What happens to the servers that Weir stands on. */
export const serverFaults: readonly Fault[] = [brokerKill, mongodKill, stepDown]
