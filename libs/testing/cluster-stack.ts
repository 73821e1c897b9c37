import { join } from 'node:path'
import { freePort } from './free-port.js'
import { startKafka } from './kafka-server.js'
import { type LocalStack, serverOf, type StackServer } from './local-stack.js'
import { mongoUri, startMongo } from './mongo-server.js'
import type { RestartableProcess } from './restartable-process.js'

/** Several servers of each kind that replicate; `kafka` and `mongo` are null, because no one server is it. */
export interface ClusterStack extends LocalStack {
  readonly brokers: readonly StackServer[]
  readonly mongods: readonly StackServer[]
}

const SIZE = 3
const quiet = (): void => undefined

/**
 * Three brokers (KRaft, each a controller too; replication 3, two in sync for an acknowledgement) and a replica set of three,
 * on free ports of 127.0.0.1. They end when this process ends. @throws StackError; nothing is left running then
 */
export async function startCluster(dataDir: string): Promise<ClusterStack> {
  const [kafkaPorts, controllerPorts, mongoPorts] = [await freePorts(), await freePorts(), await freePorts()]
  const voters = controllerPorts.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join()
  const starting = [
    ...kafkaPorts.map((port, i) =>
      startKafka({
        folder: join(dataDir, `kafka-${i + 1}`),
        port,
        config: memberConfig(i + 1, port, controllerPorts[i]!, voters),
        log: quiet,
      }),
    ),
    ...mongoPorts.map((port, i) =>
      startMongo({ folder: join(dataDir, `mongo-${i + 1}`), port, members: mongoPorts, log: quiet }),
    ),
  ]
  const servers = await allOrNone(starting)
  const ports = [...kafkaPorts, ...mongoPorts]
  const all = servers.map((server, i) => serverOf(server, ports[i]!))
  return {
    kafkaBrokers: kafkaPorts.map((port) => `127.0.0.1:${port}`).join(),
    mongoUri: mongoUri(...mongoPorts),
    kafka: null,
    mongo: null,
    brokers: all.slice(0, SIZE),
    mongods: all.slice(SIZE),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

async function freePorts(): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < SIZE) ports.push(await freePort())
  return ports
}

function memberConfig(
  id: number,
  port: number,
  controllerPort: number,
  voters: string,
): Record<string, string> {
  return {
    'node.id': String(id),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.quorum.voters': voters,
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': '3',
    'transaction.state.log.replication.factor': '3',
    'transaction.state.log.min.isr': '2',
    // Who leads stays so until it stops.
    'auto.leader.rebalance.enable': 'false',
    // A dead leader is replaced within seconds.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '1000',
  }
}

async function allOrNone(starting: readonly Promise<RestartableProcess>[]): Promise<RestartableProcess[]> {
  try {
    return await Promise.all(starting)
  } catch (error) {
    for (const result of await Promise.allSettled(starting))
      if (result.status === 'fulfilled') await result.value.stop()
    throw error
  }
}
