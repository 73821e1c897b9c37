import 'reflect-metadata'
import { DiscoveryModule } from '@nestjs/core'
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose'
import { Test, type TestingModule } from '@nestjs/testing'
import { randomUUID } from 'node:crypto'
import type { Connection } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { WeirEvent } from '#libs/contracts/weir-event'
import type { Caller } from '#libs/runtime/auth/caller'
import type { Role } from '#libs/runtime/auth/roles'
import { Clock } from '#libs/runtime/clock'
import { type AnyOutRecord, Publisher } from '#libs/runtime/kafka/publisher'
import { AuditLog } from '../audit/audit-log.js'
import { FINDINGS, FindingSchema, FindingStore } from '../ledger/findings/finding.store.js'
import { Outbox } from '../outbox/outbox.js'
import { TellNewest } from '../outbox/tell-newest.js'
import { PolicyStore } from '../policies/policy.store.js'
import { SPEC_POLICY } from '../ledger/account-world.fixture.js'
import { isWaiting, routesOf } from '../ledger/cases/case-work.rules.js'
import type { CaseDocument } from '../ledger/cases/case.js'
import { CASES, CaseSchema, CaseStore } from '../ledger/cases/case.store.js'
import { waitingFor } from '../ledger/cases/waiting-case.js'
import { WorkOnCases } from './work-on-cases.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const LEASE = SPEC_POLICY.cases.claimLease
const policies = {
  refresh: async () => undefined,
  inForce: () => ({ policy: SPEC_POLICY, version: '1' }),
  inForceDuring: () => ['1'],
  since: async () => () => [SPEC_POLICY],
}

function person(subject: string, ...roles: Role[]): Caller {
  return { subject, roles: roles.length > 0 ? roles : ['moderator'] }
}

