import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { type Role, ROLES } from '#libs/runtime/auth/roles'
import { type AccessLine, accessLines } from './access-table.js'
import { type RawAnswer, rawRequest } from './harness/raw-request.js'
import { eventually, jsonOf, type OutsideRecord, WeirSystem } from './harness/weir-system.js'
import { type Filled, fillSystem } from './openapi/filled-system.js'

const LINES = accessLines(SERVICES)
const GETS = LINES.filter(({ method }) => method === 'GET')
const P1 = { roles: ['platform'], platform: 'p1', subject: 'p1-machine' } as const

let system: WeirSystem
let filled: Filled
let appealId: string
let receiptCode: string
/** Of every link that was made. */
let tokens: string[]
let notices: OutsideRecord[]
let others: OutsideRecord[]

const tokenOf = ({ appealUrl }: Directive): string => new URL(appealUrl!).searchParams.get('token')!

/** The path of a line with ids of things that are there. */
function filledPath({ path }: AccessLine): string {
  const ids: Record<string, string> = {
    '/v1/cases/{id}': filled.caseId,
    '/v1/decisions/{id}': filled.decisionId,
    '/v1/directives/{id}': filled.directiveId,
    '/v1/statements-of-reasons/{id}': filled.statementOfReasonsId,
    '/v1/appeals/{id}': appealId,
    '/v1/appeals/status/{receiptCode}': receiptCode,
    '/v1/platforms/{id}': 'p1',
    '/v1/policies/{version}': '1',
    '/v1/notices/templates/{name}/preview': 'measure-ordered',
  }
  const known = Object.keys(ids).find((start) => path.startsWith(start))
  const whole = known ? path.replace(/\{\w+\}/, ids[known]!) : path
  return whole.replace('{platform}', 'p1').replace('{account}', 'acc-1')
}

const ask = async (
  line: Pick<AccessLine, 'service' | 'method'>,
  path: string,
  as?: Parameters<WeirSystem['token']>[0],
  json?: unknown,
): Promise<RawAnswer> =>
  rawRequest(system.services[line.service].url, {
    method: line.method,
    path,
    token: as && (await system.token(as)),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })

function holdsNoLink(text: string, what: string): void {
  expect(text, what).not.toMatch(/\/appeal\?token=/)
  for (const token of tokens) expect(text, what).not.toContain(token)
}

const decision = { measure: 'warn', clause: 'fraud.advance-fee', reasons: 'Because.', messageIds: ['m-1'] }

beforeAll(async () => {
  system = await WeirSystem.start({ RATE_LIMIT_PER_SECOND: '100000' })
  filled = await fillSystem(system)
  const directives = await system.follow('weir.out.p1.directives.v1')
  notices = await system.follow('weir.notices.v1')
  const ordered = await eventually('directives', () =>
    directives.length >= 3 ? directives.map((one) => jsonOf<Directive>(one)) : undefined,
  )
  tokens = ordered.map(tokenOf)
  const opened = await ask({ service: 'enforcement', method: 'POST' }, '/v1/appeals', undefined, {
    token: tokens[0],
    text: 'I object.',
  })
  expect(opened.status).toBe(201)
  ;({ receiptCode } = JSON.parse(opened.text) as { receiptCode: string })
  const { body } = await system.call<{ items: { appealId: string }[] }>('enforcement', '/v1/appeals', {
    roles: ['auditor'],
  })
  appealId = body.items[0]!.appealId
  others = await system.readAll(['weir.events.v1', 'weir.measures.v1', 'weir.verdicts.v1'])
})
afterAll(() => system.stop())

