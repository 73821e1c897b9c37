import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { Role } from '#libs/runtime/auth/roles'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

const GRAVE = 'Recruits wanted for our attack cell: come and fight with the islamic state <b>now</b>'
/** Each in words of its own: what an appeal found wrong of one text is not judged so again. */
const graveFor = (accountId: string): string =>
  `${GRAVE}. Write to ${accountId} on telegram: t.me/cell_recruits`
const DAY = 86_400_000

interface AppealAnswer {
  appealId: string
  state: string
  late: boolean
  text: string
}

interface HeldBackFile {
  state: string
  entries: { outcome: string; heldBack: { reason: { en: string } }[] }[]
}

let system: WeirSystem
let directives: OutsideRecord[]
let events: OutsideRecord[]
let notices: OutsideRecord[]

const send = (messageId: string, accountId: string, text = graveFor(accountId)): Promise<void> =>
  system.produce('weir.in.p1.messages.v1', [
    {
      key: accountId,
      value: {
        messageId,
        accountId,
        visibility: 'public',
        sentAt: new Date().toISOString(),
        text,
        account: { displayName: 'Someone', kind: 'individual', followers: 120 },
      },
    },
  ])
const directivesFor = (accountId: string): Directive[] => {
  const all = directives.map((record) => jsonOf<Directive>(record))
  return [...new Map(all.map((one) => [one.directiveId, one])).values()].filter(
    (one) => one.accountId === accountId,
  )
}
const kinds = (accountId: string): string[] => directivesFor(accountId).map(({ kind }) => kind)
const directiveOf = (accountId: string, kind: string): Promise<Directive> =>
  eventually(`${kind} for ${accountId}`, () => directivesFor(accountId).find((one) => one.kind === kind))
const call = <T = Record<string, unknown>>(path: string, role: Role, json?: unknown, subject = `${role}-1`) =>
  system.call<T>('enforcement', path, { roles: [role], subject }, json === undefined ? {} : { json })
const account = async (id: string) => (await call(`/v1/accounts/p1/${id}`, 'senior')).body

