import { exportSPKI, generateKeyPair, exportJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { createHmac, createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import { localKey } from '#libs/runtime/auth/local-key'
import type { Role } from '#libs/runtime/auth/roles'
import { type AccessLine, accessLines } from './access-table.js'
import { type RawAnswer, type RawRequest, rawRequest } from './harness/raw-request.js'
import { eventually, type OutsideRecord, WeirSystem } from './harness/weir-system.js'

/**
 * What somebody would try who means harm, by item of the OWASP API Security Top 10 of 2023. Each is refused with a problem
 * and the right status, and after each test every document of every service is what it was.
 */

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'

let system: WeirSystem
let deadLetters: OutsideRecord[]
let caseId: string
let directiveId: string
let statementId: string
let before: Record<string, string>

beforeAll(async () => {
  system = await WeirSystem.start({ WEBHOOK_ALLOW_PRIVATE: '0' })
  for (const id of ['p1', 'p2']) await system.register(id)
  deadLetters = await system.follow('weir.dead-letters.v1')
  await system.produce('weir.in.p1.messages.v1', [{ key: 'acc-1', value: message('m-1') }])
  const directives = await system.follow('weir.out.p1.directives.v1')
  await eventually('directives', () => directives.length >= 2)
  await system.drained(['p1', 'p2'])
  const [first] = await items('/v1/directives')
  ;({ caseId, directiveId, statementOfReasonsId: statementId } = first as Record<string, string> as never)
  before = await everyDocument()
})
afterAll(() => system.stop())
afterEach(async () => {
  const after = await everyDocument()
  const expected = before
  before = after
  expect(after).toEqual(expected)
})

function message(messageId: string, more: object = {}): object {
  const sentAt = '2026-11-24T07:00:00Z'
  return { messageId, accountId: 'acc-1', visibility: 'public', sentAt, text: HARMFUL, ...more }
}

async function items(path: string): Promise<Record<string, unknown>[]> {
  const { body } = await system.call<{ items: Record<string, unknown>[] }>('enforcement', path, {
    roles: ['auditor'],
  })
  return body.items
}

interface Block {
  entries?: { kind: string }[]
}

/** What is logged in a block but for views: whoever reads leaves an entry. */
function changesIn({ entries }: Block): unknown[] {
  return (entries ?? []).filter(({ kind }) => kind !== 'evidence.viewed')
}

/** A digest of each collection of each service, but for the checkpoints, which are signed by the clock, and views. */
/** What changes though nobody changes anything: checkpoints, signs of life, and what was asked of a limit. */
const BY_THEMSELVES = new Set(['audit_checkpoints', 'instances', 'request_leases', 'dead_letter_spending'])

async function everyDocument(): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const service of SERVICES) {
    for (const collection of await system.database(service).collections()) {
      if (BY_THEMSELVES.has(collection.collectionName)) continue
      const all = await collection.find().sort({ _id: 1 }).toArray()
      const documents =
        collection.collectionName === 'audit_log'
          ? all.flatMap((block) => changesIn(block as unknown as Block))
          : all
      const digest = createHash('sha256').update(JSON.stringify(documents)).digest('hex')
      if (documents.length > 0) digests[collection.namespace] = `${documents.length} ${digest}`
    }
  }
  return digests
}

const tokenOf = (...roles: Role[]): Promise<string> =>
  system.token({ roles, platform: 'p1', authority: 'a1' })

interface Ask extends Omit<RawRequest, 'token' | 'body'> {
  readonly service?: ServiceName
  readonly roles?: readonly Role[]
  readonly token?: string
  readonly json?: unknown
  readonly body?: string | Buffer
}

async function ask({ service = 'enforcement', roles, token, json, body, ...rest }: Ask): Promise<RawAnswer> {
  const bearer = token ?? (roles ? await tokenOf(...roles) : undefined)
  const sent = body ?? (json === undefined ? undefined : JSON.stringify(json))
  return rawRequest(system.services[service].url, {
    ...rest,
    token: bearer,
    ...(sent === undefined ? {} : { body: sent }),
  })
}

/** A problem of this status that tells nothing of what is inside; gives its body. */
function refused(
  answer: RawAnswer,
  status: number,
  what = '',
): { type: string; errors?: { path: string }[] } {
  expect(answer.status, `${what} ${answer.text}`).toBe(status)
  expect(answer.headers['content-type'], what).toMatch(/^application\/problem\+json/)
  expect(answer.text).not.toMatch(/node_modules|\.js:\d|\.ts:\d|Mongo|Fastify|FST_/)
  const body = JSON.parse(answer.text) as { type: string; status: number }
  expect(body, what).toMatchObject({ status, type: expect.stringMatching(/^[a-z0-9-]+$/) as unknown })
  return body
}

/** The API; pages take forms and answer in HTML: see their own tests. */
const LINES = accessLines([]).filter(({ path }) => path.startsWith('/v1/'))
const PATCHED = { method: 'PATCH', path: '/v1/platforms/p1', roles: ['admin'] } as const

