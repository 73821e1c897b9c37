import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { TokenRequest } from '#libs/runtime/auth/local-token'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { person, settled, StartedEnforcement } from '../started-enforcement.fixture.js'

const HOUR = 3_600_000
const { clauses } = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
const [CLAUSE] = Object.entries(clauses).find(
  ([, { category, severity }]) => category === 'fraud' && severity === 2,
)!

interface ShownCase {
  caseId: string
  state: string
  version: number
  assignee: string | null
  claimedUntil: string | null
  snoozedUntil: string | null
  overdue: boolean
  urgentSince: string
  dueAt: string
  queue: { category: string; language: string | null; route: string }
}

describe('cases, through the API of a service on a real Kafka and MongoDB', () => {
  let enforcement: StartedEnforcement

  const call = <T = ShownCase>(
    method: string,
    path: string,
    as: TokenRequest,
    body?: unknown,
    headers?: Record<string, string>,
  ) => enforcement.call<T>(method, path, as, body, headers)

  /** Lets a case of an account come to wait for people. */
  function opened(account: string, over: Parameters<typeof aVerdict>[2] = {}): Promise<ShownCase> {
    const verdict = aVerdict(account, 'm1', { severity: 2, clause: CLAUSE, outcome: 'review', ...over })
    verdict.message.language = 'zh'
    return enforcement.opened(verdict)
  }

  const ANNA = person('anna', 'moderator')
  const BEN = person('ben', 'triage')
  const CLEO = person('cleo', 'senior')

  beforeAll(async () => {
    enforcement = await StartedEnforcement.start({ TEST_CLOCK: '1', TIMER_MS: '100' }, 'p1')
  })
  afterAll(() => enforcement?.stop())

  it('are claimed, renewed, passed on, snoozed and escalated, by version', async () => {
    const { caseId } = await opened('a1')
    const path = `/cases/${caseId}`
    const claimed = await call('POST', '/cases/next?language=zh', ANNA)
    expect(claimed).toMatchObject({ status: 200, body: { caseId, state: 'claimed', assignee: 'anna' } })
    expect(claimed.etag).toBe(`"${claimed.body.version}"`)
    expect((await call('POST', '/cases/next?language=en', ANNA)).status).toBe(204)
    expect(await call('POST', `${path}/extend`, BEN)).toMatchObject({
      status: 409,
      body: { type: 'not-yours' },
    })
    const stale = await call('POST', `${path}/extend`, ANNA, undefined, { 'if-match': '"1000"' })
    expect(stale).toMatchObject({ status: 412, body: { type: 'stale' } })
    const extended = await call('POST', `${path}/extend`, ANNA, undefined, { 'if-match': claimed.etag! })
    expect(extended.status).toBe(200)
    expect(Date.parse(extended.body.claimedUntil!)).toBeGreaterThanOrEqual(
      Date.parse(claimed.body.claimedUntil!),
    )

    const passed = await call('POST', `${path}/reassign`, ANNA, { assignee: 'ben', note: 'yours' })
    expect(passed).toMatchObject({ status: 200, body: { assignee: 'ben', notes: [{ text: 'yours' }] } })
    expect((await call('POST', `${path}/reassign`, ANNA, {})).status).toBe(400)
    const decision = { measure: 'none', reasons: 'nothing to see' }
    expect(await call('POST', `${path}/decisions`, ANNA, decision)).toMatchObject({
      status: 409,
      body: { type: 'claimed-by-another' },
    })
    const late = { until: new Date(Date.now() + 8 * 24 * HOUR).toISOString() }
    expect((await call('POST', `${path}/snooze`, BEN, late)).status).toBe(400)
    const until = new Date(Date.now() + HOUR).toISOString()
    const snoozed = await call('POST', `${path}/snooze`, BEN, { until })
    expect(snoozed).toMatchObject({ body: { state: 'open', assignee: null, snoozedUntil: until } })
    expect((await call('POST', '/cases/next', CLEO)).status).toBe(204)

    const escalated = await call('POST', `${path}/escalate`, BEN, { note: 'too big for me' })
    expect(escalated).toMatchObject({ body: { state: 'open', queue: { route: 'senior' } } })
    expect((await call('POST', '/cases/next', ANNA)).status).toBe(204)
    expect(await call('POST', `${path}/claim`, ANNA)).toMatchObject({
      status: 403,
      body: { type: 'escalated' },
    })
    expect(await call('POST', `${path}/decisions`, ANNA, decision)).toMatchObject({ status: 403 })
    expect(await call('POST', '/cases/next', CLEO)).toMatchObject({ status: 200, body: { caseId } })
    expect((await call('POST', `${path}/decisions`, CLEO, decision)).status).toBe(201)
    expect(await call('GET', path, ANNA)).toMatchObject({ body: { state: 'decided', assignee: 'cleo' } })
  })

  it('are opened again, by the account, of which one case waits at a time', async () => {
    const { caseId } = await opened('a2')
    const path = `/cases/${caseId}`
    expect(await call('POST', `${path}/reopen`, ANNA)).toMatchObject({
      status: 409,
      body: { type: 'case-open' },
    })
    await call('POST', `${path}/decisions`, ANNA, { measure: 'none', reasons: 'nothing' })
    expect((await call('POST', `${path}/reopen`, BEN)).status).toBe(403)
    const key = { 'idempotency-key': 'again' }
    const reopened = await call('POST', `${path}/reopen`, ANNA, { note: 'there is more' }, key)
    expect(reopened).toMatchObject({ status: 200, body: { state: 'open', assignee: null } })
    expect(await call('POST', `${path}/reopen`, ANNA, { note: 'there is more' }, key)).toEqual(reopened)
    const account = await call<{ openCaseId: string }>('GET', '/accounts/p1/a2', ANNA)
    expect(account.body.openCaseId).toBe(caseId)
    expect(await call('POST', '/cases/next', ANNA)).toMatchObject({ body: { caseId } })
    await call('POST', `${path}/decisions`, ANNA, { measure: 'none', reasons: 'still nothing' })
    expect(await call('GET', path, ANNA)).toMatchObject({ body: { state: 'decided', decisions: [{}, {}] } })
  })

  it('wait in queues, most urgent first, and are overdue by the policy', async () => {
    const slight = await opened('b1')
    const grave = await opened('b2', { severity: 4 })
    expect(Date.parse(grave.urgentSince)).toBeLessThan(Date.parse(slight.urgentSince))
    expect(Date.parse(grave.dueAt)).toBeLessThan(Date.parse(slight.dueAt))
    const urgent = await call<{ items: ShownCase[] }>('GET', '/cases?state=open&sort=priority', ANNA)
    expect(urgent.body.items.map(({ caseId }) => caseId)).toEqual([grave.caseId, slight.caseId])
    const queues = await call<{ items: object[] }>('GET', '/queues?platform=p1', person('eve', 'auditor'))
    expect(queues.body.items).toMatchObject([
      { platformId: 'p1', category: 'fraud', language: 'zh', route: 'general', depth: 2, overdue: 0 },
    ])
    await enforcement.setClock(new Date(Date.parse(grave.dueAt) + 1_000))
    const late = await call<{ items: ShownCase[] }>('GET', '/cases?overdue=true', ANNA)
    expect(late.body.items).toMatchObject([{ caseId: grave.caseId, overdue: true }])
    const inTime = await call<{ items: ShownCase[] }>('GET', '/cases?overdue=false&state=open', ANNA)
    expect(inTime.body.items.map(({ caseId }) => caseId)).toEqual([slight.caseId])

    expect(await call('POST', '/cases/next', ANNA)).toMatchObject({ body: { caseId: grave.caseId } })
    const mine = await call<{ items: ShownCase[] }>('GET', '/cases?assignee=anna&state=claimed', ANNA)
    expect(mine.body.items.map(({ caseId }) => caseId)).toEqual([grave.caseId])
    // The claim lapses while nobody is there.
    await enforcement.setClock(new Date(Date.parse(grave.dueAt) + 24 * HOUR))
    await settled(async () => {
      const open = await call<{ items: ShownCase[] }>('GET', '/cases?state=open', ANNA)
      expect(open.body.items.map(({ assignee }) => assignee)).toEqual([null, null])
    }, 10_000)
    await enforcement.setClock(new Date())
  })

  it('are decided in bulk, after a preview, each by itself', async () => {
    const [one, two, mine] = [await opened('c1'), await opened('c2'), await opened('c3')]
    await call('POST', `/cases/${mine.caseId}/claim`, ANNA)
    const caseIds = [one.caseId, two.caseId, mine.caseId, 'none']
    const bulk = { caseIds, measure: 'limit', clause: CLAUSE, reasons: 'all of one kind' }
    expect((await call('POST', '/decisions/bulk', ANNA, bulk)).status).toBe(403)
    const many = { ...bulk, caseIds: Array.from({ length: 51 }, (_, i) => `c${i}`) }
    expect((await call('POST', '/decisions/bulk', CLEO, many)).status).toBe(400)

    const preview = await call('POST', '/decisions/bulk?dryRun=true', CLEO, bulk)
    const refused = [
      { caseId: mine.caseId, problem: { type: 'claimed-by-another', status: 409 } },
      { caseId: 'none', problem: { type: 'not-found', status: 404 } },
    ]
    const would = {
      account: { status: 'limited', points: 2 },
      strikes: [{}],
      directives: [{ kind: 'limit_account' }],
    }
    expect(preview).toMatchObject({
      status: 200,
      body: { dryRun: true, results: [{ preview: would }, { preview: would }, ...refused] },
    })
    expect(await call('GET', `/cases/${one.caseId}`, ANNA)).toMatchObject({
      body: { state: 'open', decisions: [] },
    })

    const key = { 'idempotency-key': 'bulk-1' }
    const made = await call('POST', '/decisions/bulk', CLEO, bulk, key)
    const decided = { decision: { state: 'in_force', measure: 'limit', by: 'cleo', messageIds: ['m1'] } }
    expect(made).toMatchObject({
      status: 200,
      body: { dryRun: false, results: [decided, decided, ...refused] },
    })
    expect((await call('POST', '/decisions/bulk', CLEO, bulk, key)).body).toEqual(made.body)
    const again = await call('POST', '/decisions/bulk', CLEO, bulk)
    expect(again.body).toEqual(made.body)
    const other = await call('POST', '/decisions/bulk', CLEO, { ...bulk, reasons: 'all of another kind' })
    expect(other.body).toMatchObject({
      results: [{ problem: { type: 'case-decided' } }, { problem: { type: 'case-decided' } }, ...refused],
    })
    expect(await call('GET', '/accounts/p1/c1', ANNA)).toMatchObject({
      body: { status: 'limited', points: 2 },
    })
  })

  it('of one account are merged into the open one, and seen there', async () => {
    const { caseId: old } = await opened('d1')
    await call('POST', `/cases/${old}/decisions`, ANNA, { measure: 'none', reasons: 'nothing' })
    const again = aVerdict('d1', 'm2', { severity: 2, clause: CLAUSE, outcome: 'review' })
    const { caseId: open } = await enforcement.opened<ShownCase>(again)
    expect((await call('POST', `/cases/${old}/merge`, BEN, { into: open })).status).toBe(403)
    expect((await call('POST', `/cases/${old}/merge`, ANNA, {})).status).toBe(400)
    expect((await call('POST', `/cases/${old}/merge`, ANNA, { into: { $ne: '' } })).status).toBe(400)
    expect((await call('POST', '/cases/none/merge', ANNA, { into: open })).status).toBe(404)
    const key = { 'idempotency-key': 'merge-1' }
    const body = { into: open, note: 'the same again' }
    const merged = await call('POST', `/cases/${old}/merge`, ANNA, body, key)
    expect(merged).toMatchObject({
      status: 200,
      body: { caseId: open, state: 'open', merged: [old], notes: [{ text: 'the same again' }] },
    })
    expect((await call('POST', `/cases/${old}/merge`, ANNA, body, key)).body).toEqual(merged.body)
    expect(await call('GET', `/cases/${open}`, ANNA)).toMatchObject({
      body: {
        entryCount: 2,
        entries: [{ messageId: 'm2' }, { messageId: 'm1' }],
        decisions: [{ by: 'anna' }],
      },
    })
    expect(await call('GET', `/cases/${old}`, ANNA)).toMatchObject({
      body: { state: 'closed', mergedInto: open, entryCount: 1 },
    })
    expect(await call('POST', `/cases/${old}/reopen`, ANNA)).toMatchObject({
      status: 409,
      body: { type: 'case-merged' },
    })
    expect(await call('POST', `/cases/${open}/merge`, ANNA, { into: old })).toMatchObject({
      status: 409,
      body: { type: 'case-open' },
    })
  })

  it('show copies of their messages, and accounts what they have in common, but no word of it', async () => {
    const text = 'Send the fee to our agent today and the whole prize is yours, dear winner.'
    const { caseId } = await opened('e1', { text })
    const copy = await opened('e2', { text: `${text.toUpperCase()} !!!` })
    await opened('e3', { text: 'Something else altogether, of which nobody has heard before.' })
    const copies = await call<{ items: object[]; nextCursor: null }>('GET', `/cases/${caseId}/copies`, BEN)
    expect(copies).toMatchObject({
      status: 200,
      body: {
        items: [
          {
            platformId: 'p1',
            accountId: 'e2',
            messageId: 'm1',
            caseId: copy.caseId,
            caseState: 'open',
            why: ['text'],
            similarity: 1,
          },
        ],
        nextCursor: null,
      },
    })
    const related = await call<{ items: object[] }>(
      'GET',
      '/accounts/p1/e1/related',
      person('eve', 'auditor'),
    )
    const evidence = { text: 1, link: 0, media: 0, repost: 0, owner: 0 }
    expect(related).toMatchObject({
      status: 200,
      body: { items: [{ accountId: 'e2', score: 0.5, evidence, openCaseId: copy.caseId }] },
    })
    expect(JSON.stringify([copies.body, related.body])).not.toMatch(/prize/i)
    for (const [path, as] of [
      [`/cases/${caseId}/copies`, person('hal', 'hotline')],
      ['/accounts/p1/e1/related', person('lou', 'campaign_lead')],
    ] as const) {
      expect((await call('GET', path, as)).status).toBe(403)
      expect((await call('GET', `${path}?cursor=x`, ANNA)).status).toBe(400)
    }
    expect((await call('GET', '/cases/none/copies', ANNA)).status).toBe(404)
    expect((await call('GET', '/accounts/p1/nobody/related', ANNA)).status).toBe(404)
  })

  it('go to seniors where the policy says so', async () => {
    const rule = { when: { platform: 'p1', language: 'zh', minSeverity: 4 }, route: 'senior' }
    const policy = { ...(parse(readFileSync('policies/default.yaml', 'utf8')) as object), routing: [rule] }
    const [EDA, PAT] = [person('eda', 'policy_editor'), person('pat', 'policy_editor')]
    const draft = await call<{ version: string }>('POST', '/policies', EDA, policy)
    expect(draft.status).toBe(201)
    const path = `/policies/${draft.body.version}`
    expect((await call('POST', `${path}/approve`, PAT, {})).status).toBe(200)
    expect((await call('POST', `${path}/publish`, EDA, { mode: 'live', rollout: 100 })).status).toBe(200)
    const policyVersion = draft.body.version
    const slight = await opened('f1', { policyVersion })
    const grave = await opened('f2', { policyVersion, severity: 4 })
    expect(slight.queue.route).toBe('general')
    expect(grave.queue.route).toBe('senior')
    expect(await call('POST', `/cases/${grave.caseId}/claim`, ANNA)).toMatchObject({ status: 403 })
    expect(await call('POST', `/cases/${grave.caseId}/claim`, CLEO)).toMatchObject({ status: 200 })
    const queues = await call<{ routing: object[] }>('GET', '/queues', ANNA)
    expect(queues.body.routing).toEqual([rule])
  })
})
