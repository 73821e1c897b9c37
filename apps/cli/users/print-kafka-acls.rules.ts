import type { KafkaGrant } from '#libs/contracts/kafka-access'
import { type AccessPlan, type KafkaUser, passwordVariable } from './plan-access.rules.js'

const HEADER = `#!/usr/bin/env bash
# Users and rights on Kafka, for its own tools. KAFKA_BROKERS: bootstrap servers; KAFKA_ADMIN: properties by which an administrator
# connects; each password, without a backslash, in the variable that stands beside the user. Rights that are there already stay.
set -euo pipefail
`
const CONNECTED = '--bootstrap-server "$KAFKA_BROKERS" --command-config "$KAFKA_ADMIN"'

/** A script for bash that makes the users of Kafka with `kafka-configs.sh` and their rights with `kafka-acls.sh`. */
export function kafkaScript({ kafka }: AccessPlan): string {
  return [HEADER, ...kafka.map(userLines)].join('\n')
}

/** The password goes through a file: arguments can be seen by every process of the machine. */
function userLines({ name, grants }: KafkaUser): string {
  const variable = passwordVariable(name)
  const password = `<(printf 'SCRAM-SHA-512=password=%s\\n' "$${variable}")`
  const user = `--entity-type users --entity-name ${name}`
  return [
    `: "\${${variable}:?}"`,
    `kafka-configs.sh ${CONNECTED} --alter ${user} --add-config-file ${password}`,
    ...grants.map(
      (grant) => `kafka-acls.sh ${CONNECTED} --add --allow-principal User:${name} ${grantOf(grant)}`,
    ),
    '',
  ].join('\n')
}

function grantOf({ resource, name, pattern, operations }: KafkaGrant): string {
  const type = pattern === 'prefix' ? 'prefixed' : 'literal'
  const may = operations.map((operation) => `--operation ${operation}`)
  return [`--${resource} ${name}`, `--resource-pattern-type ${type}`, ...may].join(' ')
}