/** Somebody who may call a route; where all may, somebody with a token. */
const callerOf = ({ access }: AccessLine): Role => (access === 'public' ? 'auditor' : access[0]!)

/** A route called by somebody who may, with `fill` for each parameter. */
function calledBy(line: AccessLine, fill: string): Ask {
  return {
    service: line.service,
    method: line.method,
    path: line.path.replaceAll(/\{\w+\}/g, fill),
    roles: [callerOf(line)],
  }
}

describe('API1:2023 Broken object level authorization', () => {
  const P2 = { roles: ['platform'] as const, platform: 'p2' }

  it('another platform’s directive, statement and messages are not there', async () => {
    const foreign = [`/v1/directives/${directiveId}`, `/v1/statements-of-reasons/${statementId}`]
    for (const path of foreign)
      refused(await ask({ method: 'GET', path, token: await system.token(P2) }), 404, path)
    const receipt = {
      method: 'POST',
      path: `/v1/directives/${directiveId}/receipts`,
      json: { status: 'done', at: '2026-11-24T07:00:00Z', platform: 'p1', directiveId },
    }
    refused(await ask({ ...receipt, token: await system.token(P2) }), 404)
    const stranger = await system.token({ roles: ['platform'], platform: 'p3' })
    const json = { messages: [message('m-2')], platform: 'p1' }
    refused(
      await ask({ service: 'ingestion', method: 'POST', path: '/v1/messages', json, token: stranger }),
      404,
    )
  })

  it('a list asked for another’s things stays empty', async () => {
    for (const path of [
      '/v1/directives?platform=p1',
      '/v1/statements-of-reasons?platform=p1&account=acc-1',
    ]) {
      const { status, text } = await ask({ method: 'GET', path, token: await system.token(P2) })
      expect([status, JSON.parse(text)]).toEqual([200, { items: [], nextCursor: null }])
    }
  })
})

describe('API2:2023 Broken authentication', () => {
  const CLAIMS = { sub: 'mallory', iss: 'weir-local', aud: 'weir', roles: ['admin', 'senior'] }
  const inAnHour = (): number => Math.floor(Date.now() / 1_000) + 3_600
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const ours = () => localKey(system.env['LOCAL_KEY_DIR']!)
  const signed = async (claims: JWTPayload, header: object = {}): Promise<string> =>
    new SignJWT({ ...CLAIMS, exp: inAnHour(), ...claims })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign((await ours()).privateKey, { crit: { 'x-admin': true } })
  const without = async (claim: string): Promise<string> => signed({ [claim]: undefined })
  const byStranger = async (header: object = {}): Promise<string> => {
    const { privateKey } = await generateKeyPair('ES256')
    return new SignJWT({ ...CLAIMS, exp: inAnHour() })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(privateKey)
  }
  const symmetric = (secret: string | Buffer): string => {
    const content = [
      { alg: 'HS256', typ: 'JWT' },
      { ...CLAIMS, exp: inAnHour() },
    ]
      .map(encoded)
      .join('.')
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
  }

  const FORGED: [string, () => Promise<string> | string][] = [
    ['alg none', () => new UnsecuredJWT({ ...CLAIMS, exp: inAnHour() }).encode()],
    ['alg nOnE', async () => `${encoded({ alg: 'nOnE' })}.${(await signed({})).split('.')[1]}.`],
    ['HS256 with our public key', async () => symmetric(await exportSPKI((await ours()).publicKey))],
    [
      'HS256 with our public JWK',
      async () => symmetric(JSON.stringify(await exportJWK((await ours()).publicKey))),
    ],
    ['HS256 with an empty secret', () => symmetric('')],
    ['another key', () => byStranger()],
    ['another key that names itself ours', async () => byStranger({ kid: (await ours()).keyId })],
    [
      'its own key in the header',
      async () => byStranger({ jwk: await exportJWK((await generateKeyPair('ES256')).publicKey) }),
    ],
    [
      'a key at its own address',
      () => byStranger({ jku: 'http://127.0.0.1:9/keys', kid: '../../etc/passwd' }),
    ],
    ['a signature cut off', async () => (await signed({})).replace(/[^.]+$/, '')],
    [
      'other claims under our signature',
      async () => {
        const [header, , signature] = (await signed({ roles: ['triage'] })).split('.')
        return [header, encoded({ ...CLAIMS, exp: inAnHour() }), signature].join('.')
      },
    ],
    ['expired', () => signed({ exp: inAnHour() - 7_200 })],
    ['not valid yet', () => signed({ nbf: inAnHour() })],
    ['another issuer', () => signed({ iss: 'https://issuer.example/' })],
    ['another audience', () => signed({ aud: 'other' })],
    ['no issuer', () => without('iss')],
    ['no audience', () => without('aud')],
    ['no expiry', () => without('exp')],
    ['no subject', () => without('sub')],
    ['an endless subject', () => signed({ sub: 'x'.repeat(10_000) })],
    ['a critical header that nobody knows', () => signed({}, { crit: ['x-admin'], 'x-admin': true })],
    ['no token', () => 'null'],
  ]

  it.each(FORGED)('%s: refused by every service', async (_name, make) => {
    const token = await make()
    for (const line of LINES) refused(await ask({ ...calledBy(line, 'x'), token }), 401, line.path)
  })

  it('a good token is taken from its header only', async () => {
    const good = await tokenOf('admin')
    const path = '/v1/platforms'
    const tries: Ask[] = [
      { method: 'GET', path: `${path}?access_token=${good}` },
      { method: 'GET', path, headers: { cookie: `token=${good}; authorization=Bearer ${good}` } },
      { method: 'GET', path, headers: { authorization: good } },
      { method: 'GET', path, headers: { authorization: `Basic ${good}` } },
      { method: 'GET', path, headers: { authorization: `Bearer ${good}, Bearer ${good}` } },
      { method: 'GET', path, headers: { 'x-authorization': `Bearer ${good}`, 'x-forwarded-user': 'admin' } },
    ]
    for (const one of tries) refused(await ask(one), 401, JSON.stringify(one.headers))
    expect((await ask({ method: 'GET', path, token: good })).status).toBe(200)
  })

  it.each([
    ['roles as a text', { roles: 'admin' }],
    ['roles as an object', { roles: { 0: 'admin', length: 1 } }],
    ['a role in other letters', { roles: ['Admin', 'ADMIN', ' admin', 'admin\0'] }],
    ['a list in the list', { roles: [['admin']] }],
    ['the claim of another name', { roles: [], role: 'admin', scope: 'admin', groups: ['admin'] }],
    ['a platform that is no id', { roles: ['platform'], platform: '../p1' }],
    ['a platform that is a list', { roles: ['platform'], platform: ['p1', 'p2'] }],
    ['a platform that is an operator', { roles: ['platform'], platform: { $ne: '' } }],
  ])('%s gives no role', async (_name, claims) => {
    const token = await signed(claims)
    refused(await ask({ method: 'GET', path: '/v1/platforms', token }), 403)
    refused(await ask({ method: 'GET', path: '/v1/directives', token }), 403)
  })
})

