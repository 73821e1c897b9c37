import kafkajs, { type AclEntry, type KafkaConfig } from 'kafkajs'
import { outsideKafka } from '../harness/outside-kafka.js'

/** The requests of one connection, as kafkajs has them inside. */
interface Broker {
  produce(request: object): Promise<unknown>
  fetch(request: object): Promise<unknown>
  listOffsets(request: object): Promise<unknown>
  createTopics(request: object): Promise<unknown>
  deleteTopics(request: object): Promise<unknown>
  describeConfigs(request: object): Promise<unknown>
  alterConfigs(request: object): Promise<unknown>
  heartbeat(request: object): Promise<unknown>
  createAcls(request: { acl: AclEntry[] }): Promise<unknown>
}

interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  readonly brokerPool: { readonly seedBroker: Broker }
}

/** Right or wrong, the broker had looked at the rights before it said so. */
const ALLOWED_BUT = new Set(['TOPIC_ALREADY_EXISTS', 'UNKNOWN_MEMBER_ID'])
const TOPIC = kafkajs.ConfigResourceTypes.TOPIC

export const PROBED = [
  'Read',
  'Write',
  'Describe',
  'Create',
  'Delete',
  'DescribeConfigs',
  'AlterConfigs',
] as const
export type ProbedOperation = (typeof PROBED)[number]

/** Somebody who tries what the broker lets him do. A record that is written is empty. */
export class KafkaProbe {
  private constructor(private readonly cluster: Cluster) {}

  /** Rejects where the broker does not let this user in. */
  static async as(brokers: string, config: Pick<KafkaConfig, 'ssl' | 'sasl'>): Promise<KafkaProbe> {
    const kafka = outsideKafka(brokers, { ...config, retry: { retries: 0 } })
    const symbol = Object.getOwnPropertySymbols(kafka).find(
      ({ description }) => description === 'private:Kafka:createCluster',
    )!
    const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[symbol]!
    const cluster = create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false })
    await cluster.connect()
    return new KafkaProbe(cluster)
  }

  /** Whether the user may do this with a topic that exists. */
  may(operation: ProbedOperation, topic: string): Promise<boolean> {
    return isAllowed(() => this.attempt(operation, topic))
  }

  /** Whether the user may be in a consumer group. */
  mayJoin(groupId: string): Promise<boolean> {
    return isAllowed(() => this.broker.heartbeat({ groupId, groupGenerationId: 0, memberId: 'nobody' }))
  }

  /** Whether the user may give rights. */
  mayGrant(acl: AclEntry): Promise<boolean> {
    return isAllowed(() => this.broker.createAcls({ acl: [acl] }))
  }

  close(): Promise<void> {
    return this.cluster.disconnect()
  }

  private get broker(): Broker {
    return this.cluster.brokerPool.seedBroker
  }

  private attempt(operation: ProbedOperation, topic: string): Promise<unknown> {
    const { broker } = this
    switch (operation) {
      case 'Read': {
        const partitions = [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: '0', maxBytes: 1_024 }]
        const limits = { maxWaitTime: 0, minBytes: 0, isolationLevel: 0 }
        return broker.fetch({ ...limits, topics: [{ topic, partitions }] })
      }
      case 'Write': {
        const messages = [{ key: Buffer.from('probe'), value: null, headers: {}, timestamp: Date.now() }]
        return broker.produce({ topicData: [{ topic, partitions: [{ partition: 0, messages }] }] })
      }
      case 'Describe':
        return broker.listOffsets({
          replicaId: -1,
          isolationLevel: 0,
          topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
        })
      case 'Create':
        return broker.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })
      case 'Delete':
        return broker.deleteTopics({ topics: [topic] })
      case 'DescribeConfigs':
        return broker.describeConfigs({ resources: [{ type: TOPIC, name: topic }] })
      case 'AlterConfigs':
        return broker.alterConfigs({
          validateOnly: true,
          resources: [{ type: TOPIC, name: topic, configEntries: [] }],
        })
    }
  }
}

async function isAllowed(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt()
    return true
  } catch (error) {
    const type = typeOf(error)
    if (type.endsWith('AUTHORIZATION_FAILED')) return false
    if (ALLOWED_BUT.has(type)) return true
    throw error
  }
}

function typeOf(error: unknown): string {
  const { type, errors } = error as { type?: string; errors?: unknown[] }
  return type ?? (errors ? typeOf(errors[0]) : '')
}
