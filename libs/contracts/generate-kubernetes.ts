import 'reflect-metadata'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { stringify } from 'yaml'
import { kafkaGrants, type KafkaPrincipal, OWN_PRINCIPALS } from './kafka-access.js'
import { mongoUsers } from './mongo-access.js'
import { perconaUsers } from './percona.js'
import { kafkaTopicResource, kafkaUserResource, type Resource } from './strimzi.js'
import { catalogueTopics, topicsOfPlatform } from './topic-config.js'

/** Where the files are kept, from the project's root: a folder of Strimzi's, and a file of the MongoDB operator's. */
export const STRIMZI_FOLDER = 'k8s/components/strimzi/generated'
export const PERCONA_FILE = 'k8s/components/mongodb/users.yaml'

/** One broker may fail, and another be restarted meanwhile. */
const REPLICATION = 3
/** The default of `KAFKA_GROUP_PREFIX`. */
const GROUP_PREFIX = 'weir'
const EXAMPLE: KafkaPrincipal & { kind: 'platform' } = { kind: 'platform', platformId: 'example' }

const HEADER = '# Made by `npm run generate` from libs/contracts: do not edit.\n'

/** Every file by its path: topics, Weir's own users on Kafka and MongoDB, and a platform as an example, apart from them. */
export function kubernetesFiles(): Map<string, string> {
  const userOf = (principal: KafkaPrincipal): Resource =>
    kafkaUserResource(principal, kafkaGrants(principal, { groupPrefix: GROUP_PREFIX }))
  const topics = catalogueTopics(REPLICATION).map(kafkaTopicResource)
  const example = topicsOfPlatform(EXAMPLE.platformId, REPLICATION).map(kafkaTopicResource)
  return new Map([
    [`${STRIMZI_FOLDER}/topics.yaml`, documents(topics)],
    [`${STRIMZI_FOLDER}/users.yaml`, documents(OWN_PRINCIPALS.map(userOf))],
    [`${STRIMZI_FOLDER}/kustomization.yaml`, kustomization('topics.yaml', 'users.yaml')],
    [`${STRIMZI_FOLDER}/example-platform/platform.yaml`, documents([...example, userOf(EXAMPLE)])],
    [`${STRIMZI_FOLDER}/example-platform/kustomization.yaml`, kustomization('platform.yaml')],
    [PERCONA_FILE, documents([perconaUsers(mongoUsers(''))])],
  ])
}

/** Resources as one file of several documents. */
function documents(resources: readonly Resource[]): string {
  return HEADER + resources.map(resourceText).join('---\n')
}

function kustomization(...resources: string[]): string {
  return documents([{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }])
}

function resourceText(resource: Resource): string {
  return stringify(resource, { lineWidth: 0, aliasDuplicateObjects: false })
}

if (import.meta.main) {
  for (const [path, text] of kubernetesFiles()) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
