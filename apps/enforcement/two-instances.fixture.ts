import type { Provider } from '@nestjs/common'
import { DiscoveryModule } from '@nestjs/core'
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose'
import { Test, type TestingModule } from '@nestjs/testing'
import { randomBytes, randomUUID } from 'node:crypto'
import type { Connection } from 'mongoose'
import { setTimeout as sleep } from 'node:timers/promises'
import { Clock } from '#libs/runtime/clock'
import { type AnyOutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { createLogger } from '#libs/runtime/logger'
import { Startup } from '#libs/runtime/startup'
import { ENV, LOGGER } from '#libs/runtime/tokens'
import { AccountChanges } from './ledger/account-changes.js'
import { SPEC_POLICY } from './ledger/account-world.fixture.js'
import { TakeVerdicts } from './intake/take-verdicts.js'
import { AnswerLinks } from './ledger/statements/answer-links.js'
import { ReviewersOf } from './appeals/reviewers-of.js'
import { AuditLog } from './audit/audit-log.js'
import { ChangeDecision } from './casework/change-decision.js'
import { Outbox } from './outbox/outbox.js'
import { Relay } from './outbox/relay.js'
import { TellNewest } from './outbox/tell-newest.js'
import { PlatformStore } from './platforms/platform.store.js'
import { PolicyStore } from './policies/policy.store.js'
import { ReadReviewers } from './quality/read-reviewers.js'
import { SampleDecisions } from './quality/sample-decisions.js'
import { AppealLinks } from './ledger/statements/appeal-links.js'
import { StoresModule } from './stores.module.js'

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

/**
 * What enforcement does without its edges (Kafka, HTTP, timers), twice, on one database of a real MongoDB: for integration
 * specs. Platform `p1` is registered. No query may scan a collection.
 */
export class TwoInstances {
  private constructor(
    private readonly modules: readonly [TestingModule, TestingModule],
    readonly publisher: RecordingPublisher,
    readonly clock: Clock,
  ) {}

  /** `providers`: what the spec needs beside accounts, decisions and outboxes. */
  static async start(...providers: Provider[]): Promise<TwoInstances> {
    const publisher = new RecordingPublisher()
    const clock = new Clock()
    const dbName = `weir_enforcement_${randomUUID()}`
    const start = () => startOne(dbName, publisher, clock, providers)
    const instances = new TwoInstances([await start(), await start()], publisher, clock)
    const registeredAt = new Date().toISOString()
    const platform = { platformId: 'p1', name: 'P', mode: 'enforce' as const, contacts: [], registeredAt }
    await instances.one(PlatformStore).add(platform, [])
    await instances.connection().db!.command({ profile: 1, filter: SCANS })
    return instances
  }

  /** A provider of the first instance. */
  readonly one = <T>(type: new (...args: never[]) => T): T => this.modules[0].get(type)
  /** The same of the second. */
  readonly two = <T>(type: new (...args: never[]) => T): T => this.modules[1].get(type)

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
  providers: readonly Provider[],
): Promise<TestingModule> {
  const concerns = { writeConcern: { w: 'majority' as const }, readConcern: { level: 'majority' as const } }
  const module = await Test.createTestingModule({
    imports: [
      DiscoveryModule,
      MongooseModule.forRoot(process.env['MONGODB_URI']!, { dbName, ...concerns }),
      StoresModule,
    ],
    providers: [
      AccountChanges,
      TakeVerdicts,
      ChangeDecision,
      AppealLinks,
      AnswerLinks,
      AuditLog,
      SampleDecisions,
      { provide: ReviewersOf, useClass: ReadReviewers },
      Outbox,
      TellNewest,
      Relay,
      Startup,
      { provide: Clock, useValue: clock },
      { provide: Publisher, useValue: publisher },
      { provide: ENV, useValue: TEST_ENV },
      { provide: LOGGER, useValue: createLogger('enforcement', 'silent') },
      ...providers,
    ],
  })
    .overrideProvider(PolicyStore)
    .useValue(policies)
    .compile()
  await module.init()
  const { models } = module.get<Connection>(getConnectionToken())
  for (const model of Object.values(models)) await model.init()
  while (module.get(Startup).unfinished().size > 0) await sleep(10)
  return module
}
