import {
  DeadLetterTopic,
  type PlatformTopicKind,
  PlatformTopics,
  platformTopicName,
  SERVICES,
  type ServiceName,
  Topics,
  type TopicSpec,
} from './catalogue.js'

/** What Kafka's authorizer tells apart. Read, Write and AlterConfigs bring the right to describe with them, and are named alone. */
export type KafkaOperation = 'Read' | 'Write' | 'Create' | 'Describe' | 'DescribeConfigs' | 'AlterConfigs'

/** One entry of an access control list: what one user may do with the resources of a name, from every host. */
export interface KafkaGrant {
  readonly resource: 'topic' | 'group'
  readonly name: string
  readonly pattern: 'literal' | 'prefix'
  readonly operations: readonly KafkaOperation[]
}

/** Who logs in to Kafka: a service, the `weir` command, or a platform. */
export type KafkaPrincipal =
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'cli' }
  | { readonly kind: 'platform'; readonly platformId: string }

export interface KafkaAccessOptions {
  /** `KAFKA_GROUP_PREFIX` of the services. */
  readonly groupPrefix: string
  /**
   * The platforms whose topics services and the command may use, topic by topic. Without it they may use those of all platforms, also
   * of later ones, at the cost named in docs/adr/0144.
   */
  readonly platformIds?: readonly string[]
}

/** Consumer groups of a platform begin with this, its id and a dot. `KAFKA_GROUP_PREFIX` must stay outside of it. */
export const PLATFORM_GROUPS = 'weir.platform.'

/** Every user of Weir's own. */
export const OWN_PRINCIPALS: readonly KafkaPrincipal[] = [
  ...SERVICES.map((service) => ({ kind: 'service', service }) as const),
  { kind: 'cli' },
]

/** What a service does beyond the ends of the catalogue: messages sent by REST are stored where the platform would put them. */
const ALSO_WRITES: Readonly<Partial<Record<ServiceName, readonly PlatformTopicKind[]>>> = {
  ingestion: ['messages'],
}

/** The name of a user, also as a Kubernetes resource: an id may begin or end with a hyphen, a resource may not. */
export function kafkaUserName(principal: KafkaPrincipal): string {
  switch (principal.kind) {
    case 'service':
      return `weir-${principal.service}`
    case 'cli':
      return 'weir-cli'
    case 'platform':
      return `weir-${principal.platformId}-platform`
  }
}

/** All that a user may do on Kafka; everything else is denied. Throws a RangeError on a platform id that is none. */
export function kafkaGrants(principal: KafkaPrincipal, options: KafkaAccessOptions): KafkaGrant[] {
  switch (principal.kind) {
    case 'service':
      return grantsOfService(principal.service, options)
    case 'cli':
      return grantsOfCli(options)
    case 'platform':
      return grantsOfPlatform(principal.platformId)
  }
}

function grantsOfService(
  service: ServiceName,
  { groupPrefix, platformIds }: KafkaAccessOptions,
): KafkaGrant[] {
  const own = `${groupPrefix}.${service}`
  const operationsOn = (spec: TopicSpec, also = false): KafkaOperation[] => [
    ...(spec.to.includes(service) ? (['Read'] as const) : []),
    ...(spec.from.includes(service) || also ? (['Write'] as const) : []),
  ]
  const onPlatforms = platformKinds.map((kind): KindRight => {
    const also = ALSO_WRITES[service]?.includes(kind)
    return { kind, operations: operationsOn(PlatformTopics[kind], also) }
  })
  return compact([
    ...Object.values<TopicSpec>(Topics).map((spec) => literal('topic', spec.name, operationsOn(spec))),
    literal('topic', DeadLetterTopic.name, ['Write']),
    ...grantsOnPlatforms(onPlatforms, platformIds),
    literal('group', own, ['Read']),
    prefix('group', `${own}.`, ['Read']),
  ])
}

/**
 * `weir topics` creates and corrects every topic, and reads which platforms there are; `weir audit` reads checkpoints; `weir explain`
 * reads what policies and banks were published; `weir dead-letters` reads letters, marks them, and puts records back where a consumer gave them
 * up. Nothing of what people write is read besides.
 */