describe('API3:2023 Broken object property level authorization', () => {
  const MORE: [string, unknown][] = [
    ['status', 'banned'],
    ['state', 'closed'],
    ['level', 0],
    ['points', 0],
    ['roles', ['admin']],
    ['strikes', []],
    ['measures', []],
    ['approvedBy', 'mallory'],
  ]
  const reasons = 'Because.'
  const bodies = (): Ask[] => [
    { ...PATCHED, json: { name: 'p1' } },
    { method: 'POST', path: '/v1/platforms', roles: ['admin'], json: { id: 'p9', name: 'p9', contacts: [] } },
    { method: 'POST', path: `/v1/cases/${caseId}/notes`, roles: ['triage'], json: { text: 'A note.' } },
    {
      method: 'POST',
      path: `/v1/cases/${caseId}/decisions`,
      roles: ['triage'],
      json: { measure: 'none', reasons },
    },
    {
      method: 'POST',
      path: `/v1/directives/${directiveId}/answer`,
      roles: ['senior'],
      json: { text: 'Yes.' },
    },
    { method: 'POST', path: '/v1/decisions/x/approve', roles: ['senior'], json: { reasons } },
    {
      service: 'notification',
      method: 'PUT',
      path: '/v1/webhooks/p1',
      roles: ['admin'],
      json: { url: 'https://example.org/' },
    },
  ]

  it.each(MORE)('%s in a body is refused by name', async (name, value) => {
    for (const one of bodies()) {
      const answer = await ask({ ...one, json: { ...(one.json as object), [name]: value } })
      expect(refused(answer, 400, one.path).errors?.map(({ path }) => path)).toEqual([`/${name}`])
    }
  })

  it('fields that nobody knows have no effect', async () => {
    const contacts = [{ name: 'a', email: 'a@p1.example', roles: ['admin'] }]
    const more = { _id: 'p2', __v: 7, platformId: 'p2', registeredAt: '1970-01-01T00:00:00Z', pending: [] }
    const path = '/v1/platforms'
    // Judged for its e-mail, so that it is refused: the rest of it was dropped before.
    const wrong = { id: 'p9', name: 'p9', contacts: [{ ...contacts[0], email: 7 }], ...more }
    const { errors } = refused(await ask({ method: 'POST', path, roles: ['admin'], json: wrong }), 400)
    expect(errors?.map((one) => one.path)).toEqual(['/contacts/0/email'])
  })

  it('evidence, ids inside and secrets are not shown to who may only search', async () => {
    const { status, text } = await ask({ method: 'GET', path: '/v1/accounts', roles: ['hotline'] })
    expect(status).toBe(200)
    expect(text).toContain('acc-1')
    expect(text).not.toMatch(/inherit|"_id"|pending|outbox/)
  })
})

