import { SERVICES, type ServiceName } from './catalogue.js'

/**
 * What becomes of the documents of a collection: only added; changed too; taken away too. What expires is taken away by the server,
 * which needs nobody's right.
 */
export type CollectionUse = 'added' | 'changed' | 'removed'

/** What every service has: answers under idempotency keys, and what limits share over its instances. */
const SHARED = {
  dead_letter_spending: 'changed',
  idempotency: 'removed',
  instances: 'removed',
  request_leases: 'changed',
} as const

/** Every collection of each service. */
export const COLLECTIONS: Readonly<Record<ServiceName, Readonly<Record<string, CollectionUse>>>> = {
  ingestion: SHARED,
  classification: SHARED,
  enforcement: {
    ...SHARED,
    accounts: 'changed',
    appeals: 'changed',
    audit_checkpoints: 'added',
    audit_log: 'added',
    bank_entries: 'changed',
    banks: 'changed',
    case_entries: 'changed',
    cases: 'changed',
    cluster_members: 'changed',
    cluster_orders: 'added',
    decisions: 'changed',
    directives: 'changed',
    exonerations: 'added',
    exposures: 'changed',
    findings: 'changed',
    golden_cases: 'changed',
    keys: 'changed',
    platforms: 'changed',
    policies: 'changed',
    publications: 'changed',
    reach: 'changed',
    reviews: 'changed',
    statements: 'added',
    strikes: 'changed',
  },
  notification: { ...SHARED, deliveries: 'changed', notices: 'changed', webhooks: 'changed' },
}

/** Where the service looks itself whether an index is there before it writes: without it an entry could be appended twice. */
const LOOKS_AT_INDEXES: Readonly<Partial<Record<ServiceName, string>>> = { enforcement: 'audit_log' }

/** Where a query begins with documents of its own (`$documents`): MongoDB asks for the right to find in the whole database. */
const FINDS_ANYWHERE: readonly ServiceName[] = ['enforcement']

const ACTIONS: Readonly<Record<CollectionUse, readonly string[]>> = {
  added: ['find', 'insert'],
  changed: ['find', 'insert', 'update'],
  removed: ['find', 'insert', 'update', 'remove'],
}

/** A privilege as `createRole` takes it; the empty name stands for every collection of the database. */
export interface MongoPrivilege {
  readonly resource: { readonly db: string; readonly collection: string }
  readonly actions: readonly string[]
}

/** A user and the role of the same name that is its only one: both in `admin`, where operators and drivers (`authSource`) look. */
export interface MongoUser {
  readonly name: string
  readonly privileges: readonly MongoPrivilege[]
}

/** Where users and their roles are kept. */
export const USERS_DATABASE = 'admin'

/** The name of a service's own database. `suffix` is `MONGODB_SUFFIX`. */
export function databaseName(service: ServiceName, suffix: string): string {
  return `weir_${service}${suffix}`
}

/** A user for each service, called as its database; and one that makes the indexes of all, and can read and write nothing. */
export function mongoUsers(suffix: string): MongoUser[] {
  return [
    ...SERVICES.map((service) => ({
      name: databaseName(service, suffix),
      privileges: [
        ...(FINDS_ANYWHERE.includes(service) ? [findAnywhere(service, suffix)] : []),
        ...privilegesOn(service, suffix, (collection, use) => [
          ...ACTIONS[use],
          ...(LOOKS_AT_INDEXES[service] === collection ? ['listIndexes'] : []),
        ]),
      ],
    })),
    {
      name: `weir_migrations${suffix}`,
      privileges: SERVICES.flatMap((service) => privilegesOn(service, suffix, () => ['createIndex'])),
    },
  ]
}

function findAnywhere(service: ServiceName, suffix: string): MongoPrivilege {
  return { resource: { db: databaseName(service, suffix), collection: '' }, actions: ['find'] }
}

function privilegesOn(
  service: ServiceName,
  suffix: string,
  actionsOn: (collection: string, use: CollectionUse) => readonly string[],
): MongoPrivilege[] {
  return Object.entries(COLLECTIONS[service]).map(([collection, use]) => ({
    resource: { db: databaseName(service, suffix), collection },
    actions: actionsOn(collection, use),
  }))
}
