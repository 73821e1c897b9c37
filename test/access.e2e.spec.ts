import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import type { Directive } from '#libs/contracts/directive'
import { MEASURES } from '#libs/contracts/measures-in-force'
import { type Role, ROLES } from '#libs/runtime/auth/roles'
import { type AccessLine, accessLines } from './access-table.js'
import { type RawAnswer, rawRequest } from './harness/raw-request.js'
import { eventually, jsonOf, WeirSystem } from './harness/weir-system.js'

const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
const LINES = accessLines(SERVICES)

let system: WeirSystem

beforeAll(async () => {
  system = await WeirSystem.start()
})
afterAll(() => system.stop())

const nameOf = ({ service, method, path }: AccessLine): string => `${service} ${method} ${path}`

/** Somebody with these roles; `claims: false` leaves out which platform or authority it is. */
const tokenOf = (roles: readonly Role[], claims = true): Promise<string> =>
  system.token({
    roles,
    subject: `somebody with ${roles.join()}`,
    ...(claims ? { platform: 'p-own', authority: 'a-own' } : {}),
  })

/** Calls a route with a thing that is not there and a body that says nothing. */
const call = ({ service, method, path }: AccessLine, token?: string): Promise<RawAnswer> =>
  rawRequest(system.services[service].url, {
    method,
    path: path.replaceAll(/\{\w+\}/g, 'none-such'),
    token,
    ...(method === 'GET' ? {} : { body: '{}' }),
  })

const isProblem = ({ status, headers, text }: RawAnswer, slug: string): void => {
  expect(headers['content-type']).toMatch(/^application\/problem\+json/)
  expect(JSON.parse(text)).toMatchObject({ type: slug, status })
}

interface Marked {
  'x-public'?: true
  'x-roles'?: Role[]
}

interface Document {
  paths: Record<string, Record<string, Marked>>
  'x-routes': (Marked & { method: string; path: string })[]
}

/** Every route of a service as its running document tells it. */
async function documented(service: ServiceName): Promise<AccessLine[]> {
  const { text } = await rawRequest(system.services[service].url, { method: 'GET', path: '/openapi.json' })
  const document = JSON.parse(text) as Document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  )
  return [...operations, ...document['x-routes']].map(({ method, path, ...marks }) => ({
    service,
    method,
    path,
    access: marks['x-public'] ? 'public' : (marks['x-roles'] ?? []),
  }))
}

const sorted = (lines: readonly AccessLine[]): string[] =>
  lines.map((line) => `${nameOf(line)} ${[line.access].flat().toSorted().join(' ')}`).sort()

describe('the documents of the running services', () => {
  it('name every route of the table and no other, with the roles of the table', async () => {
    const all = (await Promise.all(SERVICES.map(documented))).flat()
    expect(sorted(all)).toEqual(sorted(LINES))
  })

  it.each(SERVICES)('of %s can be read by everybody', async (service) => {
    for (const path of ['/docs', '/openapi.json'])
      expect((await rawRequest(system.services[service].url, { method: 'GET', path })).status).toBe(200)
  })
})

const PUBLIC = LINES.filter(({ access }) => access === 'public')
const GUARDED = LINES.filter(({ access }) => access !== 'public')

describe.each(PUBLIC.map((line) => [nameOf(line), line] as const))('%s', (_name, line) => {
  it('is for everybody, but not for a token that is none', async () => {
    for (const token of [undefined, ...(await Promise.all(ROLES.map((role) => tokenOf([role]))))]) {
      const { status, headers } = await call(line, token)
      expect(status).not.toBe(401)
      // The page of an appeal refuses for want of a link, and not of a role.
      if (status === 403) expect(headers['content-type']).toMatch(/^text\/html/)
      expect(status).toBeLessThan(500)
    }
    isProblem(await call(line, 'none.such.token'), 'unauthenticated')
  })
})

describe.each(GUARDED.map((line) => [nameOf(line), line] as const))('%s', (_name, line) => {
  const allowed = line.access as readonly Role[]
  const refused = ROLES.filter((role) => !allowed.includes(role))

  it('is for nobody without a token', async () => {
    const answer = await call(line)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    isProblem(answer, 'unauthenticated')
  })

  it.each(ROLES)(`and %s: ${allowed.join(', ')} may`, async (role) => {
    const answer = await call(line, await tokenOf([role]))
    if (allowed.includes(role)) {
      expect([401, 403]).not.toContain(answer.status)
      expect(answer.status).toBeLessThan(500)
    } else {
      expect(answer.status).toBe(403)
      isProblem(answer, 'forbidden')
    }
  })

  it('is for no combination of the other roles, nor for a token without any', async () => {
    expect((await call(line, await tokenOf(refused))).status).toBe(403)
    expect((await call(line, await tokenOf([]))).status).toBe(403)
  })

  it('is for a platform or an authority only where the token says which', async () => {
    expect((await call(line, await tokenOf(['platform', 'authority'], false))).status).toBe(403)
  })
})

const message = (messageId: string, accountId: string): object => ({
  messageId,
  accountId,
  visibility: 'public',
  sentAt: new Date().toISOString(),
  text: HARMFUL,
})
const P1 = { roles: ['platform'] as const, platform: 'p1', subject: 'machine' }
/** The same subject on purpose: who a token is for decides, not what its bearer is called. */
const P2 = { ...P1, platform: 'p2' }
const REVIEWERS = { roles: ['senior'] as const }

interface Listed {
  items: Record<string, unknown>[]
  nextCursor: string | null
}