describe('work on cases, on a real MongoDB', () => {
  const dbName = `weir_enforcement_${randomUUID()}`
  const records: AnyOutRecord[] = []
  const publisher = { publish: async (...more: AnyOutRecord[]) => void records.push(...more) }
  let modules: TestingModule[]
  let cases: CaseStore
  let work: WorkOnCases
  let elsewhere: WorkOnCases
  let commands: string[] = []
  let requests = 0

  async function start(): Promise<TestingModule> {
    const options = {
      dbName,
      writeConcern: { w: 'majority' as const },
      monitorCommands: true,
      maxPoolSize: 60,
    }
    const module = await Test.createTestingModule({
      imports: [
        DiscoveryModule,
        MongooseModule.forRoot(process.env['MONGODB_URI']!, options),
        MongooseModule.forFeature([
          { name: CASES, schema: CaseSchema },
          { name: FINDINGS, schema: FindingSchema },
        ]),
      ],
      providers: [
        CaseStore,
        // A case may hold what is to be written there: the outbox does not start without it.
        FindingStore,
        WorkOnCases,
        { provide: Clock, useValue: clock },
        { provide: PolicyStore, useValue: policies },
        { provide: Publisher, useValue: publisher },
        { provide: AuditLog, useValue: { append: async () => undefined } },
        TellNewest,
        Outbox,
      ],
    }).compile()
    await module.init()
    return module
  }
  const clock = new Clock()

  beforeAll(async () => {
    modules = [await start(), await start()]
    cases = modules[0]!.get(CaseStore)
    work = modules[0]!.get(WorkOnCases)
    elsewhere = modules[1]!.get(WorkOnCases)
    const connection = modules[0]!.get<Connection>(getConnectionToken())
    for (const model of Object.values(connection.models)) await model.createIndexes()
    for (const module of modules) {
      const client = module.get<Connection>(getConnectionToken()).getClient()
      client.on('commandStarted', ({ commandName }) => commands.push(commandName))
    }
  })
  beforeEach(async () => {
    await cases.cases.deleteMany({})
    records.length = 0
    commands = []
    clock.set(new Date())
  })
  afterAll(async () => {
    await modules[0]?.get<Connection>(getConnectionToken()).dropDatabase()
    for (const module of modules ?? []) await module.close()
  })

  const request = (caller: Caller, ifMatch?: number) => ({
    caller,
    requestId: `r${requests++}`,
    ifMatch: ifMatch === undefined ? undefined : new Set([ifMatch]),
  })
  const next = (caller: Caller, wanted = {}, by = work) => by.claimNext(caller, `r${requests++}`, wanted)
  const events = (kind?: string): WeirEvent[] =>
    [
      ...new Map(records.map(({ value }) => [(value as WeirEvent).eventId, value as WeirEvent])).values(),
    ].filter((event) => kind === undefined || event.kind === kind)
  const ahead = (ms: number): Date => new Date(clock.now().getTime() + ms)

  function aCase(i: number, over: Partial<CaseDocument> = {}): CaseDocument {
    const openedAt = new Date(Date.UTC(2026, 9, 1) + i * MINUTE)
    return {
      _id: `case_${String(i).padStart(6, '0')}`,
      platformId: `p${i % 3}`,
      accountId: `a${i}`,
      state: 'open',
      automated: false,
      categories: ['fraud'],
      proposal: null,
      severity: 2,
      priority: 24,
      urgentSince: new Date(openedAt.getTime() - ((i * 7_919) % 1_000) * HOUR),
      dueAt: new Date(openedAt.getTime() + 72 * HOUR),
      gravest: {
        severity: 2,
        score: 0.5,
        category: i % 2 ? 'fraud' : 'hate',
        language: i % 5 === 0 ? null : i % 5 < 3 ? 'zh' : 'en',
      },
      openedAt,
      updatedAt: openedAt,
      assignee: null,
      claimedAt: null,
      until: null,
      route: 'general',
      lastRequest: null,
      notes: [],
      accountRev: 1,
      version: 1,
      pending: [],
      outboxAt: null,
      ...over,
    }
  }
  const insert = (...documents: CaseDocument[]) => cases.cases.insertMany(documents)

  it('hand each of 1 000 cases to exactly one of 50 operators at once, the most urgent first', async () => {
    await insert(...Array.from({ length: 1_000 }, (_, i) => aCase(i)))
    commands = []
    let moment = 0
    const claims: { case: CaseDocument; by: string; asked: number; got: number }[] = []
    const operator = async (i: number): Promise<void> => {
      const me = person(`operator-${i}`)
      for (;;) {
        const asked = moment++
        const found = await next(me, {}, i % 2 ? work : elsewhere)
        if (!found) return
        claims.push({ case: found, by: me.subject, asked, got: moment++ })
      }
    }
    await Promise.all(Array.from({ length: 50 }, (_, i) => operator(i)))

    expect(new Set(claims.map((claim) => claim.case._id)).size).toBe(1_000)
    expect(claims).toHaveLength(1_000)
    for (const claim of claims) expect(claim.case).toMatchObject({ state: 'claimed', assignee: claim.by })
    // Whoever asked after another had answered got a less urgent one.
    const urgency = (claim: (typeof claims)[number]) =>
      [claim.case.urgentSince.toISOString(), claim.case._id].join()
    const sorted = claims.map((claim) => ({ ...claim, urgency: urgency(claim) }))
    const outOfTurn = sorted.flatMap((later) =>
      sorted.filter((earlier) => earlier.got < later.asked && earlier.urgency > later.urgency),
    )
    expect(outOfTurn).toEqual([])
    // One step to claim, one to clear the outbox; at the end each finds nothing, also nothing that is due, once.
    const count = (name: string) => commands.filter((command) => command === name).length
    expect(count('findAndModify')).toBe(1_000 + 50)
    expect(count('update')).toBe(1_000)
    expect(count('find')).toBe(50)
    expect(commands).toHaveLength(1_000 + 50 + 1_000 + 50)
    expect(events('case.claimed')).toHaveLength(1_000)
    const told = events().map(({ subject, actor }) => `${subject} ${actor}`)
    expect(new Set(told)).toEqual(new Set(claims.map((claim) => `case/${claim.case._id} ${claim.by}`)))
    expect(await cases.cases.countDocuments({ 'pending.0.id': { $exists: true } })).toBe(0)
  })

  it('find the next by index, and every list', async () => {
    // The most urgent cases sleep: the plan must not walk past them.
    const sleeping = { until: new Date(Date.UTC(2099, 0)), urgentSince: new Date(0) }
    const kinds = [sleeping, {}, {}, { state: 'decided' as const }]
    await insert(...Array.from({ length: 1_000 }, (_, i) => aCase(i, kinds[i % 4])))
    const stagesOf = (plan: unknown): { stage: string; index: string | undefined }[] => {
      if (typeof plan !== 'object' || plan === null) return []
      const own = 'stage' in plan ? [plan as { stage: string; indexName?: string }] : []
      return [
        ...own.map(({ stage, indexName }) => ({ stage, index: indexName })),
        ...Object.entries(plan).flatMap(([name, part]) => (name === 'rejectedPlans' ? [] : stagesOf(part))),
      ]
    }
    const db = modules[0]!.get<Connection>(getConnectionToken()).db!
    const explained = async (command: object): Promise<{ stage: string; index: string | undefined }[]> => {
      const answer = await db.command({ explain: command, verbosity: 'queryPlanner' })
      return stagesOf((answer['queryPlanner'] as { winningPlan: unknown } | undefined)?.winningPlan ?? answer)
    }
    const byIndex = (stages: { stage: string }[]): void => {
      const names = stages.map(({ stage }) => stage)
      expect(names).toContain('IXSCAN')
      expect(names).not.toContain('COLLSCAN')
      expect(names).not.toContain('SORT')
    }
    const sort = { urgentSince: 1, _id: 1 }
    for (const routes of [
      routesOf({ subject: 'x', senior: false }),
      routesOf({ subject: 'x', senior: true }),
    ]) {
      for (const wanted of [{ routes }, { routes, category: 'fraud', language: 'zh', platformId: 'p1' }]) {
        const query = waitingFor(wanted)
        const update = { $set: { state: 'claimed' } }
        const stages = await explained({ findAndModify: 'cases', query, sort, update })
        byIndex(stages)
        const indexes = stages.flatMap(({ stage, index }) => (stage === 'IXSCAN' ? [index] : []))
        expect(new Set(indexes)).toEqual(new Set(['waiting']))
      }
    }
    byIndex(
      await explained({
        find: 'cases',
        filter: { until: { $lte: new Date(), $type: 'date' } },
        sort: { until: 1 },
      }),
    )
    const overdue = { is: true, now: new Date(Date.UTC(2026, 9, 10)) }
    const lists = [{}, { state: 'open' }, { categories: 'fraud' }, { assignee: 'anna' }, { platformId: 'p1' }]
    const found: object[] = []
    const pipelines: object[][] = []
    const spied = new Proxy(cases.cases, {
      get: (target, name) => {
        if (name === 'find') return (filter: object) => (found.push(filter), target.find(filter))
        if (name === 'aggregate')
          return (stages: object[]) => (pipelines.push(stages), target.aggregate(stages))
        return Reflect.get(target, name) as unknown
      },
    })
    const spying = Object.assign(Object.create(cases) as CaseStore, { cases: spied })
    for (const filter of lists) await spying.newest(filter as never, 50)
    for (const filter of found) {
      byIndex(await explained({ find: 'cases', filter, sort: { openedAt: -1, _id: -1 }, limit: 51 }))
    }
    found.length = 0
    for (const filter of [{}, { state: 'open' }]) await spying.earliest('urgentSince', filter as never, 50)
    for (const filter of found) byIndex(await explained({ find: 'cases', filter, sort, limit: 51 }))
    found.length = 0
    await spying.earliest('dueAt', { overdue }, 50)
    byIndex(await explained({ find: 'cases', filter: found[0], sort: { dueAt: 1, _id: 1 }, limit: 51 }))
    await spying.queues(new Date())
    const counted = await explained({ aggregate: 'cases', pipeline: pipelines[0]!, cursor: {} })
    byIndex(counted)
    expect(counted.map(({ stage }) => stage)).not.toContain('FETCH')
  })

  it('are listed page by page, each once and in order', async () => {
    // Many share an instant: then the id orders them.
    const day = (i: number): Date => new Date(Date.UTC(2026, 9, 1) + (i % 20) * HOUR)
    const documents = Array.from({ length: 100 }, (_, i) =>
      aCase(i, { openedAt: day(i), urgentSince: day(i * 3), dueAt: day(i * 7) }),
    )
    await insert(...documents)
    for (const field of ['openedAt', 'urgentSince', 'dueAt'] as const) {
      const listed: string[] = []
      for (let after: [Date, string] | undefined; ;) {
        const page =
          field === 'openedAt' ? await cases.newest({}, 7, after) : await cases.earliest(field, {}, 7, after)
        listed.push(...page.slice(0, 7).map(({ _id }) => _id))
        if (page.length <= 7) break
        after = [page[6]![field], page[6]!._id]
      }
      const sign = field === 'openedAt' ? -1 : 1
      const order = (a: CaseDocument, b: CaseDocument): number =>
        sign * (a[field].getTime() - b[field].getTime() || (a._id < b._id ? -1 : 1))
      expect(listed).toEqual(documents.sort(order).map(({ _id }) => _id))
    }
  })

  it('hand out just what waits, as the rules have it, to whom it is for', async () => {
    const now = clock.now()
    const documents = Array.from({ length: 300 }, (_, i) =>
      aCase(i, {
        state: (['open', 'claimed', 'held', 'decided', 'closed'] as const)[i % 7 > 4 ? 0 : i % 7],
        until: i % 7 === 1 || i % 3 === 0 ? new Date(now.getTime() + (i % 2 ? HOUR : -HOUR)) : null,
        assignee: i % 7 === 1 ? 'zoe' : null,
        route: i % 11 === 0 ? 'senior' : 'general',
      }),
    ).map((one) => (one.state === 'open' || one.state === 'claimed' ? one : { ...one, until: null }))
    for (const senior of [false, true]) {
      await cases.cases.deleteMany({})
      await insert(...documents)
      const me = person('me', senior ? 'senior' : 'triage')
      const expected = documents
        .filter((one) => routesOf({ subject: 'me', senior }).some((route) => isWaiting(one, route, now)))
        .filter(({ gravest }) => gravest.language === 'zh')
        .map(({ _id }) => _id)
      await work.wakeDue()
      const got: string[] = []
      for (let one = await next(me, { language: 'zh' }); one; one = await next(me, { language: 'zh' }))
        got.push(one._id)
      expect(got.length).toBeGreaterThan(30)
      expect([...got].sort()).toEqual(expected.sort())
    }
  })

  it('give the same request the case that it got', async () => {
    await insert(aCase(1), aCase(2))
    const [me, id] = [person('me'), 'req_same']
    const first = await work.claimNext(me, id)
    expect((await elsewhere.claimNext(me, id))?._id).toBe(first!._id)
    expect(await cases.cases.countDocuments({ state: 'claimed' })).toBe(1)
    expect(events('case.claimed')).toHaveLength(1)
  })

  it('leave others their claim when a request comes again whose answer was lost', async () => {
    await insert(aCase(1))
    const [id, senior, anna] = [aCase(1)._id, person('cleo', 'senior'), person('anna', 'triage')]
    const [claim, release] = [request(senior), request(senior)]
    await work.claimNext(senior, claim.requestId)
    await work.work(id, { action: 'release' }, release)
    const hers = (await next(anna))!
    for (const [action, again] of [
      ['release', release],
      ['claim', claim],
    ] as const) {
      expect(await elsewhere.work(id, { action }, again)).toMatchObject({
        state: 'claimed',
        assignee: 'anna',
        version: hers.version,
      })
    }
    expect(events('case.released')).toHaveLength(1)
    for (let i = 0; i < 30; i++) await work.work(id, { action: 'extend' }, request(anna))
    expect((await cases.byId(id))!.requests).toHaveLength(20)
  })

  it('take a claim that lapsed from who had it, also when nobody looked for days', async () => {
    await insert(aCase(1))
    const [anna, ben] = [person('anna'), person('ben')]
    const { _id: id } = (await next(anna))!
    clock.set(ahead(LEASE - MINUTE))
    expect(await next(ben)).toBeNull()
    await work.work(id, { action: 'extend' }, request(anna))
    clock.set(ahead(LEASE - MINUTE))
    expect(await next(ben)).toBeNull()
    clock.set(ahead(3 * 24 * HOUR))
    await expect(work.work(id, { action: 'extend' }, request(anna))).rejects.toMatchObject({
      slug: 'not-yours',
    })
    const woken = await Promise.all([work.wakeDue(), elsewhere.wakeDue()])
    expect(woken[0] + woken[1]).toBe(1)
    expect(events('case.released')).toMatchObject([{ actor: 'system', code: 'lapsed' }])
    expect(await work.mustFind(id)).toMatchObject({ state: 'open', assignee: null, until: null })
    expect(await next(ben)).toMatchObject({ _id: id, assignee: 'ben' })
    await expect(work.work(id, { action: 'decide' }, request(anna))).rejects.toMatchObject({
      slug: 'claimed-by-another',
    })
  })

  it('hand out a lapsed case at once to who finds no other, without the timer', async () => {
    await insert(aCase(1))
    await next(person('anna'))
    clock.set(ahead(LEASE))
    expect(await next(person('ben'))).toMatchObject({ assignee: 'ben' })
  })

  it('leave a snoozed case alone until its time, and an escalated one to seniors', async () => {
    await insert(aCase(1), aCase(2))
    const [anna, cleo] = [person('anna', 'triage'), person('cleo', 'senior')]
    const until = ahead(2 * HOUR)
    await work.work(
      aCase(1)._id,
      { action: 'snooze', until },
      { ...request(anna), note: 'waiting for a reply' },
    )
    await work.work(aCase(2)._id, { action: 'escalate' }, request(anna))
    expect(await next(anna)).toBeNull()
    expect(await next(cleo)).toMatchObject({ _id: aCase(2)._id, route: 'senior' })
    expect(await next(cleo)).toBeNull()
    clock.set(until)
    expect(await next(anna)).toMatchObject({ _id: aCase(1)._id, notes: [{ by: 'anna' }] })
    expect(events().map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['case.snoozed', 'case.woken', 'case.escalated', 'case.claimed']),
    )
    expect(JSON.stringify(records)).not.toContain('waiting for a reply')
  })

  it('let one of many win what they do to a case at once, and nobody on a stale version', async () => {
    await insert(aCase(1))
    const id = aCase(1)._id
    const people = Array.from({ length: 15 }, (_, i) => person(`p${i}`))
    const tried = await Promise.allSettled(
      people.map((one, i) => (i % 2 ? work : elsewhere).work(id, { action: 'claim' }, request(one))),
    )
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const found = await work.mustFind(id)
    const holder = person(found.assignee!)
    await expect(
      work.work(id, { action: 'release' }, request(holder, found.version - 1)),
    ).rejects.toMatchObject({ status: 412 })
    await work.work(id, { action: 'reassign', to: 'dora' }, request(holder, found.version))
    expect(await work.mustFind(id)).toMatchObject({ assignee: 'dora', version: found.version + 1 })
    expect(events('case.reassigned')).toMatchObject([{ assignee: 'dora', actor: holder.subject }])
  })

  it('count the queues as a plain count does, from the index alone', async () => {
    const now = clock.now()
    const documents = Array.from({ length: 400 }, (_, i) =>
      aCase(i, {
        state: (['open', 'claimed', 'decided'] as const)[i % 3]!,
        until:
          i % 3 === 2
            ? null
            : i % 3 === 1 || i % 4 === 0
              ? new Date(now.getTime() + (i % 8 ? HOUR : -HOUR))
              : null,
        dueAt: new Date(now.getTime() + (i % 5 ? HOUR : -HOUR)),
        route: i % 13 === 0 ? 'senior' : 'general',
      }),
    )
    await insert(...documents)
    const alive = documents.filter(({ state }) => state !== 'decided')
    const over = (one: CaseDocument): boolean => one.until === null || one.until <= now
    const expected = Map.groupBy(alive, ({ platformId, gravest, route }) =>
      JSON.stringify([platformId, gravest.category, gravest.language, route]),
    )
    const queues = await cases.queues(now)
    expect(queues).toHaveLength(expected.size)
    for (const queue of queues) {
      const { platformId, category, language, route } = queue
      const own = expected.get(JSON.stringify([platformId, category, language, route]))!
      const waiting = own.filter(over)
      const oldest = waiting.map(({ openedAt }) => openedAt.getTime())
      expect(queue).toEqual({
        platformId,
        category,
        language,
        route,
        depth: waiting.length,
        oldest: oldest.length > 0 ? new Date(Math.min(...oldest)) : null,
        snoozed: own.filter((one) => !over(one) && one.state === 'open').length,
        claimed: own.filter((one) => !over(one) && one.state === 'claimed').length,
        overdue: own.filter((one) => one.dueAt <= now).length,
      })
    }
  })
})
