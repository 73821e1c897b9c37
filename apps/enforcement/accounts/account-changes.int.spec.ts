import 'reflect-metadata'
import { Test, type TestingModule } from '@nestjs/testing'
import { MongooseModule } from '@nestjs/mongoose'
import { randomUUID } from 'node:crypto'
import type { Connection } from 'mongoose'
import { getConnectionToken } from '@nestjs/mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Verdict } from '#libs/contracts/verdict'
import { Clock } from '#libs/platform/clock'
import { type AnyOutRecord, Publisher } from '#libs/platform/kafka/publisher'
import { createLogger } from '#libs/platform/logger'
import { Startup } from '#libs/platform/startup'
import { ENV, LOGGER } from '#libs/platform/tokens'
import { CASE_ENTRIES, CASES, CaseEntrySchema, CaseSchema, CaseStore } from '../cases/case.store.js'
import { DECISIONS, DecisionSchema, DecisionStore } from '../decisions/decision.store.js'
import { ChangeDecision } from '../decisions/change-decision.js'
import { DIRECTIVES, DirectiveSchema, DirectiveStore } from '../directives/directive.store.js'
import { Outbox } from '../outbox/outbox.js'
import { Relay } from '../outbox/relay.js'
import { PLATFORMS, PlatformSchema, PlatformStore } from '../platforms/platform.store.js'
import { PolicyStore } from '../policies/policy.store.js'
import { AppealLinks, KEYS, KeySchema } from '../statements/appeal-links.js'
import { STATEMENTS, StatementSchema, StatementStore } from '../statements/statement.store.js'
import { AccountChanges } from './account-changes.js'
import { ACCOUNTS, AccountSchema, AccountStore } from './account.store.js'
import { SPEC_POLICY } from './account-world.js'
import { aVerdict } from './a-verdict.js'
import { STRIKES, StrikeSchema, StrikeStore } from './strike.store.js'
import { TakeVerdicts } from './take-verdicts.js'

/** Remembers what was published, and can be made to fail. */
class RecordingPublisher {
  readonly records: AnyOutRecord[] = []
  failures = 0

  async publish(...records: AnyOutRecord[]): Promise<void> {
    if (this.failures > 0) {
      this.failures--
      throw new Error('the broker is away')
    }
    this.records.push(...records)
  }

  /** Distinct records by topic name; throws where one id came with different bytes. */
  byTopic(name: string): AnyOutRecord[] {
    const byId = new Map<string, AnyOutRecord>()
    for (const record of this.records.filter((one) => one.topic.name.includes(name))) {
      const known = byId.get(record.id)
      if (known && JSON.stringify(known.value) !== JSON.stringify(record.value)) {
        throw new Error(`${record.id} came with other bytes`)
      }
      byId.set(record.id, record)
    }
    return [...byId.values()]
  }
}

const policies = {
  byVersions: async (versions: string[]) => new Map(versions.map((version) => [version, SPEC_POLICY])),
  refresh: async () => undefined,
  inForce: () => ({ policy: SPEC_POLICY, version: '1' }),
}

