import { type MongoUser, USERS_DATABASE } from './mongo-access.js'
import type { Resource } from './strimzi.js'

/** The `PerconaServerMongoDB` resource that users belong to, and the Secret of their passwords. */
const MONGODB_CLUSTER = 'weir-mongodb'
const PASSWORDS = 'weir-mongodb-passwords'

/** What the operator makes users and their roles of: a patch of the resource. A password stands under what follows `weir_`. */
export function perconaUsers(users: readonly MongoUser[]): Resource {
  return {
    apiVersion: 'psmdb.percona.com/v1',
    kind: 'PerconaServerMongoDB',
    metadata: { name: MONGODB_CLUSTER },
    spec: {
      roles: users.map(({ name, privileges }) => ({ role: name, db: USERS_DATABASE, roles: [], privileges })),
      users: users.map(({ name }) => ({
        name,
        db: USERS_DATABASE,
        passwordSecretRef: { name: PASSWORDS, key: name.replace(/^weir_/, '') },
        roles: [{ name, db: USERS_DATABASE }],
      })),
    },
  }
}