/** As somebody without any token. */
async function outside(path: string, body?: string, type = 'application/json'): Promise<Response> {
  return fetch(`${system.services.enforcement.url}${path}`, {
    headers: { 'accept-language': 'en', ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
}
const pageOf = ({ appealUrl }: Directive): string => {
  const { pathname, search } = new URL(appealUrl!)
  return `${pathname}${search}`
}
const tokenOf = ({ appealUrl }: Directive): string => new URL(appealUrl!).searchParams.get('token')!
const form = (fields: Record<string, string>): [string, string] => [
  new URLSearchParams(fields).toString(),
  'application/x-www-form-urlencoded',
]

beforeAll(async () => {
  system = await WeirSystem.start({ TEST_CLOCK: '1', TIMER_MS: '200' })
  expect((await system.register('p1')).status).toBe(201)
  directives = await system.follow('weir.out.p1.directives.v1')
  events = await system.follow('weir.events.v1')
  notices = await system.follow('weir.notices.v1')
})
afterAll(() => system.stop())

describe('an appeal', () => {
  it('that is granted restores the message, lifts the suspension and takes the strike back', async () => {
    await send('m-1', 'acc-1')
    const suspension = await directiveOf('acc-1', 'suspend_account')
    expect(await account('acc-1')).toMatchObject({ status: 'suspended' })

    const opened = await outside(
      '/v1/appeals',
      JSON.stringify({ token: tokenOf(suspension), text: 'I quoted it to warn others.' }),
    )
    expect(opened.status).toBe(201)
    const { receiptCode } = (await opened.json()) as { receiptCode: string }
    const status = async (): Promise<unknown> => (await outside(`/v1/appeals/status/${receiptCode}`)).json()
    expect(await status()).toEqual({ state: 'open', outcome: null })

    expect((await call('/v1/appeals', 'moderator')).status).toBe(403)
    const list = await call<{ items: AppealAnswer[] }>('/v1/appeals?state=open&platform=p1', 'auditor')
    const [appeal] = list.body.items
    expect(appeal).toMatchObject({ text: 'I quoted it to warn others.', state: 'open', late: false })
    const path = `/v1/appeals/${appeal!.appealId}`
    const decision = { outcome: 'granted', reasons: { zh: '引用属实。', en: 'It was a quotation.' } }
    expect((await call(`${path}/claim`, 'admin', {})).status).toBe(403)
    expect((await call(`${path}/decision`, 'senior', decision)).status).toBe(409)
    expect((await call(`${path}/claim`, 'senior', {})).status).toBe(200)
    expect((await call(`${path}/claim`, 'senior', {}, 'senior-2')).status).toBe(409)
    expect(await call(`${path}/decision`, 'senior', decision)).toMatchObject({
      status: 201,
      body: { state: 'granted' },
    })

    expect(await account('acc-1')).toMatchObject({ status: 'active', level: 0, points: 0, measures: [] })
    const { strikes } = (await account('acc-1')) as { strikes: { reversedAt: string | null }[] }
    expect(strikes.map(({ reversedAt }) => reversedAt !== null)).toEqual([true])
    const lift = await directiveOf('acc-1', 'lift_restriction')
    const restore = await directiveOf('acc-1', 'restore_message')
    expect(lift.reverses).toBe(suspension.directiveId)
    expect(restore.messageIds).toEqual(['m-1'])
    const statement = await call(`/v1/statements-of-reasons/${lift.statementOfReasonsId}`, 'senior')
    expect(statement.body).toMatchObject({
      reverses: suspension.directiveId,
      reasons: { en: 'It was a quotation.' },
    })
    expect(await status()).toEqual({ state: 'granted', outcome: 'granted' })
    const told = await eventually('the event', () =>
      events
        .map((record) => jsonOf<{ kind: string; subject: string; code?: string }>(record))
        .find(({ kind, code }) => kind === 'appeal.decided' && code === 'granted'),
    )
    expect(told.subject).toBe(`appeal/${appeal!.appealId}`)
    expect(events.map((record) => record.value?.toString() ?? '').join('\n')).not.toContain('quot')
    await eventually('the notice of the outcome', () =>
      notices
        .map((record) => jsonOf<{ template: string; data: { accountId?: string } }>(record))
        .find(({ template, data }) => template === 'appeal-decided' && data.accountId === 'acc-1'),
    )
  })

  it('that was granted keeps automation from the same text of anybody, however it is written', async () => {
    await send('m-4', 'acc-4', graveFor('acc-1').toUpperCase().replaceAll('A', '\uff21'))
    const { body } = await eventually('its case', async () => {
      const found = await call<{ items: { caseId: string }[] }>('/v1/cases?account=acc-4', 'senior')
      const [first] = found.body.items
      return first && call<HeldBackFile>(`/v1/cases/${first.caseId}`, 'senior')
    })
    const [entry] = body.entries
    expect([body.state, body.entries.length, entry!.outcome]).toEqual(['open', 1, 'review'])
    expect(entry!.heldBack[0]!.reason.en).toContain('An appeal found this text wrongly judged')
    expect(await account('acc-4')).toMatchObject({ status: 'active', points: 0, strikes: [], measures: [] })
    expect(kinds('acc-4')).toEqual([])
  })

  it('is written and followed on pages without scripts, in two languages', async () => {
    await send('m-2', 'acc-2')
    const removal = await directiveOf('acc-2', 'remove_message')
    const page = await outside(pageOf(removal))
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(text).toContain('come and fight with the islamic state &lt;b&gt;now&lt;/b&gt;')
    expect(text).not.toContain('<b>now')
    expect(text).not.toContain('<script')
    expect(await (await outside(`${pageOf(removal)}&lang=zh`)).text()).toContain('<html lang="zh">')

    const token = tokenOf(removal)
    expect((await outside('/appeal', ...form({ token, text: ' ' }))).status).toBe(400)
    const received = await outside('/appeal', ...form({ token, text: 'No.\r\nIt was <i>satire</i>.' }))
    expect(received.status).toBe(201)
    const receiptCode = /rc_[a-z2-7]+/.exec(await received.text())![0]
    expect((await outside('/appeal/status')).status).toBe(200)
    const status = await outside('/appeal/status', ...form({ receiptCode }))
    expect(await status.text()).toContain('waiting for somebody to hear it')
    const unknown = await outside('/appeal/status', ...form({ receiptCode: 'rc_nothing' }))
    expect(unknown.status).toBe(404)
    const bad = await outside('/appeal?token=%3Cscript%3E')
    expect(bad.status).toBe(403)
    expect(await bad.text()).not.toContain('<script')
    const withdrawn = await outside('/appeal/status', ...form({ receiptCode, withdraw: 'yes' }))
    expect(await withdrawn.text()).toContain('withdrawn')
  })

  it('that nobody decides in time suspends the measure until somebody does', async () => {
    await send('m-3', 'acc-3')
    const removal = await directiveOf('acc-3', 'remove_message')
    const body = JSON.stringify({ token: tokenOf(removal), text: 'I object.' })
    expect((await outside('/v1/appeals', body)).status).toBe(201)
    const later = new Date(Date.now() + 14 * DAY + 60_000).toISOString()
    await call('/v1/test/clock', 'admin', { now: later })
    await directiveOf('acc-3', 'restore_message')
    const list = await call<{ items: AppealAnswer[] }>('/v1/appeals?late=true&account=acc-3', 'senior')
    expect(list.body.items).toMatchObject([{ state: 'open', late: true }])
    const path = `/v1/appeals/${list.body.items[0]!.appealId}`
    await call(`${path}/claim`, 'senior', {})
    const upheld = await call(`${path}/decision`, 'senior', { outcome: 'upheld', reasons: 'It stands.' })
    expect(upheld).toMatchObject({ status: 201, body: { state: 'upheld', late: true } })
    await eventually(
      'the message removed again',
      () => kinds('acc-3').filter((kind) => kind === 'remove_message').length === 2,
    )
  })
})
