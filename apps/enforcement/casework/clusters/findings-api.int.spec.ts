import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeadLetterTopic, platformTopicName, Topics } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import type { Finding } from '#libs/contracts/finding'
import type { TokenRequest } from '#libs/runtime/auth/local-token'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../../ledger/a-verdict.fixture.js'
import { signOf } from '../../ledger/risk.rules.js'
import { person, settled as settledWithin, StartedEnforcement } from '../../started-enforcement.fixture.js'
import { aFinding } from './a-finding.fixture.js'

const CLAUSE = 'coordination.near-identical'
const FRAUD = Object.entries(parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!.clauses).find(
  ([, { category, severity }]) => category === 'fraud' && severity === 2,
)![0]
const decision = { measure: 'remove', clause: CLAUSE, reasons: 'seen together' }

interface Shown {
  caseId: string
  kind: string
  state: string
  memberCount: number
  members: { accountId: string; messageIds: string[]; decision: { state: string } | null }[]
  nextMember: string | null
}

describe('findings, through the topics and the API of a service on a real Kafka and MongoDB', () => {
  let enforcement: StartedEnforcement

  const call = <T = Shown>(
    method: string,
    path: string,
    as: TokenRequest,
    body?: unknown,
    headers?: Record<string, string>,
  ) => enforcement.call<T>(method, path, as, body, headers)
  const settled = <T>(check: () => T | Promise<T>) => settledWithin(check, 40_000)
  const on = (topic: string) => enforcement.on(topic)
  const MODERATOR = person('mod', 'moderator')
  const SENIOR = person('sen', 'senior')

  const find = (...findings: Finding[]) =>
    enforcement.send(
      Topics.findings.name,
      ...findings.map((finding) => ({ key: finding.findingId, value: finding })),
    )
  const clusters = async (query = ''): Promise<Shown[]> =>
    (await call<{ items: Shown[] }>('GET', `/cases?kind=cluster${query}`, MODERATOR)).body.items
  const cluster = (findingId: string): Promise<Shown> =>
    settled(async () => {
      for (const { caseId } of await clusters('&limit=200')) {
        const { body } = await call<Shown & { findingId: string }>('GET', `/cases/${caseId}`, MODERATOR)
        if (body.findingId === findingId) return body
      }
      throw new Error(`no case of ${findingId} yet`)
    })
  const directives = (prefix: string): Directive[] =>
    enforcement.directives().filter(({ accountId }) => accountId.startsWith(prefix))

  beforeAll(async () => {
    enforcement = await StartedEnforcement.start({ TIMER_MS: '100', KAFKA_SESSION_MS: '6000' }, 'p1', 'p2')
    await enforcement.watch(platformTopicName('directives', 'p1'), Topics.events.name, DeadLetterTopic.name)
  })
  afterAll(() => enforcement?.stop())

  it('are taken in once, and given up with the reason where they cannot be', async () => {
    const good = aFinding('k-1', { b1: ['m1', 'm2'], b2: ['m3'] })
    const { score: _none, ...broken } = good
    await find(
      {
        ...good,
        findingId: 'k-platform',
        members: [{ platformId: 'p9', accountId: 'x', messageIds: ['m'] }],
      },
      { ...good, findingId: 'k-policy', policyVersion: '99' },
      {
        ...good,
        findingId: 'k-ids',
        members: [{ platformId: 'p1', accountId: 'x', messageIds: ['$ne {}'] }],
      },
      { ...good, findingId: 'k-risk', kind: 'account_risk' },
      { ...broken, findingId: 'k-broken' } as Finding,
      good,
      good,
    )
    await enforcement.send(Topics.findings.name, { key: 'x', value: 'no JSON' })
    await settled(() => {
      const reasons = on(DeadLetterTopic.name).map(({ headers }) => headers['weir-reason'])
      expect(reasons.sort()).toEqual([
        'not-json',
        'not-one-account',
        'schema',
        'schema',
        'unknown-platform',
        'unknown-policy',
      ])
    })
    const shown = await cluster('k-1')
    expect(shown).toMatchObject({
      kind: 'cluster',
      state: 'open',
      memberCount: 2,
      platformId: 'p1',
      accountId: null,
    })
    expect(shown.members).toMatchObject([
      { accountId: 'b1', messageIds: ['m1', 'm2'], decision: null },
      { accountId: 'b2', messageIds: ['m3'], decision: null },
    ])
    expect(shown).toMatchObject({ findings: [{ findingId: 'k-1', score: 0.9, edges: [['x', 'y', 0.9]] }] })
    await find(good, aFinding('k-1', { b3: ['m4'] }))
    await settled(async () => expect(await cluster('k-1')).toMatchObject({ memberCount: 3 }))
    expect(await clusters()).toHaveLength(1)
    expect(await clusters('&platform=p2')).toEqual([])
    expect(directives('b')).toEqual([])
    expect((await call('GET', '/accounts/p1/b1', MODERATOR)).status).toBe(404)
    const events = on(Topics.events.name).filter(({ text }) => text.includes(shown.caseId))
    expect(events.map(({ text }) => (JSON.parse(text) as { kind: string }).kind).sort()).toEqual([
      'case.entry_added',
      'case.entry_added',
      'case.opened',
    ])
  })

  it('on coordination are handed out and decided for chosen accounts, then for the rest', async () => {
    const next = await call('POST', '/cases/next?category=coordination', MODERATOR)
    expect(next).toMatchObject({ status: 200, body: { kind: 'cluster', state: 'claimed' } })
    const path = `/cases/${next.body.caseId}/decisions`
    const tries = [
      { ...decision, messageIds: ['m1'] },
      { ...decision, clause: FRAUD },
      { ...decision, accounts: [{ platform: 'p1', account: 'nobody' }] },
      { ...decision, accounts: [] },
      { ...decision, accounts: [{ platform: 'p1', account: { $ne: '' } }] },
      { ...decision, clause: undefined },
    ]
    for (const body of tries) expect((await call('POST', path, MODERATOR, body)).status).toBe(400)
    expect((await call('POST', path, person('tri', 'triage'), decision)).status).toBe(403)
    expect((await call('POST', path, SENIOR, decision)).status).toBe(409)
    const bulk = { ...decision, caseIds: [next.body.caseId] }
    expect(await call('POST', '/decisions/bulk', person('mod', 'senior'), bulk)).toMatchObject({
      body: { results: [{ problem: { type: 'cluster-case' } }] },
    })
    const preview = await call('POST', `${path}?dryRun=true`, MODERATOR, decision)
    expect(preview).toMatchObject({
      status: 200,
      body: { dryRun: true, accounts: [{ account: { accountId: 'b1', points: 4 } }, {}, {}] },
    })
    expect(directives('b')).toEqual([])

    const chosen = { ...decision, accounts: [{ platform: 'p1', account: 'b2' }] }
    const key = { 'idempotency-key': 'k1' }
    const first = await call('POST', path, MODERATOR, chosen, key)
    expect(first).toMatchObject({ status: 201, body: { count: 1, decisions: [{ accountId: 'b2' }] } })
    expect(await call('POST', path, MODERATOR, chosen, key)).toEqual(first)
    const rest = await call('POST', path, MODERATOR, decision)
    expect(rest).toMatchObject({
      status: 201,
      body: { count: 2, decisions: [{ accountId: 'b1', findingIds: ['k-1'] }, { accountId: 'b3' }] },
    })
    expect(await cluster('k-1')).toMatchObject({ state: 'decided' })
    await settled(() =>
      expect(directives('b').filter(({ kind }) => kind === 'remove_message')).toHaveLength(4),
    )
    const [own] = directives('b1')
    const link = new URL(own!.appealUrl!)
    const page = await fetch(`${enforcement.service.url}${link.pathname}${link.search}`, {
      headers: { 'accept-language': 'en' },
    })
    expect(await page.text()).toMatch(/published 2 of the messages in question/)
  })

  it('of one account are an entry of its case, whose risk can be recomputed from its entries', async () => {
    const instants = ['2026-11-20T10:00:00Z', '2026-11-22T10:00:00Z', '2026-11-23T10:00:00Z']
    const verdicts = instants.map((at, i) =>
      aVerdict('c1', `m${i}`, {
        at: new Date(at),
        severity: 2,
        clause: FRAUD,
        outcome: i === 2 ? 'act' : 'review',
      }),
    )
    const risk = aFinding('k-2', { c1: ['m0', 'w1'] }, { kind: 'account_risk', category: 'fraud' })
    await find(risk, risk)
    await enforcement.judge(...verdicts)
    type Account = { openCaseId: string; risk: { score: number; at: string; signals: number } }
    const { openCaseId, risk: shown } = await settled(async () => {
      const { body } = await call<Account>('GET', '/accounts/p1/c1', MODERATOR)
      expect(body.risk?.signals).toBe(3)
      const found = await call<{ findings: unknown[] }>('GET', `/cases/${body.openCaseId}`, MODERATOR)
      expect(found.body.findings).toHaveLength(1)
      return body
    })
    type Entry = Pick<ReturnType<typeof aVerdict>, 'outcome' | 'categories' | 'receivedAt'>
    const { body } = await call<{ entries: Entry[] }>('GET', `/cases/${openCaseId}`, MODERATOR)
    const wrong = body.entries.map(({ outcome, categories, receivedAt }) => {
      const graded = categories.map((one) => ({ ...one, severity: one.severity as 1 | 2 | 3 | 4 }))
      const { sum } = signOf(new Date(receivedAt), outcome as 'review' | 'act', graded)
      const age = Date.parse(shown.at) - Date.parse(receivedAt)
      return Math.exp(-sum) ** (0.5 ** (age / (14 * 86_400_000)))
    })
    expect(shown.score).toBeCloseTo(1 - wrong.reduce((product, each) => product * each, 1), 9)
    const accounts = [{ platform: 'p1', account: 'c1' }]
    const wrongly = await call('POST', `/cases/${openCaseId}/decisions`, SENIOR, { ...decision, accounts })
    expect(wrongly.status).toBe(400)
  })

  it('are decided to the end, nobody twice, when the service is killed in the middle', async () => {
    const members = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`z${i}`, [`z-m${i}`]]))
    await find(aFinding('k-3', members))
    const { caseId } = await settled(async () => {
      const found = await cluster('k-3')
      expect(found.memberCount).toBe(600)
      return found
    })
    const cut = call('POST', `/cases/${caseId}/decisions`, MODERATOR, decision).catch(() => 'cut off')
    await settled(() => expect(directives('z').length).toBeGreaterThan(40))
    enforcement.service.kill('SIGKILL')
    expect(await cut).toBe('cut off')
    const before = new Set(directives('z').map(({ accountId }) => accountId)).size
    expect(before).toBeLessThan(600)
    await enforcement.service.restart()
    const all = Object.keys(members).sort()
    await settled(() => {
      const removals = directives('z').filter(({ kind }) => kind === 'remove_message')
      expect(removals.map(({ accountId }) => accountId).sort()).toEqual(all)
    })
    await settled(async () => expect(await cluster('k-3')).toMatchObject({ state: 'decided' }))
    // The same again by the same person gives what was made; another decision finds nothing left.
    const again = await call('POST', `/cases/${caseId}/decisions`, MODERATOR, decision)
    expect(again).toMatchObject({ status: 201, body: { count: 600 } })
    const other = { ...decision, reasons: 'Others.' }
    expect(await call('POST', `/cases/${caseId}/decisions`, MODERATOR, other)).toMatchObject({
      status: 409,
      body: { type: 'case-decided' },
    })
    expect(directives('z').filter(({ kind }) => kind === 'remove_message')).toHaveLength(600)
    const decided = on(Topics.events.name).filter(
      ({ text }) => text.includes(caseId) && text.includes('"kind":"decision.made"'),
    )
    const persons = decided.filter(({ text }) => text.includes('"actor":"mod"'))
    expect(persons).toHaveLength(600)
    const shown = await cluster('k-3')
    expect([shown.members.length, shown.nextMember]).toEqual([
      100,
      shown.members.at(-1) && `p1/${shown.members.at(-1)!.accountId}`,
    ])
    const next = await call(
      'GET',
      `/cases/${caseId}?membersAfter=${encodeURIComponent(shown.nextMember!)}`,
      MODERATOR,
    )
    expect(next.body.members[0]!.accountId > shown.members.at(-1)!.accountId).toBe(true)
  })
})
