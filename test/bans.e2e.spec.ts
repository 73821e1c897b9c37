import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Directive } from '#libs/contracts/directive'
import type { DeliveryReport } from '#libs/contracts/delivery-report'
import type { Role } from '#libs/runtime/auth/roles'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

const GRAVE =
  'Recruits wanted for our attack cell: come and fight with the islamic state now, write to https://t.me/attack_cell'
const CLEAR = 'The library opens at nine on weekdays.'
const CLAUSE = 'fraud.advance-fee'
const HOUR = 3_600_000

interface Decision {
  decisionId: string
  caseId: string
  state: string
  needsApproval: boolean
  notBefore: string | null
  notice: { noticeId: string; state: string } | null
  answer: { text?: string } | null
}
interface Told {
  type: string
  data: { decisionId?: string; answerUrl?: string }
}

let system: WeirSystem
let directives: OutsideRecord[]
let reports: OutsideRecord[]
const hooks: Told[] = []
const hook = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    hooks.push(JSON.parse(Buffer.concat(parts).toString()) as Told)
    response.writeHead(204).end()
  })
})

const call = <T = Record<string, unknown>>(path: string, role: Role, json?: unknown, subject = `${role}-1`) =>
  system.call<T>('enforcement', path, { roles: [role], subject }, json === undefined ? {} : { json })
const read = async (id: string) => (await call<Decision>(`/v1/decisions/${id}`, 'senior')).body
const kinds = (accountId: string): string[] =>
  directives
    .map((record) => jsonOf<Directive>(record))
    .filter((one) => one.accountId === accountId)
    .map(({ kind }) => kind)

async function setClock(now: Date): Promise<void> {
  const json = { now: now.toISOString() }
  for (const service of ['notification', 'enforcement'] as const)
    await system.call(service, '/v1/test/clock', { roles: ['admin'] }, { json })
}

const send = (platform: string, accountId: string, messageId: string, text: string, followers?: number) =>
  system.produce(`weir.in.${platform}.messages.v1`, [
    {
      key: accountId,
      value: {
        messageId,
        accountId,
        visibility: 'public',
        sentAt: new Date().toISOString(),
        text,
        ...(followers === undefined ? {} : { account: { followers } }),
      },
    },
  ])

/** A ban decided on the account of a grave message, once that has made a case. */
async function intend(platform: string, accountId: string): Promise<Decision> {
  await send(platform, accountId, `m-${accountId}`, GRAVE, 10)
  const caseId = await eventually('the case', async () => {
    const list = await call<{ items: { caseId: string }[] }>(`/v1/cases?account=${accountId}`, 'senior')
    return list.body.items[0]?.caseId
  })
  // What was decided automatically is decided on again, and graver, by a person.
  await call(`/v1/cases/${caseId}/reopen`, 'senior', {})
  const json = { measure: 'ban', clause: CLAUSE, reasons: 'grave', messageIds: [`m-${accountId}`] }
  const made = await call<Decision>(`/v1/cases/${caseId}/decisions`, 'senior', json)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body
}

beforeAll(async () => {
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  system = await WeirSystem.start({ TEST_CLOCK: '1', TIMER_MS: '200', WEBHOOK_ALLOW_PRIVATE: 'true' })
  for (const id of ['p1', 'p2']) expect((await system.register(id)).status).toBe(201)
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
  const admin = { roles: ['admin' as const] }
  const put = await system.call('notification', '/v1/webhooks/p1', admin, { method: 'PUT', json: { url } })
  expect(put.status).toBe(201)
  directives = await system.follow('weir.out.p1.directives.v1', 'weir.out.p2.directives.v1')
  reports = await system.follow('weir.deliveries.v1')
})
afterAll(async () => {
  await system.stop()
  hook.close()
})

describe('a ban', () => {
  it('comes 72 hours after its notice arrived, and after a second person has read the answer', async () => {
    const { decisionId } = await intend('p1', 'told')
    const told = await eventually('the notice', () =>
      hooks.find(({ type, data }) => type === 'notice.ban_intended' && data.decisionId === decisionId),
    )
    const held = await eventually('the proof', async () => {
      const decision = await read(decisionId)
      return decision.notice?.state === 'delivered' && decision
    })
    const until = Date.parse(held.notBefore!)
    const { at } = reports
      .map((record) => jsonOf<DeliveryReport>(record))
      .find(({ noticeId }) => noticeId === held.notice!.noticeId)!
    expect(until).toBe(Date.parse(at) + 72 * HOUR)

    const token = new URL(told.data.answerUrl!).searchParams.get('token')!
    const base = system.services.enforcement.url
    expect((await fetch(`${base}/answer?token=${token}`)).status).toBe(200)
    const form = new URLSearchParams({ token, text: 'I was hacked.' })
    expect((await fetch(`${base}/answer`, { method: 'POST', body: form })).status).toBe(201)
    expect(await read(decisionId)).toMatchObject({ needsApproval: true, answer: { text: 'I was hacked.' } })
    const approve = `/v1/decisions/${decisionId}/approve`
    expect((await call(approve, 'senior', { reasons: 'x' })).status).toBe(403)
    expect((await call(approve, 'senior', { reasons: 'I read it.' }, 'senior-2')).status).toBe(200)
    expect(kinds('told')).not.toContain('ban_account')
    await setClock(new Date(until + 1_000))
    await eventually('the ban', () => kinds('told').includes('ban_account'))
  })

  it('never comes where nobody could be told, and people see it; a webhook that comes later starts the hours', async () => {
    const { decisionId, caseId } = await intend('p2', 'untold')
    await eventually('the case in the queue', async () => {
      const found = await call<{ state: string; flags: string[] }>(`/v1/cases/${caseId}`, 'senior')
      return found.body.state === 'open' && found.body.flags.includes('notice-undelivered')
    })
    const held = await read(decisionId)
    expect(held).toMatchObject({ state: 'held', notice: { state: 'undelivered' } })
    const { body: undelivered } = await system.call<{ items: { channel: string; state: string }[] }>(
      'notification',
      '/v1/notices?platform=p2&state=failed',
      { roles: ['admin'] },
    )
    expect(undelivered.items.every(({ channel }) => channel === 'none')).toBe(true)
    expect(undelivered.items.length).toBeGreaterThan(1)

    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
    const admin = { roles: ['admin' as const] }
    await system.call('notification', '/v1/webhooks/p2', admin, { method: 'PUT', json: { url } })
    const told = await eventually('the proof', async () => {
      const decision = await read(decisionId)
      return decision.notice?.state === 'delivered' && decision
    })
    expect(kinds('untold')).not.toContain('ban_account')
    await setClock(new Date(Date.parse(told.notBefore!) + 1_000))
    await eventually('the ban', () => kinds('untold').includes('ban_account'))
  })
})

describe('reach', () => {
  it('that only a clear message showed holds a suspension for a second person', async () => {
    await send('p1', 'big', 'm-clear', CLEAR, 150_000)
    await system.drained(['p1', 'p2'])
    expect((await call('/v1/accounts/p1/big', 'senior')).status).toBe(404)
    await send('p1', 'big', 'm-grave', GRAVE, 120)
    const [held] = await eventually('the held suspension', async () => {
      const list = await call<{ items: Decision[] }>('/v1/decisions?state=held&account=big', 'senior')
      return list.body.items.length > 0 && list.body.items
    })
    expect(held).toMatchObject({ needsApproval: true })
    expect(kinds('big')).not.toContain('suspend_account')
  })
})
