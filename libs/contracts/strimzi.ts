import { type KafkaGrant, type KafkaPrincipal, kafkaUserName } from './kafka-access.js'
import type { WantedTopic } from './topic-config.js'

/** The `Kafka` resource that topics and users belong to. */
export const KAFKA_CLUSTER = 'weir'

/** A resource of Kubernetes, as it stands in a file. */
export type Resource = Readonly<Record<string, unknown>>

const API_VERSION = 'kafka.strimzi.io/v1'
const LABELS = { 'strimzi.io/cluster': KAFKA_CLUSTER }

/** What stands between the dots of a name of a resource (RFC 1123). */
const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

/** A `KafkaTopic`: partitions, replicas and settings as `weir topics apply` would make them. */
export function kafkaTopicResource({ name, partitions, replication, config }: WantedTopic): Resource {
  const resourceName = resourceNameOf(name)
  return {
    apiVersion: API_VERSION,
    kind: 'KafkaTopic',
    metadata: { name: resourceName, labels: LABELS },
    spec: {
      ...(resourceName === name ? {} : { topicName: name }),
      partitions,
      replicas: replication,
      config: Object.fromEntries(Object.entries(config).map(([key, value]) => [key, numeric(value)])),
    },
  }
}

/** A `KafkaUser` that logs in by SCRAM and may do just what its grants say; the operator puts its password into a Secret of its name. */
export function kafkaUserResource(principal: KafkaPrincipal, grants: readonly KafkaGrant[]): Resource {
  return {
    apiVersion: API_VERSION,
    kind: 'KafkaUser',
    metadata: { name: kafkaUserName(principal), labels: LABELS },
    spec: {
      authentication: { type: 'scram-sha-512' },
      authorization: {
        type: 'simple',
        acls: grants.map(({ resource, name, pattern, operations }) => ({
          resource: { type: resource, name, patternType: pattern },
          operations: [...operations],
        })),
      },
    },
  }
}

/** The topic's own name, where a resource may be called so: the id of a platform may begin or end with a hyphen. */
function resourceNameOf(topic: string): string {
  return topic.split('.').every((part) => LABEL.test(part)) ? topic : topic.replaceAll('.', '-')
}

function numeric(value: string): string | number {
  return /^-?\d+$/.test(value) ? Number(value) : value
}