describe('with two platforms that both have an account acc-1', () => {
  let directiveId: string
  let statementId: string
  let caseId: string
  const list = async (path: string, as: Parameters<WeirSystem['call']>[2]): Promise<Listed> => {
    const { status, body } = await system.call<Listed>('enforcement', path, as)
    expect(status).toBe(200)
    return body
  }

  beforeAll(async () => {
    for (const id of ['p1', 'p2']) expect((await system.register(id)).status).toBe(201)
    const directives = await system.follow('weir.out.p1.directives.v1')
    await system.produce('weir.in.p1.messages.v1', [
      { key: 'acc-1', value: message('m-1', 'acc-1') },
      { key: 'acc-1', value: message('m-2', 'acc-1') },
    ])
    const found = await eventually('directives', () =>
      directives.length >= 3 ? directives.map((one) => jsonOf<Directive>(one)) : undefined,
    )
    await system.drained(['p1'])
    ;({ directiveId } = found[0]!)
    statementId = found[0]!.statementOfReasonsId!
    caseId = found[0]!.caseId!
  })

  const account = async (platform: string): Promise<unknown> =>
    (await system.call('enforcement', `/v1/accounts/${platform}/acc-1`, REVIEWERS)).body

  describe('a role decides as far as its row says', () => {
    it.each(
      MEASURES.flatMap((measure) =>
        (['triage', 'moderator', 'senior'] as const).map((r) => [r, measure] as const),
      ),
    )('%s: %s', async (role, measure) => {
      const far = { triage: ['none'], moderator: MEASURES.filter((one) => one !== 'ban'), senior: MEASURES }
      const json = {
        measure,
        reasons: 'Because.',
        messageIds: ['m-1'],
        ...(measure === 'none' ? {} : { clause: 'fraud.advance-fee' }),
      }
      const path = `/v1/cases/${caseId}/decisions?dryRun=true`
      const { status } = await system.call('enforcement', path, { roles: [role] }, { json })
      expect(status).toBe((far[role] as readonly string[]).includes(measure) ? 200 : 403)
    })
  })

  describe('the other platform', () => {
    it('cannot tell a directive or statement that is not its own from one that is not there', async () => {
      const ids: [string, string, string][] = [
        ['GET', '/v1/directives/', directiveId],
        ['GET', '/v1/statements-of-reasons/', statementId],
      ]
      for (const [method, path, id] of ids) {
        expect((await system.call('enforcement', path + id, P1, { method })).status).toBe(200)
        const foreign = await system.call('enforcement', path + id, P2, { method })
        const missing = await system.call('enforcement', `${path}none-such`, P2, { method })
        expect(foreign.status).toBe(404)
        expect(foreign).toEqual(missing)
      }
    })

    it('sees nothing in its lists, whatever it asks for, and by whichever cursor', async () => {
      for (const resource of ['directives', 'statements-of-reasons']) {
        const first = await list(`/v1/${resource}?limit=1`, P1)
        expect(first.items).toHaveLength(1)
        expect(first.nextCursor).not.toBeNull()
        const queries = [
          '',
          '?platform=p1',
          '?account=acc-1',
          '?platform=p1&account=acc-1',
          '?limit=1',
          `?cursor=${first.nextCursor}`,
        ]
        for (const query of queries)
          expect(await list(`/v1/${resource}${query}`, P2)).toEqual({ items: [], nextCursor: null })
      }
    })

    it('cannot answer a directive that is not its own: nothing is changed, under no key', async () => {
      const before = (await system.call('enforcement', `/v1/directives/${directiveId}`, P1)).body
      const body = JSON.stringify({ status: 'acknowledged', at: new Date().toISOString() })
      const receipt = async (as: typeof P1, key: string): Promise<RawAnswer> =>
        rawRequest(system.services.enforcement.url, {
          method: 'POST',
          path: `/v1/directives/${directiveId}/receipts`,
          token: await system.token(as),
          headers: { 'idempotency-key': key },
          body,
        })
      isProblem(await receipt(P2, 'k-1'), 'not-found')
      expect((await system.call('enforcement', `/v1/directives/${directiveId}`, P1)).body).toEqual(before)
      expect((await receipt(P1, 'k-1')).status).toBe(200)
      // The answer that is kept under a key is for the one who was given it.
      isProblem(await receipt(P2, 'k-1'), 'not-found')
    })

    it('sends messages and has them judged in its own name only, which counts nothing for the first', async () => {
      const before = await account('p1')
      const foreign = { ...message('m-3', 'acc-1'), platform: 'p1', platformId: 'p1' }
      const judged = await system.call('classification', '/v1/classify', P2, { json: foreign })
      expect(judged).toMatchObject({ status: 200, body: { platformId: 'p2' } })
      const sent = await system.call('ingestion', '/v1/messages', P2, { json: { messages: [foreign] } })
      expect(sent.status).toBe(202)
      await eventually(
        'what it sent is its own',
        async () => (await list('/v1/directives', P2)).items.length > 0,
      )
      await system.drained(['p1', 'p2'])
      expect(await account('p1')).toEqual(before)
      expect(await account('p2')).toMatchObject({ platformId: 'p2', strikes: [{ messageId: 'm-3' }] })
      const own = [
        ...(await list('/v1/directives', P2)).items,
        ...(await list('/v1/statements-of-reasons', P2)).items,
      ]
      expect(own.map(({ platformId }) => platformId)).toEqual(own.map(() => 'p2'))
      const theirs = await list('/v1/directives?limit=200', P1)
      expect(theirs.items.map(({ platformId }) => platformId)).toEqual(theirs.items.map(() => 'p1'))
    })

    it('is nobody where it is not registered', async () => {
      const stranger = { ...P1, platform: 'p3' }
      const json = { messages: [message('m-1', 'acc-1')] }
      expect((await system.call('ingestion', '/v1/messages', stranger, { json })).status).toBe(404)
      expect(await list('/v1/directives', stranger)).toEqual({ items: [], nextCursor: null })
    })
  })
})
