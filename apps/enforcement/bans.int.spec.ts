import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DeadLetterTopic, Topics } from '#libs/contracts/catalogue'
import type { Notice } from '#libs/contracts/notice'
import { person, settled, StartedEnforcement } from './started-enforcement.fixture.js'
import { aVerdict } from './ledger/a-verdict.fixture.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const CLAUSE = 'fraud.advance-fee'

interface Decision {
  decisionId: string
  state: string
  needsApproval: boolean
  notBefore: string | null
  lapsesAt: string | null
  notice: { noticeId: string; state: string; deliveredAt: string | null } | null
  answer: { at: string; text?: string } | null
}

let enforcement: StartedEnforcement
const senior = person('senior-1', 'senior')
const other = person('senior-2', 'senior')

const read = async (id: string): Promise<Decision> =>
  (await enforcement.call<Decision>('GET', `/decisions/${id}`, other)).body
const noticeOf = (decisionId: string): Promise<Notice> =>
  settled(() => {
    const found = enforcement
      .on(Topics.notices.name)
      .map(({ value }) => value as unknown as Notice)
      .find(({ template, data }) => template === 'ban-intended' && data['decisionId'] === decisionId)
    expect(found).toBeDefined()
    return found!
  })
const outside = (path: string, body?: string, type = 'application/json'): Promise<Response> =>
  fetch(`${enforcement.service.url}${path}`, {
    headers: { 'accept-language': 'en', ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { method: 'POST', body }),
  })

/** A ban that a senior decided on the case of an account. */
async function intended(accountId: string, followers = 10): Promise<{ decision: Decision; caseId: string }> {
  const verdict = aVerdict(accountId, `m-${accountId}`, {
    outcome: 'review',
    clause: CLAUSE,
    severity: 2,
    followers,
  })
  const { caseId } = await enforcement.opened<{ caseId: string }>(verdict)
  const body = { measure: 'ban', clause: CLAUSE, reasons: 'grave', messageIds: [`m-${accountId}`] }
  const made = await enforcement.call<Decision>('POST', `/cases/${caseId}/decisions`, senior, body)
  expect(made).toMatchObject({ status: 201, body: { state: 'held', notice: { state: 'pending' } } })
  return { decision: made.body, caseId }
}

async function report(noticeId: string, state: string, at: Date, over: object = {}): Promise<void> {
  const value = { noticeId, deliveryId: 'dl_1', channel: 'webhook', state, at: at.toISOString(), ...over }
  await enforcement.send(Topics.deliveries.name, { key: 'platform/p1', value })
}

beforeAll(async () => {
  enforcement = await StartedEnforcement.start({ TEST_CLOCK: '1', TIMER_MS: '200' }, 'p1')
  await enforcement.watch(Topics.notices.name, Topics.events.name, DeadLetterTopic.name)
})
afterAll(() => enforcement.stop())