describe('API4:2023 Unrestricted resource consumption', () => {
  const LARGEST: Record<string, number> = {
    '/v1/messages': 32 * 1024 * 1024,
    '/v1/classify': 8 * 1024 * 1024,
    '/v1/banks/{bank}/entries/import': 4 * 1024 * 1024,
    '/v1/banks/{bank}/import': 4 * 1024 * 1024,
  }
  const TOO_LARGE = /^HTTP\/1\.1 413 [^]*application\/problem\+json[^]*"type":"too-large"/

  it('bodies larger than a route takes are a 413, by what they say and by what they are', async () => {
    for (const line of LINES.filter(({ method }) => method !== 'GET')) {
      const limit = LARGEST[line.path] ?? 256 * 1024
      const path = line.path.replaceAll(/\{\w+\}/g, 'x')
      const head = [
        `${line.method} ${path} HTTP/1.1`,
        'host: x',
        `authorization: Bearer ${await tokenOf(callerOf(line))}`,
        'content-type: application/json',
      ].join('\r\n')
      const said = `${head}\r\ncontent-length: ${limit + 1}\r\n\r\n{"text":"`
      expect(await spoken(line.service, said), line.path).toMatch(TOO_LARGE)
      if (limit > 256 * 1024) continue
      const chunk = `${(limit + 1).toString(16)}\r\n"${'x'.repeat(limit)}\r\n`
      const meant = `${head}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`
      expect(await spoken(line.service, meant), line.path).toMatch(TOO_LARGE)
    }
  })

  it('nobody unknown has a body read', async () => {
    const asked = [
      'POST /v1/messages HTTP/1.1',
      'host: x',
      'content-type: application/json',
      'content-length: 30000000',
    ]
    expect(await spoken('ingestion', `${asked.join('\r\n')}\r\n\r\n{"messages":[`)).toMatch(
      /^HTTP\/1\.1 401 [^]*application\/problem\+json/,
    )
  })

  it('bodies that would take long to parse are refused, and every service is alive meanwhile', async () => {
    const bodies: [ServiceName, string, Role, string][] = [
      ['ingestion', '/v1/messages', 'platform', `{"messages":[${'[],'.repeat(10_000_000)}[]]}`],
      ['ingestion', '/v1/messages', 'platform', '['.repeat(30_000_000)],
      ['classification', '/v1/classify', 'platform', '['.repeat(8_000_000)],
      ['classification', '/v1/classify', 'platform', '{"a":'.repeat(1_600_000)],
      ['enforcement', '/v1/platforms', 'admin', `{"contacts":[${'{},'.repeat(85_000)}{}]}`],
    ]
    for (const [service, path, role, body] of bodies) {
      const answer = await ask({ service, method: 'POST', path, roles: [role], body })
      expect([400, 413]).toContain(answer.status)
      refused(answer, answer.status, path)
      expect((await ask({ service, method: 'GET', path: '/health/live' })).status).toBe(200)
    }
  })

  it('a body in an encoding or in other characters than UTF-8 is a 415 on every route', async () => {
    for (const line of LINES.filter(({ method }) => method !== 'GET')) {
      const asked = calledBy(line, 'x')
      const gzip = await ask({ ...asked, body: '{}', headers: { 'content-encoding': 'gzip' } })
      refused(gzip, 415, line.path)
      const type = { 'content-type': 'application/json; charset=gbk' }
      refused(await ask({ ...asked, body: '{}', headers: type }), 415, line.path)
    }
  })

  it.each([
    ['a name', { ...PATCHED, json: { name: 'x'.repeat(201) } }, 400],
    [
      'a note',
      { method: 'POST', path: '/v1/cases/x/notes', roles: ['triage'], json: { text: 'x'.repeat(10_001) } },
      400,
    ],
    ['a list', { ...PATCHED, json: { contacts: Array.from({ length: 51 }, () => ({})) } }, 400],
    ['a page', { method: 'GET', path: '/v1/cases?limit=201', roles: ['triage'] }, 400],
    ['a page of less than nothing', { method: 'GET', path: '/v1/cases?limit=-1', roles: ['triage'] }, 400],
    ['a search', { method: 'GET', path: `/v1/accounts?q=${'x'.repeat(129)}`, roles: ['triage'] }, 400],
    ['a cursor', { method: 'GET', path: `/v1/cases?cursor=${'x'.repeat(501)}`, roles: ['triage'] }, 400],
    ['an id', { method: 'GET', path: `/v1/cases/${'x'.repeat(600)}`, roles: ['triage'] }, 404],
    ['an endless id', { method: 'GET', path: `/v1/cases/${'x'.repeat(5_000)}`, roles: ['triage'] }, 414],
    ['a key', { ...PATCHED, headers: { 'idempotency-key': 'x'.repeat(201) }, json: { name: 'x' } }, 400],
    ['headers', { method: 'GET', path: '/v1/cases', headers: { 'x-more': 'x'.repeat(20_000) } }, 431],
    [
      'too many messages',
      {
        service: 'ingestion',
        method: 'POST',
        path: '/v1/messages',
        roles: ['platform'],
        json: { messages: Array.from({ length: 501 }, (_, i) => message(`b-${i}`)) },
      },
      400,
    ],
    [
      'too many to classify',
      {
        service: 'classification',
        method: 'POST',
        path: '/v1/classify',
        roles: ['platform'],
        json: { messages: Array.from({ length: 101 }, (_, i) => message(`b-${i}`)) },
      },
      400,
    ],
  ] as [string, Ask, number][])('%s that is too long or too much', async (_name, asked, status) => {
    refused(await ask(asked), status)
  })

  it.each([
    [
      'aliases of aliases',
      `a: &a [x,x]\n${'bcdefghijklmnop'
        .split('')
        .map((name, i) => `${name}: &${name} [${`*${'abcdefghijklmnop'[i]!},`.repeat(9)}]`)
        .join('\n')}`,
    ],
    ['lists in lists', '['.repeat(60_000)],
    ['maps in maps', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['tags', 'name: !!js/function "function(){ process.exit() }"'],
    ['a merge of the prototype', '__proto__: { roles: [admin] }\nconstructor: { prototype: {} }'],
  ])('a policy of %s', async (_name, body) => {
    const headers = { 'content-type': 'application/yaml' }
    const draft = { method: 'POST', roles: ['policy_editor'], headers, body } as const
    refused(await ask({ ...draft, path: '/v1/policies' }), 400)
    const { status, text } = await ask({ ...draft, path: '/v1/policies/lint' })
    expect([status, (JSON.parse(text) as { ok: boolean }).ok]).toEqual([200, false])
  })
})

describe('a stale If-Match', () => {
  const json = (path: string): unknown => {
    const reasons = 'Because.'
    if (path.endsWith('/decisions')) return { measure: 'none', reasons }
    if (path.endsWith('/labels'))
      return { label: 'seen', reason: 'Because.', expiresAt: '2099-01-01T00:00:00Z' }
    if (path.endsWith('/receipts')) return { status: 'acknowledged', at: '2026-11-24T07:00:00Z' }
    if (path.endsWith('/snooze')) return { until: '2099-01-01T00:00:00Z', reason: 'Because.' }
    if (path.endsWith('/reassign')) return { assignee: 'anna' }
    if (path.endsWith('/messages')) return { messages: [message('m-9')] }
    if (path.endsWith('/classify')) return message('m-9')
    if (path.startsWith('/v1/webhooks/')) return { url: 'https://example.org/' }
    return { text: 'A note.', reasons, name: 'other', id: 'p9', contacts: [], mode: 'live' }
  }

  it('changes nothing on any route: 412, or refused before', async () => {
    const [decision] = await items('/v1/decisions')
    const ids: Record<string, string> = {
      cases: caseId,
      directives: directiveId,
      decisions: (decision as { decisionId?: string } | undefined)?.decisionId ?? 'x',
      policies: '1',
    }
    for (const line of LINES.filter(({ method }) => method !== 'GET')) {
      const resource = line.path.split('/')[2]!
      const path = line.path
        .replace('{platform}', 'p1')
        .replace('{account}', 'acc-1')
        .replaceAll(/\{\w+\}/g, resource === 'platforms' ? 'p1' : (ids[resource] ?? 'x'))
      for (const tag of ['"99999"', 'W/"1"', '"99998", "99999"']) {
        const headers = { 'if-match': tag }
        const answer = await ask({ ...calledBy(line, 'x'), path, headers, json: json(line.path) })
        // A fill that names nothing may be a 404 first, and a body that does not fit a 400.
        expect([400, 403, 404, 409, 412], `${line.method} ${path} ${answer.text}`).toContain(answer.status)
      }
    }
  })
})

describe('API5:2023 Broken function level authorization', () => {
  /** Whether another route takes the path by this method: `/cases/next` is claimed by POST and, as an id, read by GET. */
  const isAnother = ({ service, path }: AccessLine, method: string): boolean =>
    LINES.some((line) => {
      const pattern = new RegExp(`^${line.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
      return line.service === service && line.method === method && pattern.test(path)
    })

  it('a method that a route does not know is a 405 with those it knows', async () => {
    const known = Map.groupBy(LINES, ({ service, path }) => `${service} ${path}`)
    for (const [name, lines] of known) {
      const methods = lines.map(({ method }) => method)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        if (methods.includes(method) || isAnother(lines[0]!, method)) continue
        const answer = await ask({ ...calledBy(lines[0]!, 'x'), method })
        refused(answer, 405, `${method} ${name}`)
        expect(String(answer.headers['allow']).split(', ')).toEqual(expect.arrayContaining(methods))
      }
    }
  })

  it('no header makes one method or path another', async () => {
    const json = { name: 'other' }
    const headers = {
      'x-http-method-override': 'PATCH',
      'x-method-override': 'PATCH',
      'x-original-url': '/v1/platforms/p1',
      'x-rewrite-url': '/v1/platforms/p1',
    }
    refused(await ask({ method: 'POST', path: '/v1/platforms/p1', roles: ['admin'], headers, json }), 405)
    refused(await ask({ method: 'GET', path: '/v1/platforms', roles: ['triage'], headers }), 403)
  })

  it.each([
    '/v1/Platforms',
    '/V1/platforms',
    '//v1/platforms',
    '/v1//platforms',
    '/v1/platforms/',
    '/v1/./platforms',
    '/v1/x/../platforms',
    '/v1/platforms%2f',
    '/v1/platforms;a=b',
    '/v1/platforms%00',
    '/%2e/v1/platforms',
    '/v1/%70latforms/../cases',
    '/v1/platforms#',
  ])('%s opens nothing', async (path) => {
    for (const roles of [undefined, ['triage']] as const) {
      const answer = await ask({ method: 'GET', path, ...(roles ? { roles } : {}) })
      expect([401, 403, 404]).toContain(answer.status)
      refused(answer, answer.status)
    }
  })
})

describe('API6:2023 Unrestricted access to sensitive business flows', () => {
  it('a caller who is too quick is told to wait, and others are not', async () => {
    const limited = await system.startAnother('notification', { RATE_LIMIT_PER_SECOND: '3' })
    const token = await tokenOf('admin')
    const all = await Promise.all(
      Array.from({ length: 12 }, () =>
        rawRequest(limited.url, { method: 'GET', path: '/v1/notices?limit=1', token }),
      ),
    )
    const late = all.filter(({ status }) => status !== 200)
    expect(late.length).toBeGreaterThan(0)
    for (const one of late) {
      refused(one, 429)
      expect(one.headers['retry-after']).toBe('1')
    }
    const path = '/v1/notices?limit=1'
    const other = await rawRequest(limited.url, { method: 'GET', path, token: await tokenOf('auditor') })
    await limited.stop()
    expect(other.status).toBe(200)
  })

  it('nobody decides beyond a role by naming it otherwise', async () => {
    const path = `/v1/cases/${caseId}/decisions`
    const json = { measure: 'ban', clause: 'fraud.advance-fee', reasons: 'x', messageIds: ['m-1'] }
    refused(await ask({ method: 'POST', path, roles: ['moderator'], json }), 403)
    for (const measure of ['BAN', 'ban ', ['ban'], { $eq: 'ban' }, null])
      refused(await ask({ method: 'POST', path, roles: ['moderator'], json: { ...json, measure } }), 400)
  })
})

describe('API7:2023 Server side request forgery', () => {
  it.each([
    'http://example.org/',
    'https://127.0.0.1/',
    'https://localhost/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00:ec2::254]/',
    'https://10.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://user:pw@example.org/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:27017/',
    'javascript:alert(1)',
    '//example.org/',
    'https://',
    '',
  ])('a webhook at %s', async (url) => {
    const path = '/v1/webhooks/p1'
    refused(await ask({ service: 'notification', method: 'PUT', path, roles: ['admin'], json: { url } }), 400)
  })
})

describe('API8:2023 Security misconfiguration, with injection (API8:2019)', () => {
  const LISTS = LINES.filter(
    ({ method, path }) => method === 'GET' && !/\{|\/me\/|\/reports\/|\/(models|export)$/.test(path),
  )
  /** Policies, banks, checkpoints and operators are no platform's, and have no such filter; queues are few, and come on one page. */
  const takes = (line: AccessLine, query: string): boolean =>
    !(/^\/v1\/(policies|banks|public|operators)/.test(line.path) && query.startsWith('platform=')) &&
    !(line.path === '/v1/queues' && /^(limit|cursor)=/.test(query))
  const cursor = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url')

  it.each([
    'platform[$ne]=x',
    'platform[]=p1&platform[]=p2',
    'platform=p1&platform=p2',
    'platform.$gt=',
    '$where=sleep(1000)',
    'platform=%7B%22$ne%22:null%7D',
    '__proto__=x',
    'constructor[prototype][roles]=admin',
    'limit[$gt]=1',
    'limit=1e3',
    'limit=0x10',
    'limit=NaN',
    'cursor=x',
    `cursor=${cursor({ $gt: '' })}`,
    `cursor=${cursor([{ $gt: '' }, 'x'])}`,
    `cursor=${cursor([null, null])}`,
    `cursor=${cursor(['not a date', 'x', 'y', 'z'])}`,
    `cursor=${cursor([])}`,
  ])('?%s in every list', async (query) => {
    for (const line of LISTS.filter((one) => takes(one, query))) {
      const asked = calledBy(line, 'x')
      refused(await ask({ ...asked, path: `${asked.path}?${query}` }), 400, asked.path)
    }
  })

  const WRITES = LINES.filter(({ method }) => method !== 'GET')
  const DEEP = 100_000
  const BODIES: [string, string | Buffer][] = [
    ['not JSON', '{"a":'],
    ['half a text', '"'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['lists in lists', '['.repeat(DEEP) + ']'.repeat(DEEP)],
    ['objects in objects', '{"a":'.repeat(DEEP / 4) + '1' + '}'.repeat(DEEP / 4)],
  ]

  it.each(BODIES)('%s in every body', async (_name, body) => {
    for (const line of WRITES) {
      const answer = await ask({ ...calledBy(line, 'none-such'), body })
      // What takes no body does not look into it; the thing is not there, or there is nothing to claim.
      if (isParsed(body) && [204, 404].includes(answer.status)) continue
      if (isParsed(body) && line.path === '/v1/policies/lint') expect(answer.status).toBeLessThan(500)
      else refused(answer, 400, `${line.method} ${line.path}`)
    }
  })

  it.each([
    ['an operator', { $where: 'sleep(1000)' }],
    [
      'an operator for each field',
      Object.fromEntries(
        [
          'id',
          'name',
          'text',
          'url',
          'measure',
          'reasons',
          'status',
          'mode',
          'messages',
          'messageId',
          'contacts',
        ].map((name) => [name, { $ne: null }]),
      ),
    ],
    ['the prototype', JSON.parse('{"__proto__":{"roles":["admin"]}}')],
    ['the constructor', { constructor: { prototype: { roles: ['admin'] } } }],
    ['a list', []],
    ['a text', 'x'],
    ['a number', 7],
    ['nothing', null],
  ] as [string, unknown][])('%s as every body', async (_name, json) => {
    for (const line of WRITES) {
      const answer = await ask({ ...calledBy(line, 'none-such'), json })
      if ([204, 404].includes(answer.status)) continue
      if (line.path === '/v1/policies/lint') expect(answer.status).toBeLessThan(500)
      else refused(answer, 400, `${line.method} ${line.path}`)
    }
  })

  it('operators and prototypes deep in a body that is else right', async () => {
    const deadlines = ['$where', '__proto__', 'constructor'].map(
      (key) => JSON.parse(`{"suspend_account":{"${key}":1}}`) as unknown,
    )
    for (const one of deadlines) refused(await ask({ ...PATCHED, json: { deadlines: one } }), 400)
    const names: unknown[] = [{ $gt: '' }, ['p1'], { toString: 'x' }, 7, true]
    for (const name of names) refused(await ask({ ...PATCHED, json: { name } }), 400)
  })

  it('bodies of another type are a 415 on every route that takes one', async () => {
    const types = [
      'text/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/yaml',
      'application/octet-stream',
      'application/jsonp',
      'x',
      'application/x-yaml, application/json',
    ]
    for (const line of WRITES) {
      for (const type of types) {
        const yaml = /yaml|plain/.test(type) && ['/v1/policies', '/v1/policies/lint'].includes(line.path)
        if (yaml && !type.includes(',')) continue
        const headers = { 'content-type': type }
        refused(await ask({ ...calledBy(line, 'x'), headers, body: 'name=x' }), 415, `${type} ${line.path}`)
      }
    }
  })

  it('what else stands in the place of an id is not there, or no id', async () => {
    const ids: [string, number][] = [
      ['..%2F..%2Fplatforms', 404],
      ['..%5C..%5Cplatforms', 404],
      ['%2e%2e', 404],
      ['%2e%2e%2f%2e%2e%2fetc%2fpasswd', 404],
      ['%00', 404],
      ['x%0d%0aset-cookie:a=b', 404],
      ['%7B%22$ne%22:null%7D', 404],
      ['$ne', 404],
      ['__proto__', 404],
      ['constructor', 404],
      ['toString', 404],
      ['%E2%80%AE', 404],
      ['%ff', 400],
      ['%zz', 400],
    ]
    const taken = LINES.filter(
      ({ path, method }) =>
        path.includes('{') &&
        (method === 'GET' || /claim|release|rotate|redeliver|policies.*approve$/.test(path)),
    )
    expect(taken.length).toBeGreaterThan(10)
    for (const line of taken)
      for (const [id, status] of ids) {
        const answer = await ask(calledBy(line, id))
        refused(answer, status, `${line.path} ${id}`)
        expect(answer.headers['set-cookie']).toBeUndefined()
      }
  })

  it('halves of surrogate pairs and zeros break nothing, under a key or not', async () => {
    const keys: Record<string, string>[] = [{}, { 'idempotency-key': 'odd' }]
    for (const text of ['\\ud800', '\\udfff\\ud800', '\\u0000'])
      for (const headers of keys) {
        const body = `{"name":"${text}","id":"UPPER","contacts":[]}`
        refused(await ask({ method: 'POST', path: '/v1/platforms', roles: ['admin'], headers, body }), 400)
      }
  })

  it.each(SERVICES)(
    '%s answers every error with the headers of safety and tells nobody what it is made of',
    async (service) => {
      const tries: [Ask, number][] = [
        [{ service, method: 'GET', path: '/v1/nowhere' }, 404],
        [{ service, method: 'GET', path: '/%' }, 400],
        [{ service, method: 'GET', path: `/${'x'.repeat(9_000)}` }, 404],
        [{ service, method: 'POST', path: '/health/live' }, 405],
        [{ service, method: 'GET', path: '/', headers: { origin: 'https://evil.example' } }, 404],
      ]
      for (const [asked, status] of tries) {
        const answer = await ask(asked)
        refused(answer, status, asked.path)
        expect(answer.headers['x-content-type-options'], asked.path).toBe('nosniff')
        expect(answer.headers['content-security-policy'], asked.path).toBeDefined()
        for (const name of ['access-control-allow-origin', 'x-powered-by', 'server'])
          expect(answer.headers[name]).toBeUndefined()
        expect(answer.text).not.toContain('nowhere')
      }
      expect(await spoken(service, 'this is no HTTP\r\n\r\n')).toMatch(
        /^HTTP\/1\.1 400 [^]*application\/problem\+json/,
      )
    },
  )
})

describe('API9:2023 Improper inventory management', () => {
  it.each([
    '/v2/platforms',
    '/v0/cases',
    '/platforms',
    '/api/v1/platforms',
    '/admin',
    '/debug',
    '/.env',
    '/.git/config',
    '/graphql',
    '/openapi.yaml',
    '/v1',
  ])('%s is not there', async (path) => {
    for (const service of SERVICES)
      refused(await ask({ service, method: 'GET', path, roles: ['admin'] }), 404, path)
  })

  it('the test clock is not there unless it was asked for', async () => {
    const json = { now: '2031-01-01T00:00:00Z' }
    for (const service of SERVICES)
      refused(await ask({ service, method: 'POST', path: '/v1/test/clock', json, roles: ['admin'] }), 404)
  })
})

describe('API10:2023 Unsafe consumption of APIs', () => {
  it('what platforms stream is checked like what they post', async () => {
    const wrong = [
      message('n-1', { accountId: { $ne: null } }),
      message('n-2', { text: { $where: '1' } }),
      message('../../n-3'),
      JSON.parse('{"__proto__":{"roles":["admin"]},"messageId":"n-4"}') as object,
    ]
    const at = '2026-11-24T07:00:00Z'
    const receipts = [
      { directiveId: { $ne: null }, status: 'done', at },
      { directiveId, status: { $in: ['done'] }, at },
      { directiveId: 'none-such', status: 'done', at },
    ]
    const seen = deadLetters.length
    await system.produce(
      'weir.in.p1.messages.v1',
      wrong.map((value) => ({ value })),
    )
    await system.produce(
      'weir.in.p1.receipts.v1',
      receipts.map((value) => ({ value })),
    )
    await system.produce('weir.in.p2.receipts.v1', [{ value: { directiveId, status: 'acknowledged', at } }])
    await eventually('dead letters', () => deadLetters.length >= seen + 8)
    const reasons = deadLetters.slice(seen).map(({ headers }) => headers['weir-reason'])
    expect(reasons.sort()).toEqual(
      [...Array<string>(6).fill('schema'), 'unknown-directive', 'not-yours'].sort(),
    )
  })

  it('messages that are posted are judged one by one, and the wrong ones refused by name', async () => {
    const messages = [
      { messageId: { $ne: null } },
      message('n-5', { text: { $gt: '' } }),
      7,
      null,
      message('..%2f'),
    ]
    const path = '/v1/messages'
    const { status, text } = await ask({
      service: 'ingestion',
      method: 'POST',
      path,
      roles: ['platform'],
      json: { messages },
    })
    expect(status).toBe(202)
    const { results } = JSON.parse(text) as { results: { status: string; problem: { type: string } }[] }
    expect(results.map((one) => [one.status, one.problem.type])).toEqual(
      messages.map(() => ['invalid', 'schema']),
    )
  })
})

/** What a service says to bytes on a fresh connection, until it ends it or is silent for a second. */
function spoken(service: ServiceName, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(system.services[service].port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    const end = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(1_000, end)
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('end', end)
    // A service that has answered ends the connection though more was coming.
    socket.on('error', (error) => (text === '' ? reject(error) : end()))
  })
}

/** Whether a body is JSON, so that a handler that wants none does not mind it. */
function isParsed(body: string | Buffer): boolean {
  return typeof body === 'string' && /[\]}]$/.test(body)
}