describe('changes of accounts, on a real MongoDB', () => {
  const publisher = new RecordingPublisher()
  const modules: TestingModule[] = []
  const dbName = `weir_enforcement_${randomUUID()}`
  let take: TakeVerdicts
  let other: TakeVerdicts

  async function start(): Promise<TestingModule> {
    const module = await Test.createTestingModule({
      imports: [
        MongooseModule.forRoot(process.env['MONGODB_URI']!, {
          dbName,
          writeConcern: { w: 'majority' },
          readConcern: { level: 'majority' },
        }),
        MongooseModule.forFeature([
          { name: ACCOUNTS, schema: AccountSchema },
          { name: STRIKES, schema: StrikeSchema },
          { name: CASES, schema: CaseSchema },
          { name: CASE_ENTRIES, schema: CaseEntrySchema },
          { name: DECISIONS, schema: DecisionSchema },
          { name: DIRECTIVES, schema: DirectiveSchema },
          { name: STATEMENTS, schema: StatementSchema },
          { name: PLATFORMS, schema: PlatformSchema },
          { name: KEYS, schema: KeySchema },
        ]),
      ],
      providers: [
        AccountChanges,
        TakeVerdicts,
        ChangeDecision,
        AccountStore,
        StrikeStore,
        CaseStore,
        DecisionStore,
        DirectiveStore,
        StatementStore,
        PlatformStore,
        AppealLinks,
        Outbox,
        Relay,
        Clock,
        Startup,
        { provide: PolicyStore, useValue: policies },
        { provide: Publisher, useValue: publisher },
        { provide: ENV, useValue: { PUBLIC_URL: 'http://127.0.0.1:7403' } },
        { provide: LOGGER, useValue: createLogger('enforcement', 'silent') },
      ],
    }).compile()
    await module.init()
    modules.push(module)
    await vi.waitFor(() => expect(module.get(Startup).unfinished().size).toBe(0))
    return module
  }

  beforeAll(async () => {
    const [first, second] = [await start(), await start()]
    take = first.get(TakeVerdicts)
    other = second.get(TakeVerdicts)
    const registeredAt = new Date().toISOString()
    const platform = { platformId: 'p1', name: 'P', mode: 'enforce' as const, contacts: [], registeredAt }
    await first.get(PlatformStore).add(platform, [])
  })
  beforeEach(() => {
    publisher.records.length = 0
  })
  afterAll(async () => {
    await modules[0]?.get<Connection>(getConnectionToken()).dropDatabase()
    for (const module of modules) await module.close()
  })

  const store = <T>(type: new (...args: never[]) => T): T => modules[0]!.get(type)
  const noop = async (): Promise<void> => undefined

  async function counts(account: string) {
    const key = `p1/${account}`
    const cases = store(CaseStore)
    const strikes = await store(StrikeStore).ofAccounts([key])
    const state = (await store(AccountStore).byKey(key))!
    return {
      points: state.points,
      level: state.level,
      status: state.status,
      pending: state.pending.length,
      strikes: strikes.length,
      decisions: (await store(DecisionStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      directives: (await store(DirectiveStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      statements: (await store(StatementStore).list({ platformId: 'p1', accountId: account }, 200)).length,
      entries: (await cases.entriesOfAccount('p1', account, new Date(8e15), 1_000)).length,
    }
  }

  const published = (topic: string, account: string): number =>
    publisher.byTopic(topic).filter(({ value }) => {
      const { accountId, data } = value as { accountId?: string; data?: { accountId?: string } }
      return (data?.accountId ?? accountId) === account
    }).length

  it('take verdicts in once, however often and wherever they come', async () => {
    const verdicts = Array.from({ length: 5 }, (_, i) => aVerdict('a1', `m${i}`, { severity: 1 }))
    await take.take(verdicts, noop)
    const once = await counts('a1')
    expect(once).toMatchObject({ points: 5, level: 2, status: 'limited', strikes: 5, entries: 5, pending: 0 })
    expect(once.directives).toBe(7)
    const records = publisher.records.length
    await take.take(verdicts, noop)
    await other.take([...verdicts].reverse(), noop)
    expect(await counts('a1')).toEqual(once)
    expect(publisher.records.length).toBe(records)
  })

  it('lose nothing and double nothing when many instances change one account at once', async () => {
    const verdicts = Array.from({ length: 40 }, (_, i) => aVerdict('a2', `m${i}`, { severity: 1 }))
    const work = verdicts.flatMap((verdict, i) => [
      () => take.take([verdict, verdicts[(i + 7) % 40]!], noop),
      () => other.take([verdict], noop),
    ])
    const worker = async (): Promise<void> => {
      for (let next = work.pop(); next; next = work.pop()) await next()
    }
    await Promise.all(Array.from({ length: 8 }, worker))
    const end = await counts('a2')
    expect(end).toMatchObject({ points: 40, level: 4, strikes: 40, entries: 40, pending: 0 })
    const directives = publisher
      .byTopic('directives')
      .map(({ value }) => value as { accountId: string; accountSeq: number; kind: string })
      .filter(({ accountId }) => accountId === 'a2')
    expect(directives.map(({ accountSeq }) => accountSeq).sort((a, b) => a - b)).toEqual(
      directives.map((_, i) => i + 1),
    )
    expect(directives.filter(({ kind }) => kind === 'remove_message')).toHaveLength(40)
    expect(published('notices', 'a2')).toBe(directives.length)
    expect(end.statements).toBe(directives.length)
  })

  it('complete what an outage of the broker cut off, under the same ids', async () => {
    const verdicts = Array.from({ length: 3 }, (_, i) => aVerdict('a3', `m${i}`, { severity: 3 }))
    publisher.failures = 2
    await expect(take.take(verdicts, noop)).rejects.toThrow('away')
    await expect(take.take(verdicts, noop)).rejects.toThrow('away')
    const cut = await counts('a3')
    expect(cut.pending).toBeGreaterThan(0)
    await other.take(verdicts, noop)
    const end = await counts('a3')
    expect(end).toMatchObject({ points: 12, level: 3, strikes: 3, entries: 3, pending: 0 })
    expect(published('directives', 'a3')).toBe(end.directives)
    expect(published('notices', 'a3')).toBe(end.directives)
  })

  it('are completed by the relay when the batch never comes again', async () => {
    publisher.failures = 1
    await expect(take.take([aVerdict('a4', 'm1', { severity: 4 })], noop)).rejects.toThrow('away')
    await modules[1]!.get(Relay).drain(store(AccountStore).accounts)
    expect(await counts('a4')).toMatchObject({ points: 8, status: 'suspended', pending: 0, entries: 1 })
    expect(published('directives', 'a4')).toBe(2)
  })

  it('undo what a decision did, once, and let no replay bring it back', async () => {
    const verdict = aVerdict('a5', 'm1', { severity: 3 })
    await take.take([verdict], noop)
    const [decision] = (await store(DecisionStore).list({ platformId: 'p1', accountId: 'a5' }, 10)).filter(
      ({ measure }) => measure === 'remove',
    )
    const change = modules[0]!.get(ChangeDecision)
    await change.reverse(decision!._id, 'senior', 'mistaken')
    const reversed = await counts('a5')
    expect(reversed).toMatchObject({ points: 0, level: 0, status: 'active', directives: 4, strikes: 1 })
    await expect(change.reverse(decision!._id, 'senior', 'again')).rejects.toMatchObject({ status: 409 })
    await take.take([verdict], noop)
    expect(await counts('a5')).toEqual(reversed)
    await take.take([aVerdict('a5', 'm1', { severity: 4, revision: 'r2' })], noop)
    expect(await counts('a5')).toMatchObject({ points: 0, strikes: 1, directives: 5, entries: 2 })
  })

  it('stay within their size for an account that never stops', async () => {
    const verdicts: Verdict[] = Array.from({ length: 700 }, (_, i) =>
      aVerdict('a6', `m${i}`, { severity: 1 }),
    )
    await take.take(verdicts, noop)
    const state = (await store(AccountStore).byKey('p1/a6'))!
    expect(state.points).toBe(700)
    expect(JSON.stringify(state).length).toBeLessThan(20_000)
  })
})
