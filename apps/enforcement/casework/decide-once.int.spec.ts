import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import mongoose from 'mongoose'
import type { TokenRequest } from '#libs/runtime/auth/local-token'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { person, settled, StartedEnforcement } from '../started-enforcement.fixture.js'

const DAY = 86_400_000
const { clauses } = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
const [CLAUSE] = Object.entries(clauses).find(
  ([, { category, severity }]) => category === 'fraud' && severity === 2,
)!
const ANNA = person('anna', 'moderator')
const CLEO = person('cleo', 'senior')
const EVE = person('eve', 'senior')

interface Shown {
  caseId: string
  state: string
  decisions: { decisionId: string }[]
  entries: { messageId: string }[]
}
type Made = { decisionId: string; state: string; withoutStrike: object[]; type?: string; errors?: object[] }

describe('a case', () => {
  let enforcement: StartedEnforcement
  const ahead = (days: number): string => new Date(Date.now() + days * DAY).toISOString()
  const call = <T = Made>(path: string, as: TokenRequest, body?: unknown, key?: string) =>
    enforcement.call<T>('POST', path, as, body, key === undefined ? {} : { 'idempotency-key': key })
  const read = async (caseId: string): Promise<Shown> =>
    (await enforcement.call<Shown>('GET', `/cases/${caseId}`, CLEO)).body
  const review = (account: string, messageId: string, over: Parameters<typeof aVerdict>[2] = {}) =>
    aVerdict(account, messageId, { severity: 2, clause: CLAUSE, outcome: 'review', ...over })
  const opened = (account: string, messageId = 'm1', over: Parameters<typeof aVerdict>[2] = {}) =>
    enforcement.opened<Shown>(review(account, messageId, over))
  const decision = (over: object = {}): object => ({
    measure: 'limit',
    clause: CLAUSE,
    reasons: 'seen it',
    messageIds: ['m1'],
    ...over,
  })

  beforeAll(async () => {
    enforcement = await StartedEnforcement.start({ TEST_CLOCK: '1', TIMER_MS: '100' }, 'p1')
  })
  afterAll(() => enforcement?.stop())

  it('is decided once by the same decision without a key, at once or later, until it is opened again', async () => {
    const { caseId } = await opened('a1')
    const path = `/cases/${caseId}/decisions`
    const made = await Promise.all(Array.from({ length: 6 }, () => call(path, ANNA, decision())))
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201))
    expect(new Set(made.map(({ body }) => body.decisionId)).size).toBe(1)
    const again = await call(path, ANNA, decision({ messageIds: ['m1', 'm1'] }))
    expect(again).toMatchObject({ status: 201, body: { decisionId: made[0]!.body.decisionId } })
    expect((await read(caseId)).decisions).toHaveLength(1)
    for (const [as, other] of [
      [ANNA, { reasons: 'something else' }],
      [ANNA, { measure: 'remove' }],
      [CLEO, {}],
    ] as const) {
      const refused = await call(path, as, decision(other))
      expect(refused).toMatchObject({ status: 409, body: { type: 'case-decided' } })
      expect(refused.text).toContain('reopen')
    }
    expect((await call(`/cases/${caseId}/notes`, ANNA, { text: 'a note' })).status).toBe(201)
    expect((await call(`/cases/${caseId}/reopen`, ANNA)).status).toBe(200)
    const anew = await call(path, ANNA, decision())
    expect(anew.status).toBe(201)
    expect(anew.body.decisionId).not.toBe(made[0]!.body.decisionId)
  })

  it('that automation alone decided takes a person’s first decision, and no second', async () => {
    await enforcement.judge(aVerdict('b1', 'm1', { severity: 1, clause: CLAUSE }))
    const { caseId } = await settled(async () => {
      const { body } = await enforcement.call<{ items: Shown[] }>('GET', '/cases?account=b1', CLEO)
      expect(body.items).toHaveLength(1)
      return body.items[0]!
    })
    const path = `/cases/${caseId}/decisions`
    const made = await call(path, ANNA, decision())
    expect(made).toMatchObject({
      status: 201,
      body: { withoutStrike: [{ messageId: 'm1', why: 'has-strike' }] },
    })
    expect(await call(path, ANNA, decision({ measure: 'suspend' }))).toMatchObject({
      status: 409,
      body: { type: 'case-decided' },
    })
    await enforcement.judge(aVerdict('b1', 'm2', { severity: 1, clause: CLAUSE }))
    await settled(async () => {
      const { body } = await enforcement.call<{ items: Shown[] }>('GET', '/cases?account=b1', CLEO)
      expect(body.items).toHaveLength(2)
    })
    expect((await read(caseId)).entries.map(({ messageId }) => messageId)).toEqual(['m1'])
  })

  it('that is held takes in nothing more: what comes can be decided, and it returns when it is refused', async () => {
    const { caseId } = await opened('c1', 'm1', { followers: null })
    const held = await call(`/cases/${caseId}/decisions`, ANNA, decision({ measure: 'suspend' }))
    expect(held).toMatchObject({ status: 201, body: { state: 'held' } })
    const later = await opened('c1', 'm2', { followers: null })
    expect(later.caseId).not.toBe(caseId)
    const second = decision({ messageIds: ['m2'] })
    expect((await call(`/cases/${later.caseId}/decisions`, ANNA, second)).status).toBe(201)
    const third = await opened('c1', 'm3', { followers: null })
    const path = `/decisions/${held.body.decisionId}/refuse`
    expect((await call(path, EVE, { reasons: 'no' })).status).toBe(200)
    expect(await read(caseId)).toMatchObject({ state: 'open' })
    expect(await read(third.caseId)).toMatchObject({ state: 'open' })
    expect((await call(`/cases/${caseId}/decisions`, ANNA, decision())).status).toBe(201)
    const last = decision({ messageIds: ['m3'] })
    expect((await call(`/cases/${third.caseId}/decisions`, ANNA, last)).status).toBe(201)
  })

  it('is decided within bounds of time, in bulk too', async () => {
    const { caseId } = await opened('d1')
    const path = `/cases/${caseId}/decisions`
    const wrong = async (over: object, field: string): Promise<void> => {
      const errors = [expect.objectContaining({ path: field })]
      expect(await call(path, CLEO, decision(over))).toMatchObject({ status: 400, body: { errors } })
      const { messageIds: _none, ...rest } = decision(over) as { messageIds: string[] }
      const bulk = await call('/decisions/bulk', CLEO, { ...rest, caseIds: [caseId] })
      expect(bulk).toMatchObject({ status: 400, body: { errors } })
    }
    const suspend = { measure: 'suspend' }
    await wrong({ ...suspend, notBefore: ahead(31) }, '/notBefore')
    await wrong({ ...suspend, notBefore: ahead(5), until: ahead(4) }, '/until')
    await wrong({ ...suspend, until: ahead(6 * 366) }, '/until')
    await wrong({ measure: 'limit', until: ahead(6 * 366) }, '/until')
    const long = decision({ ...suspend, until: ahead(91) })
    expect(await call(path, ANNA, long)).toMatchObject({ status: 403, body: { type: 'measure-too-grave' } })
    expect((await call(`${path}?dryRun=true`, CLEO, long)).status).toBe(200)
    const after = decision({ ...suspend, notBefore: ahead(5), until: ahead(94) })
    expect((await call(`${path}?dryRun=true`, ANNA, after)).status).toBe(200)
  })

  it('gives the answer under a key to its own request only, however old', async () => {
    const { caseId } = await opened('e1')
    const path = `/cases/${caseId}/decisions`
    const made = await call(path, CLEO, decision(), 'k1')
    const { caseId: bulked } = await opened('e2')
    const { messageIds: _none, ...rest } = decision() as { messageIds: string[] }
    const bulk = { ...rest, caseIds: [bulked] }
    await call('/decisions/bulk', CLEO, bulk, 'k2')
    const label = { label: 'known', reason: 'seen', expiresAt: ahead(9) }
    const labelled = await call<{ labelId: string }>('/accounts/p1/e1/labels', CLEO, label, 'k3')
    const note = await call(`/cases/${caseId}/notes`, CLEO, { text: 'one' }, 'k4')
    expect([made.status, labelled.status, note.status]).toEqual([201, 201, 201])
    const { caseId: worked } = await opened('e3')
    expect((await call(`/cases/${worked}/reassign`, CLEO, { assignee: 'ben' }, 'k5')).status).toBe(200)

    const uri = enforcement.stack.mongoUri
    const client = await mongoose.createConnection(uri, { dbName: 'weir_enforcement' }).asPromise()
    await client.collection('idempotency').deleteMany({})
    await client.close()

    const others: [string, object, string][] = [
      [path, decision({ reasons: 'other' }), 'k1'],
      ['/decisions/bulk', { ...bulk, caseIds: [bulked, caseId] }, 'k2'],
      ['/decisions/bulk', { ...bulk, reasons: 'other' }, 'k2'],
      ['/accounts/p1/e1/labels', { ...label, reason: 'other' }, 'k3'],
      [`/cases/${caseId}/notes`, { text: 'two' }, 'k4'],
      [`/cases/${worked}/reassign`, { assignee: 'dan' }, 'k5'],
    ]
    for (const [to, body, key] of others) {
      expect(await call(to, CLEO, body, key)).toMatchObject({
        status: 422,
        body: { type: 'idempotency-key-reused' },
      })
    }
    expect(await call(path, CLEO, decision(), 'k1')).toMatchObject({
      status: 201,
      body: { decisionId: made.body.decisionId },
    })
    // Somebody else's key is another key.
    expect((await call(path, EVE, decision(), 'k1')).status).toBe(409)
    const same = await call<{ labelId: string }>('/accounts/p1/e1/labels', CLEO, label)
    expect(same.body.labelId).toBe(labelled.body.labelId)
  })
})
