import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TokenRequest } from '#libs/runtime/auth/local-token'
import { parsePolicy } from '#libs/policy/parse-policy'
import { aVerdict } from '../ledger/a-verdict.fixture.js'
import { person, StartedEnforcement } from '../started-enforcement.fixture.js'

const { clauses } = parsePolicy(readFileSync('policies/default.yaml', 'utf8')).policy!
const clauseOf = (wanted: number): string =>
  Object.entries(clauses).find(
    ([, { category, severity }]) => category === 'violence' && severity === wanted,
  )![0]

const ANNA = person('anna', 'moderator')
const BEN = person('ben', 'moderator')
const TOM = person('tom', 'triage')
const CLEO = person('cleo', 'senior')
const DORA = person('dora', 'senior')
const EVE = person('eve', 'auditor')

interface Review {
  reviewId: string
  claimedUntil: string
  entries: { message: { text: string } }[]
}

describe('quality, through the API of a service on a real Kafka and MongoDB', () => {
  let enforcement: StartedEnforcement

  const call = <T = Record<string, unknown>>(
    method: string,
    path: string,
    as: TokenRequest,
    body?: unknown,
  ) => enforcement.call<T>(method, path, as, body)

  /** Lets a case of an account come to wait for people. */
  async function opened(account: string, severity: 1 | 2 | 3 | 4): Promise<string> {
    const over = { severity, clause: clauseOf(severity), category: 'violence' }
    const text = `by nobody, ${severity}`
    const verdict = aVerdict(account, 'm1', { outcome: 'review', text, ...over })
    return (await enforcement.opened<{ caseId: string }>(verdict)).caseId
  }

  beforeAll(async () => {
    const shares = { SECOND_REVIEW_SHARE: '1', GOLDEN_SHARE: '1' }
    const settings = { TEST_CLOCK: '1', EXPOSURE_DAILY_LIMIT: '2', ...shares }
    enforcement = await StartedEnforcement.start(settings, 'p1')
  })
  afterAll(() => enforcement?.stop())

  it('counts what people are shown, and spares who has seen enough', async () => {
    const [mild, grave] = [await opened('a1', 2), await opened('a2', 3)]
    expect((await call('GET', `/cases/${mild}`, TOM)).status).toBe(200)
    expect((await call('GET', '/cases/none', TOM)).status).toBe(404)
    const one = { messages: 1, views: 1, graveMessages: 0 }
    expect(await call('GET', '/operators/me/exposure', TOM)).toMatchObject({
      status: 200,
      body: { operator: 'tom', dailyLimit: 2, overLimit: false, today: one, sevenDays: one },
    })
    for (let i = 0; i < 2; i++) await call('GET', `/cases/${grave}`, TOM)
    const own = await call('GET', '/operators/me/exposure', TOM)
    expect(own.body).toMatchObject({
      overLimit: true,
      today: {
        by: [
          { category: 'violence', severity: 3, views: 2, messages: 2 },
          { category: 'violence', severity: 2, views: 1, messages: 1 },
        ],
      },
    })
    const all = await call<{ items: unknown[] }>('GET', '/operators/exposure', EVE)
    expect(all.body.items).toContainEqual(own.body)
    expect((await call('GET', '/operators/exposure', TOM)).status).toBe(403)
    // The grave one is more urgent, and waits for somebody else.
    expect(await call('POST', '/cases/next', TOM)).toMatchObject({ status: 200, body: { caseId: mild } })
    expect((await call('POST', '/cases/next', TOM)).status).toBe(204)
    expect(await call('POST', '/cases/next', ANNA)).toMatchObject({ status: 200, body: { caseId: grave } })
  })

  it('has decisions reviewed blindly, and flags where people disagree', async () => {
    const caseId = await opened('b1', 2)
    const first = { measure: 'warn', clause: clauseOf(2), reasons: 'what anna thinks', messageIds: ['m1'] }
    expect((await call('POST', `/cases/${caseId}/decisions`, ANNA, first)).status).toBe(201)
    const account = await call('GET', '/accounts/p1/b1', EVE)
    expect((await call('POST', '/reviews/next', ANNA)).status).toBe(204)
    const given = await call<Review>('POST', '/reviews/next', BEN)
    expect(given).toMatchObject({ status: 200, body: { entries: [{ message: { text: 'by nobody, 2' } }] } })
    for (const secret of ['anna', 'warn', 'b1', caseId]) expect(given.text).not.toContain(secret)
    // Shown again, so counted and audited again.
    expect((await call('POST', '/reviews/next', BEN)).body).toEqual(given.body)
    expect(await call('GET', '/operators/me/exposure', BEN)).toMatchObject({ body: { today: { views: 2 } } })
    const audit = await call<{ items: unknown[] }>('GET', `/audit?subject=review/${given.body.reviewId}`, EVE)
    expect(audit.body.items).toHaveLength(2)

    const path = `/reviews/${given.body.reviewId}/decision`
    const answer = { measure: 'remove', clause: clauseOf(2), reasons: 'what ben thinks' }
    expect((await call('POST', path, BEN, { ...answer, clause: 'no.such' })).status).toBe(400)
    expect((await call('POST', path, CLEO, answer)).status).toBe(404)
    const receipt = await call('POST', path, BEN, answer)
    expect(receipt).toMatchObject({ status: 201, body: { measure: 'remove' } })
    expect((await call('POST', path, BEN, { ...answer, measure: 'limit' })).body).toMatchObject({
      type: 'review-answered',
    })
    expect((await call('GET', '/accounts/p1/b1', EVE)).body).toEqual(account.body)

    const listed = await call<{ items: object[] }>('GET', '/reviews?disagreement=true&platform=p1', CLEO)
    expect(listed.body.items).toMatchObject([
      {
        caseId,
        disagreement: true,
        first: { by: 'anna', measure: 'warn' },
        second: { by: 'ben', measure: 'remove', reasons: { en: 'what ben thinks' } },
      },
    ])
    expect((await call('GET', '/reviews?disagreement=false', CLEO)).body).toMatchObject({ items: [] })
    expect((await call('GET', '/reviews', BEN)).status).toBe(403)
  })

  it('mixes golden cases in, and reports agreement and accuracy', async () => {
    const caseId = await opened('c1', 2)
    const golden = { caseId, measure: 'limit', clause: clauseOf(2), why: 'it names a place and a day' }
    expect((await call('POST', '/golden-cases', CLEO, golden)).body).toMatchObject({ type: 'case-undecided' })
    const first = { measure: 'none', reasons: 'nothing' }
    expect((await call('POST', `/cases/${caseId}/decisions`, ANNA, first)).status).toBe(201)
    const proposed = await call<{ goldenCaseId: string }>('POST', '/golden-cases', CLEO, golden)
    expect(proposed).toMatchObject({ status: 201, body: { state: 'proposed', proposedBy: 'cleo' } })
    const approve = `/golden-cases/${proposed.body.goldenCaseId}/approve`
    expect((await call('POST', approve, CLEO)).body).toMatchObject({ type: 'own-proposal' })
    expect((await call('POST', approve, DORA)).body).toMatchObject({ state: 'approved', approvedBy: 'dora' })
    expect((await call('GET', '/golden-cases?state=approved', EVE)).body).toMatchObject({ items: [golden] })

    const answered: string[] = []
    for (let i = 0; i < 2; i++) {
      const { body } = await call<Review>('POST', '/reviews/next', BEN)
      const answer = { measure: 'limit', clause: clauseOf(2), reasons: 'a threat' }
      expect((await call('POST', `/reviews/${body.reviewId}/decision`, BEN, answer)).status).toBe(201)
      answered.push(body.reviewId)
    }
    expect(new Set(answered).size).toBe(2)
    expect((await call('POST', '/reviews/next', BEN)).status).toBe(204)

    const to = new Date(Date.now() + 60_000).toISOString()
    const report = await call('GET', `/reports/quality?to=${to}`, EVE)
    expect(report).toMatchObject({
      status: 200,
      body: {
        all: { n: 2, agreed: 0, observed: 0, kappa: 0, few: true },
        agreement: [{ category: 'violence', n: 2 }],
        accuracy: [{ operator: 'ben', n: 1, right: 1, share: 1, high: 1 }],
      },
    })
    expect((await call('GET', '/reports/quality', BEN)).status).toBe(403)
    expect((await call('GET', `/reports/quality?from=${to}`, EVE)).status).toBe(400)
    expect((await call('GET', '/operators/me/quality', ANNA)).body).toMatchObject({
      operator: 'anna',
      all: { n: 0 },
    })
    await enforcement.setClock(new Date(Date.now() + 24 * 3_600_000))
    expect((await call('GET', '/operators/me/quality', ANNA)).body).toMatchObject({
      all: { n: 2, agreed: 0 },
    })
    expect((await call('GET', '/operators/me/quality', BEN)).body).toMatchObject({
      accuracy: { n: 1, right: 1 },
    })
    expect((await call('POST', `/golden-cases/${proposed.body.goldenCaseId}/retire`, CLEO)).status).toBe(200)
  })
})
