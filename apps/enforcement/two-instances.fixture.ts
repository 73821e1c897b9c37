import { Global, Module } from '@nestjs/common'
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose'
import { Test, type TestingModule } from '@nestjs/testing'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import type { Connection } from 'mongoose'
import { setTimeout as sleep } from 'node:timers/promises'
import { Clock } from '#libs/runtime/clock'
import { type AnyOutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { TopicsAdmin } from '#libs/runtime/kafka/topics-admin'
import { createLogger } from '#libs/runtime/logger'
import { Startup } from '#libs/runtime/startup'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import { AuditKey } from './audit/audit-key.js'
import { PublishCheckpoints } from './audit/publish-checkpoints.js'
import { PublishedCheckpoints } from './audit/published-checkpoints.js'
import { ROOMS } from './enforcement.module.js'
import { SPEC_POLICY } from './ledger/account-world.fixture.js'
import { PlatformStore } from './platforms/platform.store.js'
import { TellPlatforms } from './platforms/tell-platforms.js'
import { PolicyStore } from './policies/policy.store.js'
import { PublishFirstPolicies } from './policies/publish-first-policies.js'
import { YamlBodies } from './policies/yaml-bodies.js'
import { Timer } from './timers/timer.js'

/** Remembers what was published, and can be made to fail. */
export class RecordingPublisher {
  readonly records: AnyOutRecord[] = []
  failures = 0

  async publish(...records: AnyOutRecord[]): Promise<void> {
    if (this.failures > 0) {
      this.failures--
      throw new Error('the broker is away')
    }
    this.records.push(...records)
  }

  /** Distinct values of a topic about an account, or all; throws where one id came with different bytes. */
  on<T>(topic: string, accountId?: string): T[] {
    const byId = new Map<string, AnyOutRecord>()
    for (const record of this.records.filter((one) => one.topic.name.includes(topic))) {
      const known = byId.get(record.id)
      if (known && JSON.stringify(known.value) !== JSON.stringify(record.value)) {
        throw new Error(`${record.id} came with other bytes`)
      }
      byId.set(record.id, record)
    }
    return [...byId.values()]
      .map(({ value }) => value as { accountId?: string; data?: { accountId?: string } })
      .filter(({ data, ...value }) =>
        [undefined, data?.accountId ?? value.accountId].includes(accountId),
      ) as T[]
  }
}

/** The settings of services under test; what a spec sets itself goes over them. */
export const TEST_ENV = {
  PUBLIC_URL: 'http://127.0.0.1:7403',
  SECOND_REVIEW_SHARE: 0,
  SECRETS_KEY: randomBytes(32).toString('base64'),
}

/** What the profiler of MongoDB is to note. */
const SCANS = { planSummary: 'COLLSCAN' }

/** The policy of specs, in force for ever. */
const policies = {
  byVersions: async (versions: string[]) => new Map(versions.map((version) => [version, SPEC_POLICY])),
  refresh: async () => undefined,
  inForce: () => ({ policy: SPEC_POLICY, version: '1' }),
  inForceDuring: () => ['1'],
  since: async () => () => [SPEC_POLICY],
}

/** What speaks to Kafka, ticks or begins something at the start: specs do it themselves, or do without. */
const LEFT_OUT = [
  Timer,
  PublishFirstPolicies,
  TellPlatforms,
  PublishCheckpoints,
  PublishedCheckpoints,
  YamlBodies,
]

/**
 * The rooms of enforcement without their edges (Kafka, HTTP, timers), twice, on one database of a real MongoDB: for integration
 * specs. Platform `p1` is registered. No query may scan a collection.
 */
export class TwoInstances {
  private constructor(
    private readonly modules: readonly [TestingModule, TestingModule],
    readonly publisher: RecordingPublisher,
    readonly clock: Clock,
  ) {}

  /** `env`: the settings; what a spec changes in it later holds from then on. */
  static async start(env: object = TEST_ENV): Promise<TwoInstances> {
    const publisher = new RecordingPublisher()
    const clock = new Clock()
    const dbName = `weir_enforcement_${randomUUID()}`
    const start = () => startOne(dbName, publisher, clock, env)
    const instances = new TwoInstances([await start(), await start()], publisher, clock)
    const registeredAt = new Date().toISOString()
    const platform = { platformId: 'p1', name: 'P', mode: 'enforce' as const, contacts: [], registeredAt }
    await instances.one(PlatformStore).add(platform, [])
    await instances.connection().db!.command({ profile: 1, filter: SCANS })
    return instances
  }

  /** A provider of the first instance. */
  readonly one = <T>(type: new (...args: never[]) => T): T => this.modules[0].get(type, { strict: false })
  /** The same of the second. */
  readonly two = <T>(type: new (...args: never[]) => T): T => this.modules[1].get(type, { strict: false })

  connection(): Connection {
    return this.modules[0].get<Connection>(getConnectionToken())
  }

  /** @throws Error where a query scanned a collection: all are to enter by an index */
  async stop(): Promise<void> {
    const scans = await this.connection().db!.collection('system.profile').find(SCANS).toArray()
    await this.connection().dropDatabase()
    for (const module of this.modules) await module.close()
    const wrong = scans.map(({ command }) => command as Scan).filter((scan) => !asksForAll(scan))
    if (wrong.length > 0) throw new Error(wrong.map((scan) => JSON.stringify(scan)).join('\n'))
  }
}

/** A command in MongoDB's profile. */
interface Scan {
  q?: object
  filter?: object
  pipeline?: { $match?: object }[]
}

/** As specs do, to see or remove everything. */
function asksForAll({ q, filter, pipeline }: Scan): boolean {
  return Object.keys(q ?? filter ?? pipeline?.[0]?.$match ?? { other: true }).length === 0
}

async function startOne(
  dbName: string,
  publisher: RecordingPublisher,
  clock: Clock,
  env: object,
): Promise<TestingModule> {
  const runtime = [
    { provide: Clock, useValue: clock },
    { provide: Publisher, useValue: publisher },
    { provide: TopicsAdmin, useValue: {} },
    { provide: ENV, useValue: env },
    { provide: LOGGER, useValue: createLogger('enforcement', 'silent') },
    Startup,
  ]

  /** What `RuntimeModule` provides, without servers. */
  @Global()
  @Module({ providers: runtime, exports: runtime })
  class SpecRuntimeModule {}

  const concerns = { writeConcern: { w: 'majority' as const }, readConcern: { level: 'majority' as const } }
  const database = MongooseModule.forRoot(process.env['MONGODB_URI']!, { dbName, ...concerns })
  const building = Test.createTestingModule({ imports: [SpecRuntimeModule, database, ...ROOMS] })
    .overrideProvider(PolicyStore)
    .useValue(policies)
    .overrideProvider(AuditKey)
    .useValue(new AuditKey(generateKeyPairSync('ed25519').privateKey, 'spec'))
  for (const left of LEFT_OUT) building.overrideProvider(left).useValue({})
  const module = await building.compile()
  await module.init()
  const { models } = module.get<Connection>(getConnectionToken())
  for (const model of Object.values(models)) await model.init()
  while (module.get(Startup).unfinished().size > 0) await sleep(10)
  return module
}