describe('the link to object', () => {
  it.each(GETS.map((line) => [`${line.service} ${line.path}`, line] as const))(
    'stands nowhere in what %s answers to whoever is not the platform',
    async (_name, line) => {
      const asked = [
        ...ROLES.filter((role) => role !== 'platform').map((role) => ({ roles: [role] as Role[] })),
        { roles: ROLES as readonly Role[], platform: 'p1', authority: 'a1' },
        { roles: ['moderator', 'platform'] as const, platform: 'p1' },
        { roles: ['platform'] as const, platform: 'p2' },
      ]
      const queries = line.path.endsWith('/statements-of-reasons') ? ['', '?format=dsa'] : ['']
      for (const as of asked) {
        for (const query of queries) {
          const { status, text } = await ask(line, `${filledPath(line)}${query}`, as)
          expect(status).toBeLessThan(500)
          holdsNoLink(text, `${as.roles.join()} ${line.path}`)
        }
      }
      holdsNoLink((await ask(line, filledPath(line))).text, line.path)
    },
  )

  it('stands nowhere in what changes and previews answer', async () => {
    const senior = { roles: ['senior'] as const, subject: 'sam' }
    const POST = { service: 'enforcement', method: 'POST' } as const
    const asked: [string, object][] = [
      [`/v1/cases/${filled.caseId}/decisions?dryRun=true`, { ...decision, measure: 'suspend' }],
      [`/v1/cases/${filled.caseId}/reopen`, {}],
      ['/v1/decisions/bulk?dryRun=true', { ...decision, measure: 'limit', caseIds: [filled.caseId] }],
      [`/v1/cases/${filled.caseId}/notes`, { text: 'seen' }],
      [`/v1/directives/${filled.directiveId}/answer`, { text: 'This one.' }],
    ]
    for (const [path, json] of asked) {
      const { text } = await ask(POST, path, senior, json)
      holdsNoLink(text, path)
      if (path.includes('dryRun')) expect(text).toContain('"directives"')
    }
  })

  it('is shown to the platform concerned: by the API, its directives and its notices, and on no other topic', async () => {
    const statements = await system.all<{ redress: { appealUrl: string } }>(
      'enforcement',
      '/v1/statements-of-reasons',
      P1,
    )
    expect(
      statements.map(({ redress }) => new URL(redress.appealUrl).searchParams.get('token')).sort(),
    ).toEqual(tokens.toSorted())
    const directives = await system.all<Directive>('enforcement', '/v1/directives', P1)
    expect(directives.map(tokenOf).sort()).toEqual(tokens.toSorted())
    await eventually('a notice', () => notices.length >= tokens.length)
    expect(others.length).toBeGreaterThan(0)
    for (const { topic, value } of others) holdsNoLink(String(value), topic)
  })
})

/** What each list of evidence must name in the audit log when it is looked at. */
const LISTS: [path: string, role: Role, subject: string, seen: () => string | undefined][] = [
  ['/v1/cases', 'triage', 'list/cases', () => `case/${filled.caseId}`],
  ['/v1/cases?sort=priority', 'auditor', 'list/cases', () => undefined],
  ['/v1/decisions', 'auditor', 'list/decisions', () => `decision/${filled.decisionId}`],
  ['/v1/directives', 'moderator', 'list/directives', () => `directive/${filled.directiveId}`],
  [
    '/v1/statements-of-reasons',
    'auditor',
    'list/statements',
    () => `statement/${filled.statementOfReasonsId}`,
  ],
  ['/v1/statements-of-reasons?format=dsa', 'auditor', 'list/statements', () => undefined],
  ['/v1/appeals', 'senior', 'list/appeals', () => `appeal/${appealId}`],
  ['/v1/appeals?facts=true', 'senior', 'list/appeals', () => undefined],
  ['/v1/reviews', 'auditor', 'list/reviews', () => undefined],
  ['/v1/golden-cases', 'senior', 'list/golden-cases', () => undefined],
  ['/v1/cases/{id}/copies', 'moderator', 'case/{id}', () => undefined],
  ['/v1/accounts/p1/acc-1/related', 'moderator', 'account/p1/acc-1', () => undefined],
]
/** Single things, with the subject of their view. */
const SINGLE: [path: string, noun: string][] = [
  ['/v1/cases/{id}', 'case'],
  ['/v1/decisions/{id}', 'decision'],
  ['/v1/directives/{id}', 'directive'],
  ['/v1/statements-of-reasons/{id}', 'statement'],
  ['/v1/appeals/{id}', 'appeal'],
]
/** Ids, codes, counts, settings: no evidence. */
const NO_EVIDENCE = [
  '/v1/accounts',
  '/v1/accounts/{platform}/{account}',
  '/v1/accounts/{platform}/{account}/timeline',
  '/v1/queues',
  '/v1/operators/me/exposure',
  '/v1/operators/exposure',
  '/v1/operators/me/quality',
  '/v1/reports/quality',
  '/v1/appeals/status/{receiptCode}',
  '/v1/audit',
  '/v1/audit/export',
  '/v1/public/checkpoints',
  '/v1/platforms',
  '/v1/platforms/{id}',
  '/v1/policies',
  '/v1/policies/{version}',
  '/v1/banks',
  '/v1/banks/{bank}/entries',
  '/v1/banks/{bank}/entries/{entry}',
  '/v1/banks/{bank}/entries/export',
  '/v1/banks/{bank}/export',
]
/** Audited by themselves: docs/adr/0109. */
const PAGES = ['/answer', '/appeal', '/appeal/status']

