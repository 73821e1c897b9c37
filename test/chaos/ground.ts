import type { LocalStack, StackServer } from '#libs/testing/local-stack'
import { startTemporaryCluster, startTemporaryStack } from '#libs/testing/temporary-stack'
import { PLATFORMS, prepare } from '../faults/bench.js'
import { Archive } from '../faults/observe.js'
import { randomFrom, workload } from '../faults/workload.js'
import { WeirSystem } from '../harness/weir-system.js'
import type { ChaosOptions } from './chaos-options.js'
import type { Ground } from './fault.js'
import { KafkaProxy } from './kafka-proxy.js'
import { sabotage } from './sabotage.js'
import { SESSION_MS } from './service-faults.js'
import { SteadyLoad } from './steady-load.js'
import { TightDisk } from './tight-disk.js'

/** What a run ends with, the last made first. */
export type CleanUps = (() => Promise<void>)[]

/** Starts all that a run needs, and registers the platforms. What has been started is in `cleanUps`, also when this rejects. */
export async function startGround(options: ChaosOptions, cleanUps: CleanUps): Promise<Ground> {
  const build = options.sabotage === undefined ? undefined : await sabotage(options.sabotage)
  if (build) cleanUps.push(build.remove)
  const servers = options.cluster ? await startServersOfCluster(cleanUps) : await startServers(cleanUps)
  const env = {
    ...servers.env,
    KAFKA_SESSION_MS: String(SESSION_MS),
    RATE_LIMIT_PER_SECOND: '100000',
  }
  const { stack } = servers
  const { instances } = options
  const system = await WeirSystem.start(env, { stack, instances, ...(build ? { root: build.root } : {}) })
  cleanUps.push(() => system.stop())
  await prepare(system)
  return { ...servers, system, load: loadOf(system, options), archive: new Archive(system) }
}

type Servers = Pick<Ground, 'brokers' | 'mongods' | 'proxy' | 'disk'> & {
  readonly stack: LocalStack
  /** What the services need to know of them. */
  readonly env: Record<string, string>
}

async function startServersOfCluster(cleanUps: CleanUps): Promise<Servers> {
  const stack = await startTemporaryCluster()
  cleanUps.push(stack.stop)
  const { brokers, mongods } = stack
  return {
    stack,
    brokers,
    mongods,
    proxy: null,
    disk: null,
    env: { KAFKA_REPLICATION: String(brokers.length) },
  }
}

/** One broker, behind a proxy and on a disk of its own, and one mongod. */
async function startServers(cleanUps: CleanUps): Promise<Servers> {
  const disk = await TightDisk.mount()
  if (disk) cleanUps.push(() => disk.remove())
  let brokerPort = 0
  const proxy = await KafkaProxy.listen(() => brokerPort)
  cleanUps.push(() => proxy.close())
  const stack = await startTemporaryStack({
    alwaysOwn: true,
    kafkaConfig: {
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}`,
      ...(disk ? { 'log.dirs': `${disk.folder}/log` } : {}),
    },
  })
  cleanUps.push(stack.stop)
  brokerPort = stack.kafka!.port
  return {
    stack,
    brokers: own(stack.kafka),
    mongods: own(stack.mongo),
    proxy,
    disk,
    env: { KAFKA_BROKERS: `127.0.0.1:${proxy.port}` },
  }
}

function loadOf(system: WeirSystem, { seed, minutes, recordsPerSecond }: ChaosOptions): SteadyLoad {
  // More than are due: the last fault and its recovery may outlast the minutes.
  const planned = Math.ceil(minutes * 60 * recordsPerSecond)
  const records = workload(planned * 2 + recordsPerSecond * 300, PLATFORMS, seed)
  return new SteadyLoad(system, records, recordsPerSecond, randomFrom(seed + 1))
}

function own(server: StackServer | null): StackServer[] {
  if (!server) throw new Error('Chaos harms servers of its own only.')
  return [server]
}
