import kafkajs, { type AclEntry } from 'kafkajs'
import { runInNewContext } from 'node:vm'
import type { mongo } from 'mongoose'

/** What a script for Kafka's tools makes. */
export interface KafkaScript {
  readonly users: readonly string[]
  readonly acls: readonly AclEntry[]
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
const OPERATIONS: Readonly<Record<string, number>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
}

/** What `weir users plan --format kafka` prints, understood as `kafka-configs.sh` and `kafka-acls.sh` do. */
export function readKafkaScript(text: string): KafkaScript {
  const lines = text.split('\n').map((line) => line.split(' '))
  const of = (command: string): string[][] => lines.filter(([first]) => first === command)
  const option = (words: string[], name: string): string[] =>
    words.flatMap((word, i) => (word === name ? [words[i + 1]!] : []))
  return {
    users: of('kafka-configs.sh').flatMap((words) => option(words, '--entity-name')),
    acls: of('kafka-acls.sh').flatMap((words) => {
      const [topic] = option(words, '--topic')
      const [group] = option(words, '--group')
      return option(words, '--operation').map((operation): AclEntry => ({
        resourceType: topic === undefined ? AclResourceTypes.GROUP : AclResourceTypes.TOPIC,
        resourceName: topic ?? group!,
        resourcePatternType:
          option(words, '--resource-pattern-type')[0] === 'prefixed'
            ? ResourcePatternTypes.PREFIXED
            : ResourcePatternTypes.LITERAL,
        principal: option(words, '--allow-principal')[0]!,
        host: '*',
        operation: OPERATIONS[operation]!,
        permissionType: AclPermissionTypes.ALLOW,
      }))
    }),
  }
}

/** The commands of what `weir users plan --format mongo` prints, run on a server that has none of the users yet. */
export function readMongoScript(text: string, passwordOf: (variable: string) => string): mongo.Document[] {
  const commands: mongo.Document[] = []
  const users = {
    getRole: () => null,
    getUser: () => null,
    createRole: ({ role, ...rest }: { role: string }) => commands.push({ createRole: role, ...rest }),
    createUser: ({ user, ...rest }: { user: string }) => commands.push({ createUser: user, ...rest }),
  }
  const env = new Proxy({}, { get: (_target, variable) => passwordOf(String(variable)) })
  runInNewContext(text, { db: { getSiblingDB: () => users }, process: { env } })
  // Documents of another context are none to the driver.
  return JSON.parse(JSON.stringify(commands)) as mongo.Document[]
}
