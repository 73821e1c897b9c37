import { stringify } from 'yaml'
import { kafkaUserResource } from '#libs/contracts/strimzi'
import type { AccessPlan } from './plan-access.rules.js'

/** A `KafkaUser` for each user of Kafka. */
export function strimziText({ kafka }: AccessPlan): string {
  const resources = kafka.map(({ principal, grants }) => kafkaUserResource(principal, grants))
  return resources.map((resource) => stringify(resource, { lineWidth: 0 })).join('---\n')
}