function grantsOfCli({ groupPrefix, platformIds }: KafkaAccessOptions): KafkaGrant[] {
  const back = platformKinds.filter((kind) => isConsumed(PlatformTopics[kind]))
  return compact([
    prefix('topic', 'weir.', ['Create', 'Describe', 'DescribeConfigs', 'AlterConfigs']),
    literal('topic', Topics.platforms.name, ['Read']),
    literal('topic', Topics.checkpoints.name, ['Read']),
    literal('topic', Topics.policies.name, ['Read']),
    literal('topic', DeadLetterTopic.name, ['Read', 'Write']),
    ...Object.values<TopicSpec>(Topics)
      .filter(isConsumed)
      .map(({ name }) => literal('topic', name, ['Write'])),
    ...grantsOnPlatforms(
      back.map((kind) => ({ kind, operations: ['Write'] })),
      platformIds,
    ),
    prefix('group', `${groupPrefix}.cli.`, ['Read']),
  ])
}

/** The names end with a dot: without it `p1` would have the topics and groups of `p10`. */
function grantsOfPlatform(platformId: string): KafkaGrant[] {
  const rights = platformKinds.map((kind): KindRight => {
    const { from, to } = PlatformTopics[kind]
    return {
      kind,
      operations: [
        ...(to.includes('platform') ? (['Read'] as const) : []),
        ...(from.includes('platform') ? (['Write'] as const) : []),
      ],
    }
  })
  return compact([
    ...rights.map(({ kind, operations }) => prefix('topic', folderOf(kind, platformId), operations)),
    prefix('group', `${PLATFORM_GROUPS}${platformId}.`, ['Read']),
  ])
}

const platformKinds = Object.keys(PlatformTopics) as PlatformTopicKind[]

interface KindRight {
  readonly kind: PlatformTopicKind
  readonly operations: readonly KafkaOperation[]
}

/** Topic by topic where platforms are named; else by what all names of a direction begin with, which a kind stands behind. */
function grantsOnPlatforms(
  rights: readonly KindRight[],
  platformIds: readonly string[] | undefined,
): KafkaGrant[] {
  if (platformIds) {
    return platformIds.flatMap((id) =>
      rights.map(({ kind, operations }) => literal('topic', platformTopicName(kind, id), operations)),
    )
  }
  return rights.map(({ kind, operations }) => {
    const [beginning] = PlatformTopics[kind].name.split('<platformId>')
    return prefix('topic', beginning!, operations)
  })
}

/** What the topics of a platform in one direction begin with, the dot included. */
function folderOf(kind: PlatformTopicKind, platformId: string): string {
  const name = platformTopicName(kind, platformId)
  const [beginning] = PlatformTopics[kind].name.split('<platformId>')
  return name.slice(0, beginning!.length + platformId.length + 1)
}

/** Whether a service handles its records one by one and may give one up: neither a table, which skips, nor the log of checkpoints. */
function isConsumed({ read, cleanup, retentionMs, to }: TopicSpec): boolean {
  return read && cleanup === 'delete' && retentionMs > 0 && to.some((who) => who !== 'platform')
}

function literal(
  resource: KafkaGrant['resource'],
  name: string,
  operations: readonly KafkaOperation[],
): KafkaGrant {
  return { resource, name, pattern: 'literal', operations }
}

function prefix(
  resource: KafkaGrant['resource'],
  name: string,
  operations: readonly KafkaOperation[],
): KafkaGrant {
  return { resource, name, pattern: 'prefix', operations }
}

/** One entry for each resource, with all its operations; none that allows nothing. */
function compact(grants: readonly KafkaGrant[]): KafkaGrant[] {
  const merged = new Map<string, KafkaGrant>()
  for (const grant of grants) {
    const key = `${grant.resource} ${grant.pattern} ${grant.name}`
    const operations = new Set([...(merged.get(key)?.operations ?? []), ...grant.operations])
    if (operations.size > 0) merged.set(key, { ...grant, operations: [...operations] })
  }
  return [...merged.values()]
}
