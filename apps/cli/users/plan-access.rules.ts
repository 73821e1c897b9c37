import {
  type KafkaGrant,
  kafkaGrants,
  type KafkaPrincipal,
  kafkaUserName,
  OWN_PRINCIPALS,
} from '#libs/contracts/kafka-access'
import { type MongoUser, mongoUsers } from '#libs/contracts/mongo-access'

/** A user of Kafka with all that it may do. */
export interface KafkaUser {
  readonly principal: KafkaPrincipal
  readonly name: string
  readonly grants: readonly KafkaGrant[]
}

/** Which users are to be made. */
export interface AccessPlan {
  readonly kafka: readonly KafkaUser[]
  readonly mongo: readonly MongoUser[]
}

export interface AccessRequest {
  readonly groupPrefix: string
  readonly mongoSuffix: string
  /** The platforms that are meant; none: Weir's own users. */
  readonly platformIds: readonly string[]
  /** Weir's own users too, with rights on the topics of just these platforms. */
  readonly exact: boolean
}

/** The users of Weir itself or those of platforms, or with `exact` both. */
export function planAccess({ groupPrefix, mongoSuffix, platformIds, exact }: AccessRequest): AccessPlan {
  const platforms = platformIds.map((platformId): KafkaPrincipal => ({ kind: 'platform', platformId }))
  const ownToo = exact || platforms.length === 0
  const options = { groupPrefix, ...(exact ? { platformIds } : {}) }
  return {
    kafka: [...(ownToo ? OWN_PRINCIPALS : []), ...platforms].map((principal) => ({
      principal,
      name: kafkaUserName(principal),
      grants: kafkaGrants(principal, options),
    })),
    mongo: ownToo ? mongoUsers(mongoSuffix) : [],
  }
}

/** The variable of a shell that a user's password is taken from. */
export function passwordVariable(user: string): string {
  return `${user.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_PASSWORD`
}