describe('an intended ban', () => {
  it('waits for its notice to arrive, tells people where that reached nobody, and begins 72 hours after it did', async () => {
    const { decision, caseId } = await intended('a1')
    const { decisionId } = decision
    expect(decision).toMatchObject({ needsApproval: false, notBefore: null, lapsesAt: null })
    const { noticeId } = await noticeOf(decisionId)
    await report('nt_unknown', 'delivered', new Date())
    await enforcement.send(Topics.deliveries.name, { key: 'x', value: { noticeId } })
    await settled(() =>
      expect(enforcement.on(DeadLetterTopic.name).map(({ headers }) => headers['weir-reason'])).toEqual([
        'schema',
      ]),
    )
    await report(noticeId, 'failed', new Date(), { channel: 'none', deliveryId: 'dl_0', deliveries: 1 })
    await settled(async () => expect((await read(decisionId)).notice).toMatchObject({ state: 'undelivered' }))
    const found = await enforcement.call('GET', `/cases/${caseId}`, other)
    expect(found.body).toMatchObject({ state: 'open', flags: ['notice-undelivered'] })
    await settled(() =>
      expect(enforcement.on(Topics.events.name).map(({ value }) => value['code'])).toContain(
        'notice-undelivered',
      ),
    )
    const metrics = async () => (await fetch(`${enforcement.service.url}/metrics`)).text()
    expect(await metrics()).toMatch(/^weir_enforcement_bans_undelivered\S* 1$/m)

    const at = new Date()
    await report(noticeId, 'delivered', at)
    await settled(async () => expect((await read(decisionId)).notice).toMatchObject({ state: 'delivered' }))
    expect((await read(decisionId)).notBefore).toBe(new Date(at.getTime() + 3 * DAY).toISOString())
    expect((await enforcement.call('GET', `/cases/${caseId}`, other)).body).toMatchObject({
      state: 'held',
      flags: [],
    })
    expect(await metrics()).toMatch(/^weir_enforcement_bans_undelivered\S* 0$/m)

    const token = new URL(String((await noticeOf(decisionId)).data['answerUrl'])).searchParams.get('token')!
    const page = await outside(`/answer?token=${token}`)
    expect([page.status, (await page.text()).includes('grave')]).toEqual([200, true])
    expect(await (await outside(`/answer?token=${token}&lang=zh`)).text()).toContain('<html lang="zh">')
    const answer = (text: string, by = token) => outside('/v1/answers', JSON.stringify({ token: by, text }))
    expect((await answer('x', 'nonsense')).status).toBe(403)
    const wrong = await Promise.all([answer(' '), answer(''), answer('x'.repeat(10_001)), answer('\ud800')])
    expect(wrong.map(({ status }) => status)).toEqual([400, 400, 400, 400])
    const first = await answer('It was <b>a quotation</b>.')
    expect(first.status).toBe(201)
    const again = await answer('It was <b>a quotation</b>.')
    expect([again.status, await again.json()]).toEqual([201, await first.json()])
    expect((await answer('Something else.')).status).toBe(409)
    expect(await read(decisionId)).toMatchObject({
      needsApproval: true,
      answer: { text: 'It was <b>a quotation</b>.' },
    })
    const shown = await enforcement.call<{ decisions: Decision[] }>('GET', `/cases/${caseId}`, other)
    expect(shown.body.decisions[0]!.answer!.text).toContain('quotation')
    const list = await enforcement.call('GET', '/decisions?account=a1', other)
    expect(list.text).not.toContain('quotation')
    await settled(() =>
      expect(enforcement.on(Topics.events.name).map(({ value }) => value['kind'])).toContain(
        'decision.answered',
      ),
    )
    expect(JSON.stringify([...enforcement.seen.values()])).not.toContain('quotation')
    const audit = await enforcement.call<{ items: { kind: string; actor: string }[] }>(
      'GET',
      `/audit?subject=${encodeURIComponent(`decision/${decisionId}`)}`,
      person('auditor', 'auditor'),
    )
    expect(audit.text).toContain('evidence.viewed')
    expect(audit.text).not.toContain('quotation')

    const approved = await enforcement.call('POST', `/decisions/${decisionId}/approve`, other, {
      reasons: 'read it',
    })
    expect(approved).toMatchObject({ status: 200, body: { state: 'held' } })
    await enforcement.setClock(new Date(at.getTime() + 3 * DAY + 1_000))
    await settled(async () => expect((await read(decisionId)).state).toBe('in_force'))
    expect((await answer('Too late.')).status).toBe(409)
    expect((await outside(`/answer?token=${token}`)).status).toBe(409)
  })

  it('is held for a second person where clear messages showed that the account is of reach', async () => {
    await enforcement.setClock(new Date())
    const at = new Date().toISOString()
    const value = { platformId: 'p1', accountId: 'a2', followers: 150_000, at }
    await enforcement.send(
      Topics.reach.name,
      { key: 'p1/a2', value },
      { key: 'p1/never', value: { ...value, accountId: 'never' } },
    )
    // The account is raised before anything is decided on it: its topic has been read to where it is now.
    const preview = async (caseId: string) => {
      const body = { measure: 'suspend', clause: CLAUSE, reasons: 'x', messageIds: ['m-a2'] }
      const path = `/cases/${caseId}/decisions?dryRun=true`
      return (await enforcement.call<{ decisions: Decision[] }>('POST', path, senior, body)).body.decisions[0]
    }
    const verdict = aVerdict('a2', 'm-a2', { outcome: 'review', clause: CLAUSE, severity: 2 })
    const { caseId } = await enforcement.opened<{ caseId: string }>(verdict)
    await settled(async () => expect(await preview(caseId)).toMatchObject({ state: 'held' }))
    const body = { measure: 'ban', clause: CLAUSE, reasons: 'grave', messageIds: ['m-a2'] }
    await enforcement.call('POST', `/cases/${caseId}/decisions`, senior, body)
    const { items } = (await enforcement.call<{ items: Decision[] }>('GET', '/decisions?account=a2', other))
      .body
    expect(items).toMatchObject([{ state: 'held', needsApproval: true, lapsesAt: null }])
    expect((await enforcement.call('GET', '/accounts/p1/never', other)).status).toBe(404)
  })
})
