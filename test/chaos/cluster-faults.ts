import { setTimeout as sleep } from 'node:timers/promises'
import type { StackServer } from '#libs/testing/local-stack'
import type { Fault, Ground } from './fault.js'

/** Less than the replicas need to find out that their leader, or the leader that its replicas, are silent. */
const LAGGING_MS = 1_500

/** Kills who leads; where its followers lag they are frozen before it, so that it alone has what came in meanwhile. */
function leaderKill(
  kind: string,
  membersOf: (ground: Ground) => readonly StackServer[],
  leaderOf: (ground: Ground) => Promise<StackServer>,
  { lagging }: { lagging: boolean },
): Fault {
  return {
    kind,
    unfit: (ground) => (membersOf(ground).length > 1 ? undefined : 'a single server leads nobody'),
    async inject(ground) {
      const leader = await leaderOf(ground)
      const followers = lagging ? membersOf(ground).filter((one) => one !== leader) : []
      for (const follower of followers) follower.kill('SIGSTOP')
      if (lagging) await sleep(LAGGING_MS)
      leader.kill('SIGKILL')
      for (const follower of followers) follower.kill('SIGCONT')
      return () => leader.start()
    },
  }
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

const brokers = (ground: Ground) => ground.brokers
const mongods = (ground: Ground) => ground.mongods

/** What only a cluster can lose. */
export const clusterFaults: readonly Fault[] = [
  leaderKill('broker-leader-kill', brokers, leadingBroker, { lagging: false }),
  leaderKill('broker-leader-kill-lagging', brokers, leadingBroker, { lagging: true }),
  leaderKill('mongod-primary-kill', mongods, primary, { lagging: false }),
  leaderKill('mongod-primary-kill-lagging', mongods, primary, { lagging: true }),
]
