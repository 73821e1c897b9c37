import { setTimeout as sleep } from 'node:timers/promises'
import type { StackServer } from '#libs/testing/local-stack'
import { type Fault, type Ground, pick } from './fault.js'

/** Less than followers need to find out that their leader, or the leader that its followers, are silent. */
const LAGGING_MS = 1_500
/** Less than a group needs to give a silent member up. */
const BACKLOG_MS = 2_000

const unfit = ({ brokers }: Ground): string | undefined =>
  brokers.length > 1 ? undefined : 'only in a cluster'

const brokerLeaderKill: Fault = {
  kind: 'broker-leader-kill',
  unfit,
  async inject(ground) {
    const leader = await leadingBroker(ground)
    leader.kill('SIGKILL')
    return () => leader.start()
  },
}

/**
 * One broker leads everything, its followers freeze, and a service works off what had come in before: the leader alone has
 * what it publishes. Then the leader dies. Nothing of it may have been acknowledged.
 */
const brokerLeaderKillLagging: Fault = {
  kind: 'broker-leader-kill-lagging',
  unfit,
  async inject(ground, random) {
    const leader = await leadingBroker(ground)
    const followers = ground.brokers.filter((one) => one !== leader)
    // Who restarts gives up what it leads; what both led before is led by the third.
    for (const follower of followers) {
      await follower.stop()
      await follower.start()
    }
    const service = ground.system.instancesOf(pick(['ingestion', 'classification'] as const, random))
    for (const one of service) one.kill('SIGSTOP')
    await sleep(BACKLOG_MS)
    await killAhead(leader, followers, () => {
      for (const one of service) one.kill('SIGCONT')
    })
    return () => leader.start()
  },
}

const primaryKill: Fault = {
  kind: 'mongod-primary-kill',
  unfit,
  async inject(ground) {
    const leader = await primary(ground)
    leader.kill('SIGKILL')
    return () => leader.start()
  },
}

/** The secondaries freeze, the primary alone has what is written meanwhile, and dies. */
const primaryKillLagging: Fault = {
  kind: 'mongod-primary-kill-lagging',
  unfit,
  async inject(ground) {
    const leader = await primary(ground)
    const secondaries = ground.mongods.filter((one) => one !== leader)
    await killAhead(leader, secondaries)
    return () => leader.start()
  },
}

/** Freezes followers, lets their leader get ahead of them, and kills it. */
async function killAhead(
  leader: StackServer,
  followers: readonly StackServer[],
  frozen: () => void = () => undefined,
): Promise<void> {
  for (const follower of followers) follower.kill('SIGSTOP')
  frozen()
  await sleep(LAGGING_MS)
  leader.kill('SIGKILL')
  for (const follower of followers) follower.kill('SIGCONT')
}

/** The broker that leads most partitions. */
async function leadingBroker({ system, brokers }: Ground): Promise<StackServer> {
  const ports = await system.leaderPorts()
  const led = (broker: StackServer): number => ports.filter((port) => port === broker.port).length
  return brokers.reduce((most, one) => (led(one) > led(most) ? one : most))
}

async function primary({ system, mongods }: Ground): Promise<StackServer> {
  const { primary: host } = await system.mongo().db('admin').command({ hello: 1 })
  const found = mongods.find(({ port }) => host === `127.0.0.1:${port}`)
  if (!found) throw new Error(`The primary is ${String(host)}, which is none of ours.`)
  return found
}

/** What only a cluster can lose. */
export const clusterFaults: readonly Fault[] = [
  brokerLeaderKill,
  brokerLeaderKillLagging,
  primaryKill,
  primaryKillLagging,
]
