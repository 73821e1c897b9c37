import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { propertyRuns } from '#libs/testing/property-runs.fixture'
import { type PlatformTopicKind, PlatformTopics, platformTopicName, SERVICES } from './catalogue.js'
import {
  type KafkaGrant,
  kafkaGrants,
  type KafkaOperation,
  type KafkaPrincipal,
  kafkaUserName,
  OWN_PRINCIPALS,
  PLATFORM_GROUPS,
} from './kafka-access.js'

const KINDS = Object.keys(PlatformTopics) as PlatformTopicKind[]
const options = { groupPrefix: 'weir' }
const platform = (platformId: string): KafkaPrincipal => ({ kind: 'platform', platformId })

const anId = fc.stringMatching(/^[a-z0-9-]{1,20}$/)
/** Often one is the beginning of the other. */
const twoIds = fc
  .tuple(anId, fc.oneof(anId, fc.tuple(anId, anId)))
  .map(([id, other]) => (typeof other === 'string' ? [id, other] : [id, `${id}${other[0]}`.slice(0, 40)]))
  .filter(([one, other]) => one !== other) as fc.Arbitrary<[string, string]>

/** What the authorizer finds for a name. */
function operationsOn(
  grants: readonly KafkaGrant[],
  resource: KafkaGrant['resource'],
  name: string,
): Set<KafkaOperation> {
  const meant = grants.filter(
    (grant) =>
      grant.resource === resource &&
      (grant.pattern === 'literal' ? grant.name === name : name.startsWith(grant.name)),
  )
  return new Set(meant.flatMap(({ operations }) => operations))
}

describe('a platform', () => {
  it('has nothing of another, also where one id begins like the other', () => {
    fc.assert(
      fc.property(twoIds, anId, ([one, other], rest) => {
        const grants = kafkaGrants(platform(one), options)
        for (const kind of KINDS)
          expect(operationsOn(grants, 'topic', platformTopicName(kind, other))).toEqual(new Set())
        expect(operationsOn(grants, 'group', `${PLATFORM_GROUPS}${other}.${rest}`)).toEqual(new Set())
      }),
      { numRuns: propertyRuns() },
    )
  })

  it('writes what it sends and reads what it is sent', () => {
    const grants = kafkaGrants(platform('p1'), options)
    const on = (kind: PlatformTopicKind): KafkaOperation[] => [
      ...operationsOn(grants, 'topic', platformTopicName(kind, 'p1')),
    ]
    expect(Object.fromEntries(KINDS.map((kind) => [kind, on(kind)]))).toEqual({
      messages: ['Write'],
      receipts: ['Write'],
      directives: ['Read'],
    })
  })

  it('has a name of its own, that Kubernetes takes too', () => {
    fc.assert(
      fc.property(twoIds, ([one, other]) => {
        const [name, another] = [kafkaUserName(platform(one)), kafkaUserName(platform(other))]
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
        expect(name).not.toBe(another)
        expect(OWN_PRINCIPALS.map(kafkaUserName)).not.toContain(name)
      }),
      { numRuns: propertyRuns() },
    )
  })

  it.each(['', 'P1', 'a.b', 'x'.repeat(41)])('is none by the id "%s"', (id) => {
    expect(() => kafkaGrants(platform(id), options)).toThrow(RangeError)
  })
})

describe('a service', () => {
  it('has, where platforms are named, their topics by kind and those of no other', () => {
    fc.assert(
      fc.property(twoIds, ([named, other]) => {
        for (const service of SERVICES) {
          const exact = { ...options, platformIds: [named] }
          const grants = kafkaGrants({ kind: 'service', service }, exact)
          for (const kind of KINDS) {
            const { from, to } = PlatformTopics[kind]
            const may = operationsOn(grants, 'topic', platformTopicName(kind, named))
            const byRest = service === 'ingestion' && kind === 'messages'
            expect(may.has('Read'), `${service} reads ${kind}`).toBe(to.some((who) => who === service))
            expect(may.has('Write'), `${service} writes ${kind}`).toBe(
              from.some((who) => who === service) || byRest,
            )
            expect(operationsOn(grants, 'topic', platformTopicName(kind, other)).size).toBe(0)
          }
        }
      }),
      { numRuns: propertyRuns(300, 2_000) },
    )
  })

  it('has its groups under the prefix that it is started with, and no group under another', () => {
    const grants = kafkaGrants({ kind: 'service', service: 'ingestion' }, { groupPrefix: 'again' })
    const groups = [
      'again.ingestion',
      'again.ingestion.platforms.messages.0of4',
      'weir.ingestion',
      'again.ingestion2',
    ]
    expect(groups.filter((group) => operationsOn(grants, 'group', group).has('Read'))).toEqual(
      groups.slice(0, 2),
    )
  })
})

it('a resource has one entry for each user, which allows something', () => {
  for (const principal of [...OWN_PRINCIPALS, platform('p1')]) {
    const grants = kafkaGrants(principal, options)
    const keys = grants.map(({ resource, pattern, name }) => `${resource} ${pattern} ${name}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(grants.every(({ operations }) => operations.length > 0)).toBe(true)
  }
})