interface Entry {
  entry: { kind: string; subject: string; actor: string; seen?: string[] }
}
const entriesOf = async (query: string): Promise<Entry['entry'][]> => {
  const { body } = await system.call<{ items: Entry[] }>('enforcement', `/v1/audit?${query}`, {
    roles: ['auditor'],
  })
  return body.items.map(({ entry }) => entry)
}

describe('a view of evidence', () => {
  it('is one on every route that reads, unless that is said to hold none', () => {
    const known = [...LISTS.map(([path]) => path.split('?')[0]!), ...SINGLE.map(([path]) => path)].map(
      (path) => path.replace('p1/acc-1', '{platform}/{account}'),
    )
    const enforcement = GETS.filter(
      ({ service, path }) => service === 'enforcement' && !/^\/(health|metrics)/.test(path),
    )
    expect(enforcement.map(({ path }) => path).sort()).toEqual(
      [...new Set([...known, ...NO_EVIDENCE, ...PAGES])].sort(),
    )
  })

  it.each(LISTS)('of %s by %s is an entry', async (path, role, subject, seen) => {
    const actor = `viewer ${path}`
    const asked = path.replace('{id}', filled.caseId)
    expect((await system.call('enforcement', asked, { roles: [role], subject: actor })).status).toBe(200)
    const entries = await entriesOf(`actor=${encodeURIComponent(actor)}`)
    expect(entries).toMatchObject([
      { kind: 'evidence.viewed', subject: subject.replace('{id}', filled.caseId), actor },
    ])
    const named = seen()
    if (named === undefined) return
    expect(entries[0]!.seen).toContain(named)
    const about = await entriesOf(`subject=${encodeURIComponent(named)}&actor=${encodeURIComponent(actor)}`)
    expect(about).toHaveLength(1)
  })

  it.each(SINGLE)('of %s is an entry', async (path, noun) => {
    const line = LINES.find((one) => one.method === 'GET' && one.path === path)!
    const actor = `viewer ${path}`
    const asked = filledPath(line)
    expect((await system.call('enforcement', asked, { roles: ['auditor'], subject: actor })).status).toBe(200)
    expect(await entriesOf(`actor=${encodeURIComponent(actor)}`)).toMatchObject([
      { kind: 'evidence.viewed', subject: `${noun}/${asked.split('/').at(-1)}` },
    ])
  })

  it('of notices in notification is an entry as well', async () => {
    const as = { roles: ['auditor'] as const, subject: 'viewer of notices' }
    const path = '/v1/notices?platform=p1'
    const { status, body } = await system.call<{ items: { id: string }[] }>('notification', path, as)
    expect(status).toBe(200)
    const [entry] = await eventually('the entry', async () => {
      const entries = await entriesOf(`actor=${encodeURIComponent(as.subject)}`)
      return entries.length > 0 && entries
    })
    expect(entry).toMatchObject({ kind: 'evidence.viewed', subject: 'list/notices' })
    expect(entry!.seen).toEqual(body.items.map(({ id }) => `delivery/${id}`))
  })

  it('of a preview is an entry each time, also under one Idempotency-Key', async () => {
    const actor = 'previewer'
    const token = await system.token({ roles: ['senior'], subject: actor })
    for (const [path, json] of [
      [`/v1/cases/${filled.caseId}/decisions?dryRun=true`, decision],
      ['/v1/decisions/bulk?dryRun=1', { ...decision, caseIds: [filled.caseId] }],
    ] as const) {
      for (let i = 0; i < 2; i++) {
        const headers = { 'idempotency-key': `key of ${path}`.replaceAll(' ', '-') }
        const body = JSON.stringify(json)
        const answer = await rawRequest(system.services.enforcement.url, {
          method: 'POST',
          path,
          token,
          headers,
          body,
        })
        expect(answer.status).toBe(200)
      }
    }
    const entries = await entriesOf(`actor=${actor}`)
    expect(entries.map(({ kind, subject }) => [kind, subject])).toEqual(
      Array.from({ length: 4 }, () => ['evidence.viewed', `case/${filled.caseId}`]),
    )
  })

  it('through a link is one of the person who is logged in, and of the account else', async () => {
    const page = `/appeal?token=${tokens[0]}`
    const GET = { service: 'enforcement', method: 'GET' } as const
    const actors = async (): Promise<string[]> =>
      (await entriesOf(`subject=statement/${filledStatement()}`))
        .filter(({ kind, actor }) => kind === 'evidence.viewed' && ['account', 'passer-by'].includes(actor))
        .map(({ actor }) => actor)
    const filledStatement = (): string => {
      const claims = JSON.parse(Buffer.from(tokens[0]!.split('.')[1]!, 'base64url').toString()) as {
        sub: string
      }
      return claims.sub
    }
    expect((await ask(GET, page)).status).toBe(200)
    expect((await ask(GET, page, { roles: ['policy_editor'], subject: 'passer-by' })).status).toBe(200)
    expect(await actors()).toEqual(['passer-by', 'account'])
  })
})

