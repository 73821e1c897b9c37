import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { getJava } from './get-java.js'
import { getKafka, kafkaFiles } from './get-kafka.js'
import { spawnGuarded } from './guarded-process.js'
import { RestartableProcess } from './restartable-process.js'
import { runNeededTool } from './run-tool.js'

export interface KafkaOptions {
  /** Holds configuration, log and data; data of an earlier run is used on. */
  folder: string
  port: number
  /** Broker settings over the defaults below. `log.dirs` is one folder. */
  config: Record<string, string>
  /** Users that may log in by SCRAM-SHA-512, with their passwords; known from the first start on. */
  scramUsers?: Readonly<Record<string, string>>
  log: (line: string) => void
}

/** Fetches what is missing and starts a broker (KRaft, one node) on 127.0.0.1. @throws StackError */
export async function startKafka({
  folder,
  port,
  config,
  scramUsers = {},
  log,
}: KafkaOptions): Promise<RestartableProcess> {
  const java = await getJava(log)
  const jars = await getKafka(java, log)
  const properties = join(folder, 'server.properties')
  const data = config['log.dirs'] ?? join(folder, 'data')
  const scratch = join(folder, 'tmp')
  await mkdir(scratch, { recursive: true })
  const arguments_ = (heap: string, ...rest: string[]) => [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    '-XX:-UsePerfData',
    // It lives for minutes: the second compiler would take more time than it saves.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    `-Djava.io.tmpdir=${scratch}`,
    `-Dlog4j2.configurationFile=${join(kafkaFiles, 'log4j2.xml')}`,
    '-cp',
    join(jars, '*'),
    ...rest,
  ]
  const server = new RestartableProcess({
    name: 'Kafka',
    graceMs: 20_000,
    launch: async () => {
      await writeFile(properties, toProperties({ ...defaults(port, await freePort(), data), ...config }))
      if (!existsSync(join(data, 'meta.properties'))) {
        const format = [
          'kafka.tools.StorageTool',
          'format',
          '--cluster-id',
          CLUSTER_ID,
          '--config',
          properties,
          ...Object.entries(scramUsers).flatMap(([name, password]) => [
            '--add-scram',
            `SCRAM-SHA-512=[name=${name},password=${password}]`,
          ]),
        ]
        await runNeededTool(java.command, arguments_('128m', ...format), 'Java cannot be run.')
      }
      const heap = process.env.WEIR_KAFKA_HEAP ?? '512m'
      return spawnGuarded(java.command, arguments_(heap, 'kafka.Kafka', properties), {
        logFile: join(folder, 'kafka.log'),
      })
    },
    isReady: () => knowsItself(port),
  })
  await server.start()
  return server
}

/** Any 16 bytes in base64url. */
const CLUSTER_ID = 'd2Vpci1sb2NhbC1zdGFjaw'

function defaults(port: number, controllerPort: number, data: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '10',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '10',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A segment is flushed when it is full. Here the database is on the same disk, and its journal waits for that.
    'log.segment.bytes': String(16 * 1024 * 1024),
    // The default takes 128 MB, a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
  }
}

function toProperties(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('')
}

/** Metadata request, version 1, for no topic: https://kafka.apache.org/protocol.html#The_Messages_Metadata */
const METADATA_REQUEST = Buffer.from('0000000e' + '0003' + '0001' + '00000001' + 'ffff' + '00000000', 'hex')

/** Whether the broker answers and counts itself among the live brokers. */
function knowsItself(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2000 })
    let answer = Buffer.alloc(0)
    const end = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.on('connect', () => socket.write(METADATA_REQUEST))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      // size, correlation id, number of brokers
      if (answer.length >= 12) end(answer.readInt32BE(8) > 0)
    })
    socket.on('timeout', () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
  })
}
