import 'reflect-metadata'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import mongoose from 'mongoose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditRecord } from '#libs/contracts/audit-record'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { Checkpoint } from '#libs/contracts/checkpoint'
import type { Directive } from '#libs/contracts/directive'
import type { Verdict } from '#libs/contracts/verdict'
import type { Role } from '#libs/runtime/auth/roles'
import { parsePolicy } from '#libs/policy/parse-policy'
import { builtFile } from '#libs/testing/service-process'
import { aVerdict } from './ledger/a-verdict.fixture.js'
import type { CaseEntry } from './ledger/cases/case.js'
import { settled, StartedEnforcement } from './started-enforcement.fixture.js'
import { dsaProblems } from './statements/dsa-schema-v2.fixture.js'
import type { DsaStatement } from './statements/dsa-statement.rules.js'

const POLICY = readFileSync('policies/default.yaml', 'utf8')

/** A clause of the default policy of each severity. */
const CLAUSE = Object.fromEntries(
  [1, 2, 3, 4].map((severity) => {
    const clauses = Object.entries(parsePolicy(POLICY).policy!.clauses)
    return [severity, clauses.find(([, clause]) => clause.severity === severity)![0]]
  }),
) as Record<1 | 2 | 3 | 4, string>

describe('enforcement, started, on a real Kafka and MongoDB', () => {
  let enforcement: StartedEnforcement

  async function call(
    method: string,
    path: string,
    roles: Role[],
    body?: unknown,
    extra: Record<string, string> = {},
  ) {
    const { as = roles.join('+'), platform, ...headers } = extra
    const caller = { subject: as, roles, ...(platform ? { platform } : {}) }
    const answer = await enforcement.call(method, path, caller, body, headers)
    return { status: answer.status, body: answer.body as never }
  }

  const get = async <T>(path: string, roles: Role[] = ['moderator', 'senior', 'auditor']): Promise<T> =>
    (await call('GET', path, roles)).body

  const on = (topic: string) => enforcement.on(topic)
  const directivesFor = (account: string): Directive[] =>
    enforcement.directives().filter(({ accountId }) => accountId === account)
  const judge = (...verdicts: Verdict[]): Promise<void> => enforcement.judge(...verdicts)
  const verdict = (account: string, message: string, severity: 1 | 2 | 3 | 4, over = {}): Verdict =>
    aVerdict(account, message, { severity, clause: CLAUSE[severity], ...over })

  beforeAll(async () => {
    const often = { TIMER_MS: '100', AUDIT_CHECKPOINT_MS: '100', KAFKA_SESSION_MS: '6000' }
    enforcement = await StartedEnforcement.start({ TEST_CLOCK: '1', ...often }, 'p1', 'p2')
    const { events, notices, measures, policies, platforms, checkpoints } = Topics
    const topics = [events, notices, measures, policies, platforms, checkpoints, DeadLetterTopic]
    await enforcement.watch(
      ...topics.map(({ name }) => name),
      platformTopicName('directives', 'p1'),
      platformTopicName('directives', 'p2'),
    )
  })
  afterAll(() => enforcement?.stop())

  it('publishes its first policy and banks from the start of time, and the platforms', async () => {
    await settled(() => {
      expect(
        on(Topics.policies.name)
          .map(({ key }) => key)
          .sort(),
      ).toEqual([
        ...[
          'bank/hashes/1',
          'bank/known-false-claims/1',
          'bank/links/1',
          'bank/protected-names/1',
          'bank/words/1',
        ],
        'policy/default/1',
      ])
      expect(
        on(Topics.platforms.name)
          .map(({ key }) => key)
          .sort(),
      ).toEqual(['p1', 'p2'])
    })
    const policy = on(Topics.policies.name).find(({ key }) => key === 'policy/default/1')!
    expect(policy.value).toMatchObject({
      state: 'live',
      effectiveFrom: '1970-01-01T00:00:00.000Z',
      rollout: 100,
    })
    const again = await call('POST', '/platforms', ['admin'], { id: 'p1', name: 'p1', contacts: [] })
    expect(again.status).toBe(200)
    const other = await call('POST', '/platforms', ['admin'], { id: 'p1', name: 'other', contacts: [] })
    expect(other).toMatchObject({ status: 409, body: { type: 'platform-exists' } })
  })

  it('acts on a verdict: removal, strike, step, statement, notice, events', async () => {
    await judge(verdict('a1', 'm1', 3))
    await settled(() =>
      expect(directivesFor('a1').map(({ kind }) => kind)).toEqual(['remove_message', 'limit_account']),
    )
    const account = await get<Record<string, unknown>>('/accounts/p1/a1')
    expect(account).toMatchObject({
      status: 'limited',
      level: 2,
      points: 4,
      strikes: [{ messageId: 'm1', clause: CLAUSE[3], severity: 3, points: 4, reversedAt: null }],
      measures: [{ measure: 'limit' }],
      account: { followers: 10 },
      timelineUrl: '/v1/accounts/p1/a1/timeline',
    })
    const [removal, limit] = directivesFor('a1')
    const statement = await get<Record<string, unknown>>(
      `/statements-of-reasons/${limit!.statementOfReasonsId}`,
    )
    expect(statement).toMatchObject({
      directiveId: limit!.directiveId,
      automatedDecision: 'fully',
      automatedDetection: true,
      ground: { clause: CLAUSE[3] },
      redress: { appealUrl: null },
    })
    await settled(() => {
      const notices = on(Topics.notices.name).filter(({ value }) => JSON.stringify(value).includes('"a1"'))
      expect(notices.map(({ value }) => value['template'])).toEqual(['measure-ordered', 'measure-ordered'])
    })
    expect(JSON.stringify([...enforcement.seen.values()])).not.toContain('a text')
    expect(removal).toMatchObject({ accountSeq: 1, messageIds: ['m1'], automated: true })
    const timeline = await get<{ items: { kind: string }[] }>('/accounts/p1/a1/timeline')
    expect(timeline.items.map(({ kind }) => kind)).toContain('strike.added')
    expect((await call('GET', '/accounts/p1/nobody', ['moderator'])).status).toBe(404)
    const label = { label: 'watch', reason: 'Posts at night.', expiresAt: '2126-01-01T00:00:00Z' }
    const put = (path: string, body: unknown, roles: Role[] = ['moderator']) =>
      call('POST', `${path}/labels`, roles, body)
    const once = () =>
      call('POST', '/accounts/p1/a1/labels', ['moderator'], label, { 'idempotency-key': 'l-1' })
    const [first, again] = [await once(), await once()]
    expect([first.status, again.body]).toEqual([201, first.body])
    const { labels } = await get<{ labels: unknown[] }>('/accounts/p1/a1')
    expect(labels).toMatchObject([{ label: 'watch', by: 'moderator' }])
    const after = await get<{ items: object[] }>('/accounts/p1/a1/timeline')
    expect(after.items[0]).toMatchObject({ kind: 'labelled', code: 'watch', by: 'moderator' })
    const past = { ...label, expiresAt: '2026-01-01T00:00:00Z' }
    const refused = await Promise.all([
      put('/accounts/p1/a1', past),
      put('/accounts/p1/a1', { ...label, label: 'No Slug' }),
      put('/accounts/p1/nobody', label),
      put('/accounts/unknown/nobody', label),
      put('/accounts/p1/a1', label, ['triage']),
    ])
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 404, 404, 403])
  })

  it('lets people decide what is for review, and undo it', async () => {
    const waiting = verdict('a2', 'm1', 2, { outcome: 'review' })
    const { caseId } = await enforcement.opened<{ caseId: string }>(waiting)
    expect(await call('POST', '/cases/next', ['moderator'])).toMatchObject({ status: 200, body: { caseId } })
    expect((await call('POST', '/cases/next', ['moderator'])).status).toBe(204)
    const decision = { measure: 'limit', clause: CLAUSE[2], reasons: 'seen it', messageIds: ['m1'] }
    const path = `/cases/${caseId}/decisions`
    expect((await call('POST', path, ['triage'], decision)).status).toBe(403)
    expect((await call('POST', path, ['senior'], decision)).status).toBe(409)
    expect((await call('POST', path, ['moderator'], { ...decision, measure: 'ban' })).status).toBe(403)
    expect((await call('POST', path, ['moderator'], { ...decision, clause: 'constructor' })).status).toBe(400)
    expect((await call('POST', path, ['moderator'], { ...decision, messageIds: ['other'] })).status).toBe(400)
    const preview = await call('POST', `${path}?dryRun=true`, ['moderator'], decision)
    expect(preview).toMatchObject({
      status: 200,
      body: { dryRun: true, account: { status: 'limited', points: 2 } },
    })
    expect(await get('/accounts/p1/a2')).toMatchObject({ points: 0 })

    const key = { 'idempotency-key': 'k1' }
    const made = await call('POST', path, ['moderator'], decision, key)
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'in_force', measure: 'limit', automated: false },
    })
    expect((await call('POST', path, ['moderator'], decision, key)).body).toEqual(made.body)
    const { decisionId } = made.body as { decisionId: string }
    await settled(() => expect(directivesFor('a2').map(({ kind }) => kind)).toEqual(['limit_account']))
    expect(await get(`/cases/${caseId}`)).toMatchObject({ state: 'decided', decisions: [{}] })

    const undo = await call('POST', `/decisions/${decisionId}/reverse`, ['senior'], { reasons: 'mistaken' })
    expect(undo).toMatchObject({ status: 200, body: { state: 'reversed' } })
    expect(
      (await call('POST', `/decisions/${decisionId}/reverse`, ['senior'], { reasons: 'x' })).status,
    ).toBe(409)
    expect(await get('/accounts/p1/a2')).toMatchObject({
      status: 'active',
      level: 0,
      points: 0,
      measures: [],
    })
    await settled(() => expect(directivesFor('a2').filter(({ reverses }) => reverses)).toHaveLength(1))
  })

  it('holds a suspension of an account of unknown reach until a second person approves', async () => {
    await judge(verdict('a3', 'm1', 4, { followers: null }))
    const { items } = await settled(async () => {
      const page = await get<{ items: { decisionId: string; caseId: string }[] }>(
        '/decisions?state=held&platform=p1&account=a3',
      )
      expect(page.items).toHaveLength(1)
      return page
    })
    await settled(() => expect(directivesFor('a3').map(({ kind }) => kind)).toEqual(['remove_message']))
    expect(await get(`/cases/${items[0]!.caseId}`)).toMatchObject({ state: 'open' })
    const path = `/decisions/${items[0]!.decisionId}/approve`
    expect((await call('POST', path, ['moderator'], { reasons: 'yes' })).status).toBe(403)
    expect(await call('POST', path, ['senior'], { reasons: 'yes' })).toMatchObject({
      body: { state: 'in_force' },
    })
    expect(await get('/accounts/p1/a3')).toMatchObject({ status: 'suspended' })
    expect(await get(`/cases/${items[0]!.caseId}`)).toMatchObject({ state: 'decided' })
  })

  it('takes receipts from Kafka and REST, and gives up those that are wrong', async () => {
    const [removal, limit] = directivesFor('a1')
    const at = new Date().toISOString()
    const receipts = platformTopicName('receipts', 'p1')
    const done = { directiveId: limit!.directiveId, status: 'done', at }
    await enforcement.send(
      receipts,
      { key: 'a1', value: { directiveId: removal!.directiveId, status: 'done', at } },
      { key: 'a1', value: { directiveId: removal!.directiveId, status: 'acknowledged', at } },
      { key: 'a1', value: done },
      { key: 'a1', value: { directiveId: 'none', status: 'done', at } },
      { key: 'a1', value: { ...done, ownerNotifiedAt: '9999-01-01T00:00:00.000Z' } },
    )
    const foreign = { key: 'a1', value: { ...done, status: 'acknowledged' } }
    await enforcement.send(platformTopicName('receipts', 'p2'), foreign)
    await settled(async () => {
      expect(await get(`/directives/${removal!.directiveId}`)).toMatchObject({ state: 'done' })
      const reasons = on(DeadLetterTopic.name).map(({ headers }) => headers['weir-reason'])
      expect(reasons.sort()).toEqual([
        'not-yours',
        'notified-in-future',
        'owner-not-notified',
        'unknown-directive',
      ])
    })
    const path = `/directives/${limit!.directiveId}`
    const p1 = { platform: 'p1' }
    expect((await call('GET', path, ['platform'], undefined, { platform: 'p2' })).status).toBe(404)
    expect((await call('POST', `${path}/receipts`, ['platform'], { status: 'done', at }, p1)).status).toBe(
      400,
    )
    const stop = await call('POST', `${path}/receipts`, ['platform'], { status: 'disputed', at }, p1)
    expect(stop).toMatchObject({ status: 200, body: { state: 'paused', stoppedBy: 'disputed' } })
    const answer = await call('POST', `${path}/answer`, ['moderator'], { text: 'carry it out' })
    expect(answer).toMatchObject({ status: 200, body: { state: 'acknowledged' } })
    expect((await call('POST', `${path}/answer`, ['moderator'], { text: 'again' })).status).toBe(409)
    const end = { status: 'done', at, ownerNotifiedAt: at }
    const early = { ...end, ownerNotifiedAt: new Date(Date.now() + 3_600_000).toISOString() }
    expect(await call('POST', `${path}/receipts`, ['platform'], early, p1)).toMatchObject({
      status: 400,
      body: { type: 'notified-in-future', errors: [{ path: '/ownerNotifiedAt' }] },
    })
    expect(await get(path)).toMatchObject({ state: 'acknowledged', ownerNotifiedAt: null })
    expect(await call('POST', `${path}/receipts`, ['platform'], end, p1)).toMatchObject({
      body: { state: 'done' },
    })
  })

  it('drafts, approves and publishes a policy by two people', async () => {
    const text = POLICY
    expect((await call('POST', '/policies', ['policy_editor'], 'name: x')).status).toBe(400)
    expect(await call('POST', '/policies/lint', ['policy_editor'], text)).toMatchObject({
      body: { ok: true },
    })
    const draft = await call('POST', '/policies', ['policy_editor'], text, { as: 'anna' })
    expect(draft).toMatchObject({ status: 201, body: { version: '2', state: 'draft' } })
    const live = { mode: 'live', rollout: 100 }
    expect((await call('POST', '/policies/2/publish', ['policy_editor'], live)).status).toBe(409)
    expect((await call('POST', '/policies/2/approve', ['policy_editor'], {}, { as: 'anna' })).status).toBe(
      403,
    )
    expect((await call('POST', '/policies/2/approve', ['policy_editor'], {}, { as: 'ben' })).status).toBe(200)
    const past = { ...live, effectiveFrom: '2020-01-01T00:00:00Z' }
    expect((await call('POST', '/policies/2/publish', ['policy_editor'], past)).status).toBe(400)
    // Some service would still judge by the policy before it, and a replay by this one.
    const near = { ...live, effectiveFrom: new Date(Date.now() + 1_500).toISOString() }
    expect((await call('POST', '/policies/2/publish', ['policy_editor'], near)).status).toBe(400)
    const published = await call('POST', '/policies/2/publish', ['policy_editor'], live)
    expect(published).toMatchObject({ status: 200, body: { state: 'live' } })
    await settled(() => expect(on(Topics.policies.name).map(({ key }) => key)).toContain('policy/default/2'))
  })

  it('keeps a policy in force for everybody, now and at every instant to come', async () => {
    const publish = (version: string, body: object) =>
      call('POST', `/policies/${version}/publish`, ['policy_editor'], body)
    const later = new Date(Date.now() + 86_400_000).toISOString()
    const latest = new Date(Date.now() + 2 * 86_400_000).toISOString()
    // The first is still in force without the second.
    expect((await publish('2', { mode: 'live', rollout: 50 })).status).toBe(200)
    for (const body of [
      { mode: 'live', rollout: 99 },
      { mode: 'live', rollout: 0 },
      { mode: 'shadow', rollout: 100 },
      { mode: 'shadow', rollout: 100, effectiveFrom: later },
      { mode: 'live', rollout: 99, effectiveFrom: later },
    ])
      expect(await publish('1', body)).toMatchObject({ status: 409, body: { type: 'none-in-force' } })
    // From tomorrow on the second is for all; to take the first away is then possible from tomorrow on, and no sooner.
    expect((await publish('2', { mode: 'live', rollout: 100, effectiveFrom: later })).status).toBe(200)
    const away = { mode: 'shadow', rollout: 100 }
    expect(await publish('1', away)).toMatchObject({ status: 409, body: { type: 'none-in-force' } })
    expect((await publish('1', { ...away, effectiveFrom: latest })).status).toBe(200)
    expect(await publish('2', { ...away, effectiveFrom: latest })).toMatchObject({ status: 409 })
    expect((await call('GET', '/cases', ['triage'])).status).toBe(200)
    expect((await publish('1', { mode: 'live', rollout: 100 })).status).toBe(200)
    expect((await publish('2', { mode: 'live', rollout: 100 })).status).toBe(200)
  })

  it('adds a period of effect with each publication, and tells mode, roll-out and instant of each', async () => {
    type Shown = { publication: number; effectiveFrom: string; mode: string; rollout: number }
    type View = { state: string; changes: number; effectiveFrom: string; publications: Shown[] }
    const read = async (version: string) => (await get<View>(`/policies/${version}`)).publications
    const before = await read('1')
    const live = { mode: 'live', rollout: 100 }
    const again = await call('POST', '/policies/1/publish', ['policy_editor'], live)
    expect(again.status).toBe(200)
    const after = await read('1')
    expect(after.slice(0, -1)).toEqual(before)
    expect(before[0]).toMatchObject({ publication: 1, effectiveFrom: '1970-01-01T00:00:00.000Z' })
    expect((again.body as View).effectiveFrom).toBe(after.at(-1)!.effectiveFrom)
    // What the topic keeps after compaction: a record for each publication, and the text once for each version.
    const shown = [...after, ...(await read('2'))].sort((a, b) => a.publication - b.publication)
    await settled(() => {
      const kept = new Map(
        on(Topics.policies.name)
          .filter(({ key }) => key.startsWith('policy/'))
          .map(({ key, value }) => [key, value]),
      )
      expect([...kept.values()].map(({ publication }) => publication)).toEqual(
        shown.map(({ publication }) => publication),
      )
      expect([...kept].filter(([, { document }]) => document).map(([key]) => key)).toEqual([
        'policy/default/1',
        'policy/default/2',
      ])
      const told = on(Topics.events.name).filter(({ value }) => value['kind'] === 'policy.published')
      expect(
        told.map(({ value: { code, rollout, effectiveFrom } }) => [code, rollout, effectiveFrom]),
      ).toEqual(shown.map(({ mode, rollout, effectiveFrom }) => [mode, rollout, effectiveFrom]))
    })
  })

  it('does not unseal under a later policy what an earlier one sealed', async () => {
    const sealing = POLICY.replace('title: { zh: 诈骗, en: Fraud }', 'sealed: true\n    $&')
    expect(sealing).not.toBe(POLICY)
    const draft = await call('POST', '/policies', ['policy_editor'], sealing, { as: 'anna' })
    const { version } = draft.body as { version: string }
    expect(
      (await call('POST', `/policies/${version}/approve`, ['policy_editor'], {}, { as: 'ben' })).status,
    ).toBe(200)
    const live = { mode: 'live', rollout: 100 }
    const publish = async (which: string) =>
      expect((await call('POST', `/policies/${which}/publish`, ['policy_editor'], live)).status).toBe(200)
    await publish(version)
    await judge(
      aVerdict('sealed-1', 'm1', { text: 'the sealed words', outcome: 'review', policyVersion: version }),
    )
    await judge(aVerdict('sealed-2', 'm1', { text: 'the sealed words', outcome: 'review', at: new Date() }))
    const entries = async (account: string) => {
      const { items } = await get<{ items: { caseId: string }[] }>(`/cases?platform=p1&account=${account}`)
      const file = await get<{ entries: { sealed: boolean }[] }>(`/cases/${items[0]!.caseId}`)
      return [file.entries[0]!.sealed, JSON.stringify(file).includes('the sealed words')]
    }
    for (const account of ['sealed-1', 'sealed-2'])
      await settled(async () => expect(await entries(account)).toEqual([true, false]))
    await publish('1')
    // Judged by the policy that sealed; and judged by another, but sealed while that one was in force.
    for (const account of ['sealed-1', 'sealed-2']) expect(await entries(account)).toEqual([true, false])
    await judge(aVerdict('sealed-3', 'm1', { text: 'the open words', outcome: 'review', at: new Date() }))
    await settled(async () => expect((await entries('sealed-3'))[0]).toBe(false))
  })

  it('takes everything in once with two instances, one of them killed, and again with a fresh group from offset 0', async () => {
    const start = Date.now() - 60_000
    const accounts = Array.from({ length: 30 }, (_, i) => `b${i}`)
    const verdicts = accounts.flatMap((account) =>
      Array.from({ length: 10 }, (_, i) =>
        verdict(account, `m${i}`, ((i % 4) + 1) as 1 | 2 | 3 | 4, { at: new Date(start + i * 1_000) }),
      ),
    )
    const second = await enforcement.startAnother()
    await judge(...verdicts.slice(0, 150))
    second.kill('SIGKILL')
    await judge(...verdicts)
    await judge(...verdicts.slice(50, 150))
    const level = async (account: string) => (await get<{ points: number }>(`/accounts/p1/${account}`)).points
    await settled(async () => expect(await Promise.all(accounts.map(level))).toEqual(accounts.map(() => 33)))
    await settled(() => expect(on(DeadLetterTopic.name)).toHaveLength(4))
    const story = () =>
      accounts.map((account) => directivesFor(account).map(({ directiveId, kind }) => [kind, directiveId]))
    const distinct = (topic: string) => on(topic).length
    const all = () => [Topics.events.name, Topics.notices.name, Topics.measures.name].map(distinct)
    await settled(() => expect(story().every((orders) => orders.length === 14)).toBe(true))
    await settled(() => expect(distinct(Topics.notices.name)).toBeGreaterThan(30 * 14))
    const before = { story: story(), all: all() }

    const again = await enforcement.startAnother({ KAFKA_GROUP_PREFIX: 'again' })
    // A marker behind everything else on each partition: when all are judged, so is what is before them.
    const markers = Array.from({ length: 60 }, (_, i) => verdict(`z${i}`, 'm1', 1))
    await judge(...markers)
    await settled(async () => {
      const admin = enforcement.kafka.admin()
      await admin.connect()
      const ends = await admin.fetchTopicOffsets(Topics.verdicts.name)
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId)
      const group = groups.filter((id) => id.startsWith('again') && id.includes('enforcement'))
      const offsets = await Promise.all(group.map((groupId) => admin.fetchOffsets({ groupId })))
      await admin.disconnect()
      const committed = offsets.flat().filter(({ topic }) => topic === Topics.verdicts.name)
      const at = committed.flatMap(({ partitions }) => partitions)
      for (const { partition, high } of ends) {
        if (high !== '0') expect(at.find((one) => one.partition === partition)?.offset).toBe(high)
      }
    })
    await settled(() => expect(directivesFor('z59').length).toBe(2))
    expect(story()).toEqual(before.story)
    await again.stop()
    expect(on(Topics.notices.name).length).toBe(before.all[1]! + 120)
  })

  it('takes in what an instance that is gone left waiting', async () => {
    await judge(verdict('left', 'm1', 1))
    await settled(() => expect(directivesFor('left').length).toBeGreaterThan(0))
    const mongo = await mongoose
      .createConnection(enforcement.stack.mongoUri, { dbName: 'weir_enforcement' })
      .asPromise()
    const entries = mongo.collection<CaseEntry>('case_entries')
    const taken = (await entries.findOne({ platformId: 'p1', accountId: 'left' }))!
    const waits = { caseId: null, addedAt: null, waitsSince: new Date(Date.now() - 60_000) }
    await entries.insertOne({ ...taken, ...waits, _id: 'v_left', messageId: 'm2' })
    await settled(async () =>
      expect(await entries.findOne({ _id: 'v_left' })).toMatchObject({ caseId: taken.caseId }),
    )
    await mongo.close()
    await settled(async () => expect(await get('/accounts/p1/left')).toMatchObject({ points: 2 }))
  })

  it('lifts by the clock what is over, once', async () => {
    const day = 86_400_000
    const later = (days: number) => enforcement.setClock(new Date(Date.now() + days * day))
    await later(8)
    await settled(() => {
      const lifts = directivesFor('a1').filter(({ kind }) => kind === 'lift_restriction')
      expect(lifts.map(({ reverses }) => reverses)).toEqual([directivesFor('a1')[1]!.directiveId])
    })
    expect(await get('/accounts/p1/a1')).toMatchObject({ status: 'warned', level: 2, measures: [] })
    await later(91)
    await settled(async () =>
      expect(await get('/accounts/p1/a1')).toMatchObject({ status: 'active', points: 0 }),
    )
    await settled(() => {
      const expired = on(Topics.events.name).filter(
        ({ value }) => value['kind'] === 'strike.expired' && value['accountId'] === 'a1',
      )
      expect(expired).toHaveLength(1)
    })
  })

  it('answers 401 before 403, and shows a platform only what is its own', async () => {
    expect((await fetch(`${enforcement.service.url}/v1/cases`)).status).toBe(401)
    expect((await call('GET', '/cases', ['platform'], undefined, { platform: 'p1' })).status).toBe(403)
    const own = await call('GET', '/directives?platform=p1', ['platform'], undefined, { platform: 'p2' })
    expect(own).toMatchObject({ status: 200, body: { items: [] } })
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- an asymmetric matcher
    const document = await (await fetch(`${enforcement.service.url}/openapi.json`)).json()
    expect(Object.keys((document as { paths: object }).paths)).toContain('/v1/cases/{id}/decisions')
  })

  it('exports statements of reasons in batches that the DSA Transparency Database takes', async () => {
    await judge(verdict('a-dsa', 'looked-at', 2, { outcome: 'review' }))
    const [found] = await settled(async () => {
      const { items } = await get<{ items: { caseId: string }[] }>('/cases?state=open&q=a-dsa')
      expect(items).toHaveLength(1)
      return items
    })
    const removed = {
      measure: 'remove',
      clause: CLAUSE[2],
      reasons: 'written-by-a-person',
      messageIds: ['looked-at'],
    }
    const decision = await call('POST', `/cases/${found!.caseId}/decisions`, ['moderator'], removed)
    expect(decision.status).toBe(201)
    const messages = Array.from({ length: 120 }, (_, i) => `m${i}`)
    await judge(...messages.map((message) => verdict('a-dsa', message, 1)))
    const own = { platform: 'p1' }
    type Batch = { statements: DsaStatement[]; nextCursor: string | null }
    const walk = async (): Promise<Batch[]> => {
      const batches: Batch[] = []
      for (let cursor = ''; batches.length === 0 || cursor; cursor = batches.at(-1)!.nextCursor ?? '') {
        const path = `/statements-of-reasons?format=dsa&account=a-dsa&limit=200${cursor && `&cursor=${cursor}`}`
        batches.push((await call('GET', path, ['platform'], undefined, own)).body)
      }
      return batches
    }
    const batches = await settled(async () => {
      const ordered = directivesFor('a-dsa').filter(
        ({ kind }) => kind !== 'warn_account' && kind !== 'lift_restriction',
      )
      expect(ordered.filter(({ kind }) => kind === 'remove_message')).toHaveLength(121)
      const found = await walk()
      const puids = found.flatMap((batch) => batch.statements.map(({ puid }) => puid))
      expect(puids.sort()).toEqual(ordered.map((directive) => directive.statementOfReasonsId).sort())
      return found
    })
    const statements = batches.flatMap((batch) => batch.statements)
    expect(batches.map((batch) => batch.statements.length)).toEqual([100, statements.length - 100])
    for (const batch of batches) expect(dsaProblems(batch.statements)).toEqual([])
    const byPerson = statements.filter((one) => one.automated_decision === 'AUTOMATED_DECISION_NOT_AUTOMATED')
    expect(byPerson).toMatchObject([
      { decision_visibility: ['DECISION_VISIBILITY_CONTENT_REMOVED'], content_type: ['CONTENT_TYPE_TEXT'] },
    ])
    expect(new Set(statements.flatMap((one) => one.content_type))).toEqual(new Set(['CONTENT_TYPE_TEXT']))
    expect(JSON.stringify(batches)).not.toMatch(/a text|a-dsa|written-by-a-person|looked-at/)
    const others = await call(
      'GET',
      '/statements-of-reasons?format=dsa&account=a-dsa',
      ['platform'],
      undefined,
      {
        platform: 'p2',
      },
    )
    expect(others).toMatchObject({ status: 200, body: { statements: [], nextCursor: null } })
    expect((await call('GET', '/statements-of-reasons?format=xml', ['senior'])).status).toBe(400)
  })

  async function auditLog(query = ''): Promise<AuditRecord[]> {
    const all: AuditRecord[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`
      const path = `/audit?limit=200${query}${after}`
      const { items, nextCursor } = await get<{ items: AuditRecord[]; nextCursor: string | null }>(path)
      all.push(...items)
      cursor = nextCursor
    }
    return all
  }

  it('keeps an audit log of every change once, and of who looked at evidence', async () => {
    const { items: cases } = await get<{ items: { caseId: string }[] }>('/cases?platform=p1&account=a1')
    const [{ caseId }] = cases as [{ caseId: string }]
    const { statementOfReasonsId } = directivesFor('a1')[0]!
    expect((await call('GET', `/cases/${caseId}`, ['auditor'], undefined, { as: 'eve' })).status).toBe(200)
    const path = `/statements-of-reasons/${statementOfReasonsId}`
    expect((await call('GET', path, ['auditor'], undefined, { as: 'eve' })).status).toBe(200)
    expect((await call('GET', '/cases/none', ['auditor'], undefined, { as: 'eve' })).status).toBe(404)
    const views = (await auditLog('&actor=eve')).map(({ entry }) => entry)
    expect(views).toMatchObject(
      [`statement/${statementOfReasonsId}`, `case/${caseId}`].map((subject) => {
        return { kind: 'evidence.viewed', actor: 'eve', subject, platformId: 'p1', accountId: 'a1' }
      }),
    )
    expect(await auditLog(`&subject=case/${caseId}&actor=eve`)).toHaveLength(1)
    const changes = async (): Promise<Map<string, AuditRecord['entry']>> => {
      const entries = (await auditLog()).map(({ entry }) => entry)
      const ids = new Set(entries.map(({ entryId }) => entryId))
      expect(ids.size).toBe(entries.length)
      const some = entries.filter(({ kind }) => kind !== 'evidence.viewed')
      return new Map(some.map((entry) => [entry.entryId, entry]))
    }
    const told = on(Topics.events.name)
    expect(told.length).toBeGreaterThan(1_000)
    const entered = await settled(async () => {
      const found = await changes()
      expect(told.filter(({ id }) => !found.has(id))).toEqual([])
      return found
    })
    await settled(() => {
      const events = new Map(on(Topics.events.name).map(({ id, value }) => [id, value]))
      for (const { entryId, ...facts } of entered.values()) {
        expect({ eventId: entryId, ...facts }).toEqual(events.get(entryId))
      }
    })
    expect((await call('GET', '/audit', ['moderator'])).status).toBe(403)
    expect((await call('GET', '/audit/export', ['senior'])).status).toBe(403)
    expect(
      (await call('GET', '/audit/export?from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z', ['auditor']))
        .status,
    ).toBe(400)
  })

  it('proves by command that the log is as it was written, and finds what somebody changed in the database', async () => {
    const weir = async (...args: string[]): Promise<{ code: number | null; out: string }> => {
      const own = { ...process.env, ...enforcement.env, WEIR_TOKEN: '' }
      const child = spawn(process.execPath, [builtFile('apps/cli/main.js'), 'audit', ...args], { env: own })
      let out = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part: Buffer) => (out += part.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, out }
    }
    // Back in our own time, nothing is due.
    await enforcement.service.restart()
    await settled(async () => {
      const size = (await auditLog()).length
      const checkpoints = on(Topics.checkpoints.name).map(({ value }) => value as unknown as Checkpoint)
      const sizes = [...Map.groupBy(checkpoints, ({ shard }) => shard).values()].map((some) =>
        Math.max(...some.map((one) => one.size)),
      )
      expect(sizes.reduce((sum, one) => sum + one, 0)).toBe(size)
    })
    const open = await fetch(`${enforcement.service.url}/v1/public/checkpoints?limit=1`)
    expect(await open.json()).toMatchObject({
      items: [{ note: expect.stringContaining('\n— weir.local/audit/') as string }],
    })

    const at = ['--url', enforcement.service.url]
    expect(await weir('verify', ...at)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /(shard \d: records 0 to \d+, confirmed by [1-9]\d* checkpoints\n){4}the audit log is/,
      ) as string,
    })
    const [file, kept] = [
      join(enforcement.folder, 'log.ndjson'),
      join(enforcement.folder, 'checkpoints.json'),
    ]
    expect(await weir('export', ...at, '--out', file, '--checkpoints', kept)).toMatchObject({
      code: 0,
      out: '',
    })
    const verified = await weir('verify', file, '--checkpoints', kept)
    expect(verified).toMatchObject({ code: 0 })
    expect((await weir('verify', file)).code).toBe(2)
    const { verifierKeys } = JSON.parse(await readFile(kept, 'utf8')) as { verifierKeys: string[] }
    expect(await weir('verify', file, '--key', verifierKeys[0]!)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no kept checkpoint proves') as string,
    })
    expect((await weir('verify', file, '--key', verifierKeys[0]!, '--without-checkpoints')).code).toBe(0)
    expect((await weir('verify', file, '--key', 'no key')).code).toBe(2)
    const lines = (await readFile(file, 'utf8')).split('\n')
    const placeOf = (line: string) =>
      /"seq":(\d+),"shard":"(\d)"/.exec(line)!.slice(1) as [seq: string, shard: string]
    const [seq, shard] = placeOf(lines[9]!)
    const tail = lines.findLastIndex((line) => line !== '')
    const tampered: Record<string, string[]> = {
      [`altered at shard ${shard}, record ${seq}: `]: lines.with(
        9,
        lines[9]!.replace('"actor":"', '"actor":"x'),
      ),
      [`missing at shard ${shard}, record ${seq}: `]: lines.toSpliced(9, 1),
      [`reordered at shard ${shard}, record ${placeOf(lines[8]!)[0]}: `]: lines
        .with(8, lines[9]!)
        .with(9, lines[8]!),
      [`truncated at shard ${placeOf(lines[tail]!)[1]}, record ${placeOf(lines[tail]!)[0]}: `]:
        lines.toSpliced(tail, 1),
    }
    for (const [found, written] of Object.entries(tampered)) {
      await writeFile(file, written.join('\n'))
      const { code, out } = await weir('verify', file, '--checkpoints', kept)
      expect(code, found).toBe(1)
      expect(out).toContain(found)
    }

    // Somebody who holds the database takes the newest records away, and what is kept there of checkpoints as well.
    const mongo = await mongoose
      .createConnection(enforcement.stack.mongoUri, { dbName: 'weir_enforcement' })
      .asPromise()
    const [last] = await mongo.collection('audit_log').find({ shard }).sort({ _id: -1 }).limit(1).toArray()
    await mongo.collection('audit_log').deleteOne({ _id: last!._id })
    await mongo.collection('audit_checkpoints').deleteMany({ shard, size: { $gt: last!['first'] as number } })
    // Nothing that the database holds tells of it, but the service knows what it published, and signs no other past.
    expect(await weir('verify', ...at, '--no-topic')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`unsigned at shard ${shard}: `) as string,
    })
    expect(await weir('verify', ...at)).toMatchObject({
      code: 1,
      out: expect.stringContaining(`truncated at shard ${shard}, record ${last!['first']}: `) as string,
    })
    await mongo.close()
  }, 300_000)
})