describe('who of us did something', () => {
  it('is not told to the platform that stopped a clock', async () => {
    const receipt = { status: 'clarification_needed', at: new Date().toISOString() }
    const path = `/v1/directives/${filled.directiveId}`
    expect((await system.call('enforcement', `${path}/receipts`, P1, { json: receipt })).status).toBe(200)
    const senior = { roles: ['senior'] as const, subject: 'sam-the-senior' }
    const answered = await system.call('enforcement', `${path}/answer`, senior, {
      json: { text: 'The message of the 24th.' },
    })
    expect(JSON.stringify(answered.body)).toContain('"by":"sam-the-senior"')
    for (const asked of [path, '/v1/directives']) {
      const { status, body } = await system.call('enforcement', asked, P1)
      expect(status).toBe(200)
      expect(JSON.stringify(body)).toContain('The message of the 24th.')
      expect(JSON.stringify(body)).not.toContain('sam-the-senior')
    }
    await eventually('the notice of it', () =>
      notices.some(({ value }) => String(value).includes('directive-answered')),
    )
    for (const { value } of notices) expect(String(value)).not.toContain('sam-the-senior')
  })

  it('is nobody under a name of ours', async () => {
    for (const subject of ['system', 'ACCOUNT', ' public\u200b']) {
      const { status, text } = await ask({ service: 'enforcement', method: 'GET' }, '/v1/cases', {
        roles: ['senior'],
        subject,
      })
      expect(status, text).toBe(401)
    }
  })
})
