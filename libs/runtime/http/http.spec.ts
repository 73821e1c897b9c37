import { Body, Controller, Get, HttpCode, Module, Param, Post, Query, type Type } from '@nestjs/common'
import { getConnectionToken } from '@nestjs/mongoose'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createConnection } from 'mongoose'
import { join } from 'node:path'
import { generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Int, Many, Optional, Text } from '#libs/contracts/fields'
import { type Caller, CurrentCaller } from '../auth/caller.js'
import { localKey } from '../auth/local-key.js'
import { signLocalToken } from '../auth/local-token.js'
import { Public, Roles } from '../auth/roles.decorator.js'
import { Routes, UnguardedRouteError } from '../auth/routes.js'
import { dressApp, fastifyAdapter } from '../bootstrap.js'
import { Clock } from '../clock.js'
import { readEnv, ServiceEnv } from '../env.js'
import { PermanentError, RetryableError } from '../errors.js'
import { createLogger } from '../logger.js'
import { RuntimeModule } from '../runtime.module.js'
import { ENV } from '../tokens.js'
import { BodyLimit } from './body-limit.js'
import { assertFresh, type ExpectedVersions, IfMatch } from './if-match.js'
import { apiBody, apiOk, apiOperation, apiPage, apiQuery, apiTag, documentWithoutStart } from './openapi.js'
import { PageController } from './page.decorator.js'
import { PageQuery } from './paging.js'
import { conflict } from './problem.js'
import { QueryFlag } from './query-fields.js'

class Part {
  @Int(0, 9) size!: number
}

class Thing {
  @Text(5, 1) name!: string
  @Optional() @Text(5) colour?: string
  @Optional() @Many(() => Part, 3) parts?: Part[]
}

class ThingQuery extends PageQuery {
  @Optional() @QueryFlag() broken?: boolean
}

/** For the compiler: it refuses methods whose answers are not what their classes say. */
export class Drifted {
  // @ts-expect-error a thing has a name
  @apiOk(Thing)
  lacksField() {
    return { colour: 'red' }
  }

  // @ts-expect-error a thing is no page of things
  @apiPage(Thing)
  async isNoPage() {
    return { name: 'a' }
  }

  @apiPage(Thing)
  async isPage() {
    return { items: [{ name: 'a' }], nextCursor: null }
  }
}

const GUIDE = {
  description: 'Keeps things.',
  tags: { Things: 'What there is.', Parts: 'What it is made of.' },
}

@Controller('things')
@apiTag('Things')
@Roles('moderator', 'senior')
class ThingController {
  @Post()
  @apiOperation('Makes a thing.', 'It is kept for a day.')
  @apiBody(Thing)
  make(@Body() thing: Thing, @CurrentCaller() caller: Caller) {
    return { thing, caller }
  }

  @Get()
  @apiOk(ThingQuery)
  @apiQuery(ThingQuery)
  list(@Query() query: ThingQuery) {
    return query
  }

  @Post('big')
  @HttpCode(200)
  @BodyLimit(2_000_000)
  big(@Body() body: unknown) {
    return { length: JSON.stringify(body).length }
  }

  @Get('versioned')
  versioned(@IfMatch() ifMatch: ExpectedVersions | undefined) {
    assertFresh(ifMatch, 3)
    return { version: 3 }
  }

  @Get('broken/:how')
  broken(@Param('how') how: string) {
    if (how === 'permanent') throw new PermanentError('bad-thing', 'It is bad.', '/thing')
    if (how === 'retryable') throw new RetryableError('away', 'secret host is away')
    if (how === 'conflict') throw conflict('taken', 'It is taken.')
    if (how === 'refused') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    throw new TypeError('secret detail')
  }

  @Public()
  @Get('open')
  @apiOperation('Tells who calls.', 'It is so.')
  open(@CurrentCaller() caller: Caller) {
    return { subject: caller.subject }
  }

  @Roles('platform')
  @Get('mine')
  mine(@CurrentCaller() caller: Caller) {
    return { platform: caller.platform }
  }
}

@Public()
@PageController('page')
class PageOfThings {
  @Get()
  show() {
    return 'hello'
  }
}

@Controller('forgotten')
class ForgottenController {
  @Get()
  open() {
    return 'anybody'
  }
}

@Module({
  imports: [RuntimeModule.forService('ingestion', ServiceEnv)],
  controllers: [ThingController, PageOfThings],
})
class ThingModule {}

/** The connection is never opened: what these tests ask for needs no database. */
async function startApp(module: Type, env: Record<string, string>): Promise<NestFastifyApplication> {
  const settings = readEnv(ServiceEnv, { MONGODB_INDEXES: '0', ...env })
  const testing = await Test.createTestingModule({ imports: [module] })
    .overrideProvider(ENV)
    .useValue(settings)
    .overrideProvider(getConnectionToken())
    .useFactory({ factory: () => createConnection() })
    .compile()
  const app = testing.createNestApplication<NestFastifyApplication>(fastifyAdapter(settings), {
    logger: false,
  })
  await dressApp(app, { service: 'ingestion', guide: GUIDE }, createLogger('ingestion', 'silent'))
  await app.init()
  await app.getHttpAdapter().getInstance().ready()
  return app
}

let keys: string
let app: NestFastifyApplication
let moderator: string

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'weir-keys-'))
  app = await startApp(ThingModule, { LOCAL_KEY_DIR: keys, LOG_LEVEL: 'silent', TEST_CLOCK: '1' })
  moderator = await signLocalToken(keys, { roles: ['moderator'], subject: 'mo' })
})

afterAll(async () => {
  await app.close()
  await rm(keys, { recursive: true })
})

interface Asked {
  status: number
  type: unknown
  body: Record<string, unknown> & { type?: string; errors?: { path: string; reason: string }[] }
  headers: Record<string, unknown>
}

async function ask(
  method: 'GET' | 'POST',
  url: string,
  { token, body, headers = {} }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Asked> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body)
  const answer = await app.inject({
    method,
    url,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(raw ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body as object }),
  })
  const isJson = /json/.test(String(answer.headers['content-type']))
  return {
    status: answer.statusCode,
    type: answer.headers['content-type'],
    body: isJson ? (JSON.parse(answer.body) as Asked['body']) : {},
    headers: answer.headers,
  }
}

describe('tokens', () => {
  const base = () =>
    new SignJWT({ roles: ['moderator'] }).setSubject('mo').setIssuer('weir-local').setAudience('weir')
  const header = { alg: 'ES256' }
  let right: CryptoKey
  let publicKey: CryptoKey

  beforeAll(async () => {
    const key = await localKey(keys)
    right = key.privateKey
    publicKey = key.publicKey
  })

  const hs256 = async () => {
    const { subtle } = globalThis.crypto
    const spki = Buffer.from(await subtle.exportKey('spki', publicKey)).toString('base64')
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki.match(/.{1,64}/g)!.join('\n')}\n-----END PUBLIC KEY-----`
    const claims = { roles: ['admin'], sub: 'x', iss: 'weir-local', aud: 'weir', exp: 9_999_999_999 }
    const signed = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    return [...signed, createHmac('sha256', pem).update(signed.join('.')).digest('base64url')].join('.')
  }

  const tampered = async () => {
    const [head, claims, signature] = moderator.split('.') as [string, string, string]
    const more = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), roles: ['senior'] }
    return [head, Buffer.from(JSON.stringify(more)).toString('base64url'), signature].join('.')
  }

  const hostile: [string, () => Promise<string>, number][] = [
    [
      'no algorithm',
      async () =>
        new UnsecuredJWT({ roles: ['moderator'] })
          .setSubject('mo')
          .setIssuer('weir-local')
          .setAudience('weir')
          .setExpirationTime('1h')
          .encode(),
      401,
    ],
    ['HS256 signed with the public key', hs256, 401],
    ['other claims under an old signature', tampered, 401],
    [
      'another key',
      async () =>
        base()
          .setProtectedHeader(header)
          .setExpirationTime('1h')
          .sign((await generateKeyPair('ES256')).privateKey),
      401,
    ],
    ['expired', () => base().setProtectedHeader(header).setExpirationTime('-1m').sign(right), 401],
    [
      'not valid yet',
      () => base().setProtectedHeader(header).setNotBefore('10m').setExpirationTime('1h').sign(right),
      401,
    ],
    ['without expiry', () => base().setProtectedHeader(header).sign(right), 401],
    [
      'wrong audience',
      () => base().setAudience('other').setProtectedHeader(header).setExpirationTime('1h').sign(right),
      401,
    ],
    [
      'wrong issuer',
      () => base().setIssuer('other').setProtectedHeader(header).setExpirationTime('1h').sign(right),
      401,
    ],
    [
      'without subject',
      () =>
        new SignJWT({ roles: ['moderator'] })
          .setIssuer('weir-local')
          .setAudience('weir')
          .setProtectedHeader(header)
          .setExpirationTime('1h')
          .sign(right),
      401,
    ],
    ['not a token', async () => 'abc', 401],
    ['no roles', () => signLocalToken(keys, { roles: [], subject: 'mo' }), 403],
    ['a role too few', () => signLocalToken(keys, { roles: ['triage'], subject: 'mo' }), 403],
    [
      'roles as a text',
      () =>
        new SignJWT({ roles: 'moderator' })
          .setSubject('mo')
          .setIssuer('weir-local')
          .setAudience('weir')
          .setProtectedHeader(header)
          .setExpirationTime('1h')
          .sign(right),
      403,
    ],
    ['good', async () => moderator, 200],
  ]

  it.each(hostile)('%s', async (_name, make, status) => {
    const answer = await ask('GET', '/v1/things', { token: await make() })
    expect(answer.status).toBe(status)
    if (status === 200) return
    expect(answer.type).toMatch(/^application\/problem\+json/)
    expect(answer.body.type).toBe(status === 401 ? 'unauthenticated' : 'forbidden')
  })

  it('asks for one before anything else', async () => {
    expect(await ask('POST', '/v1/things', { body: {} })).toMatchObject({
      status: 401,
      body: { type: 'unauthenticated' },
    })
    expect(await ask('GET', '/v1/things', { headers: { authorization: 'Basic YTpi' } })).toMatchObject({
      status: 401,
    })
  })

  it('lets a public route through, but not with a bad token', async () => {
    expect(await ask('GET', '/v1/things/open')).toMatchObject({ status: 200, body: { subject: '' } })
    expect(await ask('GET', '/v1/things/open', { token: moderator })).toMatchObject({
      body: { subject: 'mo' },
    })
    expect(await ask('GET', '/v1/things/open', { token: 'abc' })).toMatchObject({ status: 401 })
  })

  it('counts the role platform only with the claim that says which', async () => {
    const withClaim = await signLocalToken(keys, { roles: ['platform'], platform: 'p1', subject: 'p1' })
    const without = await signLocalToken(keys, { roles: ['platform'], subject: 'p1' })
    const odd = await signLocalToken(keys, { roles: ['platform'], platform: 'P 1', subject: 'p1' })
    expect(await ask('GET', '/v1/things/mine', { token: withClaim })).toMatchObject({
      status: 200,
      body: { platform: 'p1' },
    })
    expect(await ask('GET', '/v1/things/mine', { token: without })).toMatchObject({ status: 403 })
    expect(await ask('GET', '/v1/things/mine', { token: odd })).toMatchObject({ status: 403 })
    expect(await ask('GET', '/v1/things/mine', { token: moderator })).toMatchObject({ status: 403 })
  })
})

describe('routes', () => {
  it('know who may call them', () => {
    const routes = app.get(Routes).list()
    expect(routes).toContainEqual({ method: 'POST', path: '/v1/things', access: ['moderator', 'senior'] })
    expect(routes).toContainEqual({ method: 'GET', path: '/v1/things/mine', access: ['platform'] })
    expect(routes).toContainEqual({ method: 'GET', path: '/v1/things/open', access: 'public' })
    expect(routes).toContainEqual({ method: 'GET', path: '/page', access: 'public' })
    expect(routes).toContainEqual({ method: 'GET', path: '/health/ready', access: 'public' })
  })

  it('keep the service from starting where one says nothing', async () => {
    @Module({
      imports: [RuntimeModule.forService('ingestion', ServiceEnv)],
      controllers: [ForgottenController],
    })
    class ForgottenModule {}
    const settings = { LOCAL_KEY_DIR: keys, LOG_LEVEL: 'silent' }
    await expect(startApp(ForgottenModule, settings)).rejects.toThrow(UnguardedRouteError)
    await expect(startApp(ForgottenModule, settings)).rejects.toThrow(/ForgottenController\.open/)
  })

  it('stand under /v1, pages outside', async () => {
    expect((await ask('GET', '/page')).status).toBe(200)
    expect((await ask('GET', '/v1/page')).status).toBe(404)
    expect((await ask('GET', '/things', { token: moderator })).status).toBe(404)
  })
})

describe('bodies', () => {
  const post = (body: unknown, headers?: Record<string, string>) =>
    ask('POST', '/v1/things', { token: moderator, body, ...(headers ? { headers } : {}) })

  it('are taken as declared: unknown fields dropped, null as absent', async () => {
    const answer = await post({ name: 'a', colour: null, extra: 1, parts: [{ size: 1, extra: 2 }] })
    expect(answer).toMatchObject({ status: 201, body: { caller: { subject: 'mo', roles: ['moderator'] } } })
    expect(answer.body['thing']).toStrictEqual({ name: 'a', parts: [{ size: 1 }] })
  })

  it.each([
    ['a missing field', {}, ['/name']],
    ['a wrong type', { name: 5 }, ['/name']],
    ['a null where something is needed', { name: null }, ['/name']],
    ['a number as a text is not converted', { name: 'a', parts: [{ size: '1' }] }, ['/parts/0/size']],
    ['several at once', { name: '', parts: [{ size: 1 }, { size: 99 }] }, ['/name', '/parts/1/size']],
    ['a list', [], ['']],
    ['no body', undefined, ['/name']],
  ])('refused: %s', async (_name, body, paths) => {
    const answer = await post(body)
    expect(answer).toMatchObject({ status: 400, body: { type: 'invalid-request', status: 400 } })
    expect(answer.body.errors!.map((error) => error.path)).toStrictEqual(paths)
  })

  it.each([
    ['not JSON', '{"name":', 400, 'not-json'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'not-utf8'],
    ['a __proto__ key', '{"name":"a","__proto__":{"x":1}}', 400, 'schema'],
    ['a constructor key', '{"name":"a","parts":[{"constructor":1}]}', 400, 'schema'],
    ['too deep', '['.repeat(100_000) + ']'.repeat(100_000), 400, 'too-deep'],
    ['too large', JSON.stringify({ name: 'a'.repeat(300_000) }), 413, 'too-large'],
  ])('refused: %s', async (_name, body, status, slug) => {
    expect(await post(body)).toMatchObject({
      status,
      type: expect.stringMatching(/problem/) as unknown,
      body: { type: slug },
    })
  })

  it.each([
    ['a name given twice', '{"name":"a","name":"b"}', '/name'],
    [
      'one within an object that nobody looks at',
      String.raw`{"name":"a","x":[{"y":1,"\u0079":1}]}`,
      '/x/0/y',
    ],
  ])('refused: %s', async (_name, body, path) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { type: 'invalid-request', errors: [{ path, reason: 'is given twice' }] },
    })
  })

  it('of a type that no route takes are a 415', async () => {
    const answer = await post('<a/>', { 'content-type': 'text/xml' })
    expect(answer).toMatchObject({ status: 415, body: { type: 'unsupported-media-type' } })
  })

  it('may be larger where the route says so', async () => {
    const body = JSON.stringify({ text: 'a'.repeat(1_000_000) })
    expect(await ask('POST', '/v1/things/big', { token: moderator, body })).toMatchObject({ status: 200 })
    const larger = JSON.stringify({ text: 'a'.repeat(2_100_000) })
    expect(await ask('POST', '/v1/things/big', { token: moderator, body: larger })).toMatchObject({
      status: 413,
    })
  })
})

describe('what no route takes', () => {
  const refusedAs = (status: number, type: string) => ({
    status,
    type: expect.stringMatching(/^application\/problem\+json/) as unknown,
    body: { type, status },
  })

  it('a method: 405 with those it knows', async () => {
    const answer = await app.inject({ method: 'PATCH', url: '/v1/things/broken/x' })
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD'])
    expect(answer.json()).toMatchObject({ type: 'method-not-allowed' })
    expect((await app.inject({ method: 'PATCH', url: '/v1/things/broken/' })).statusCode).toBe(404)
  })

  it('a form, which some parser of the service would know', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await ask('POST', '/v1/things', { token: moderator, body: 'name=a', headers })
    expect(answer).toMatchObject(refusedAs(415, 'unsupported-media-type'))
  })

  it('an address that is no URL, or has no end', async () => {
    expect(await ask('GET', '/v1/things/broken/%zz')).toMatchObject(refusedAs(400, 'invalid-request'))
    const endless = `/v1/things/broken/${'x'.repeat(700)}`
    const answer = await ask('GET', endless)
    expect(answer).toMatchObject(refusedAs(414, 'too-long'))
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  it('a body of somebody unknown: it is not even read', async () => {
    expect(await ask('POST', '/v1/things', { body: '{"name":' })).toMatchObject({ status: 401 })
    expect(await ask('POST', '/v1/things', { body: '{"name":', token: moderator })).toMatchObject({
      status: 400,
    })
  })

  it.each([
    [
      'what Weir alone sets',
      { name: 'a', level: 0, roles: ['admin'] },
      'invalid-request',
      ['/level', '/roles'],
    ],
    ['an operator', { name: 'a', parts: [{ $gt: 1 }] }, 'schema', ['/parts/0/$gt']],
  ])('%s in a body', async (_name, body, type, paths) => {
    const answer = await ask('POST', '/v1/things', { token: moderator, body })
    expect(answer).toMatchObject(refusedAs(400, type))
    expect(answer.body.errors!.map(({ path }) => path)).toStrictEqual(paths)
  })

  it.each(['state[$ne]=x', '$where=1', 'limit.$gt=1', '__proto__=x'])('?%s', async (query) => {
    expect(await ask('GET', `/v1/things?${query}`, { token: moderator })).toMatchObject({ status: 400 })
  })
})

describe('queries', () => {
  it('are converted as declared', async () => {
    const answer = await ask('GET', '/v1/things?limit=7&broken=1&other=x', { token: moderator })
    expect(answer.body).toStrictEqual({ limit: 7, broken: true })
    expect((await ask('GET', '/v1/things', { token: moderator })).body).toStrictEqual({ limit: 50 })
  })

  it.each(['limit=0', 'limit=1e2', 'limit=500', 'limit=1&limit=2', 'broken=maybe'])(
    'refused: %s',
    async (query) => {
      const answer = await ask('GET', `/v1/things?${query}`, { token: moderator })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: `/${query.split('=')[0]}` }] } })
    },
  )
})

describe('failures', () => {
  it.each([
    ['permanent', 400, 'bad-thing'],
    ['retryable', 503, 'unavailable'],
    ['refused', 503, 'unavailable'],
    ['conflict', 409, 'taken'],
    ['bug', 500, 'internal'],
  ])('%s', async (how, status, slug) => {
    const answer = await ask('GET', `/v1/things/broken/${how}`, { token: moderator })
    expect(answer).toMatchObject({
      status,
      type: expect.stringMatching(/^application\/problem\+json/) as unknown,
      body: { type: slug },
    })
    expect(JSON.stringify(answer.body)).not.toContain('secret')
    if (status === 503) expect(answer.headers['retry-after']).toBe('2')
  })

  it('an unknown route is a problem too, and does not repeat the path', async () => {
    const answer = await ask('GET', '/v1/nowhere')
    expect(answer).toMatchObject({ status: 404, body: { type: 'not-found' } })
    expect(JSON.stringify(answer.body)).not.toContain('nowhere')
  })
})

describe('versions', () => {
  it('are sent as ETag and compared with If-Match', async () => {
    const get = (tag?: string) =>
      ask('GET', '/v1/things/versioned', {
        token: moderator,
        ...(tag ? { headers: { 'if-match': tag } } : {}),
      })
    expect((await get()).headers['etag']).toBe('"3"')
    expect((await get('"3"')).status).toBe(200)
    expect((await get('*')).status).toBe(200)
    expect(await get('"2"')).toMatchObject({ status: 412, body: { type: 'stale' } })
    expect(await get('"abc"')).toMatchObject({ status: 412, body: { type: 'stale' } })
  })
})

describe('every service', () => {
  it('is alive, and not ready while its database is away', async () => {
    expect(await ask('GET', '/health/live')).toMatchObject({ status: 200 })
    const ready = await ask('GET', '/health/ready')
    expect(ready).toMatchObject({
      status: 503,
      body: { status: 'down', parts: { mongodb: { status: 'down' } } },
    })
  })

  it('has metrics with route patterns', async () => {
    await ask('GET', '/v1/things/broken/conflict', { token: moderator })
    const { body } = await app.inject({ method: 'GET', url: '/metrics' })
    expect(body).toMatch(
      /weir_http_request_duration_seconds_count\{.*route="\/v1\/things\/broken\/:how".*\} \d/,
    )
  })

  it('has docs made from the rules of its classes', async () => {
    expect((await ask('GET', '/docs')).status).toBe(200)
    const { body } = await ask('GET', '/openapi.json')
    expect(body).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/v1/things/open': { get: { 'x-public': true, security: [] } },
        '/v1/things/broken/{how}': { get: { responses: { 404: {} } } },
        '/v1/things/versioned': {
          get: { parameters: [{ name: 'If-Match', in: 'header', required: false }], responses: { 412: {} } },
        },
        '/v1/things': {
          post: {
            requestBody: {
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
            },
            'x-roles': ['moderator', 'senior'],
            responses: {
              400: { content: { 'application/problem+json': {} } },
              401: {},
              403: {},
              413: {},
              415: {},
              429: {},
              503: {},
            },
          },
        },
      },
      'x-routes': expect.arrayContaining([{ method: 'GET', path: '/page', 'x-public': true }]) as unknown,
      components: {
        schemas: {
          Thing: { required: ['name'], properties: { name: { maxLength: 5 } } },
          Part: { properties: { size: { maximum: 9 } } },
        },
      },
    })
    expect(Object.keys(body['paths'] as object)).not.toContain('/metrics')
  })

  it('tells what the service and its operations are for, and who may call them', async () => {
    const { body } = await ask('GET', '/openapi.json')
    expect(body).toMatchObject({
      info: { description: 'Keeps things.' },
      paths: {
        '/v1/things': {
          post: {
            summary: 'Makes a thing.',
            description: 'It is kept for a day.\n\n**Who may call it:** `moderator`, `senior`.',
            tags: ['Things'],
          },
        },
        '/v1/things/open': {
          get: { description: 'It is so.\n\n**Who may call it:** anybody, without a token.' },
        },
      },
    })
    expect(body['tags']).toEqual([
      { name: 'Things', description: 'What there is.' },
      { name: 'Parts', description: 'What it is made of.' },
    ])
  })

  it('has the same document without being started', async () => {
    const { body } = await ask('GET', '/openapi.json')
    const document = await documentWithoutStart(ThingModule, 'ingestion', GUIDE)
    expect(JSON.parse(JSON.stringify(document))).toEqual(body)
  })

  it('lets a test set its clock, and only then', async () => {
    const now = '2031-05-06T07:08:09Z'
    expect(await ask('POST', '/v1/test/clock', { body: { now } })).toMatchObject({ status: 200 })
    expect(app.get(Clock).now().toISOString()).toMatch(/^2031-05-06T07:08:/)
    expect((await ask('GET', '/v1/things', { token: moderator })).status).toBe(200)
    const other = await startApp(ThingModule, { LOCAL_KEY_DIR: keys, LOG_LEVEL: 'silent' })
    const answer = await other.inject({ method: 'POST', url: '/v1/test/clock', payload: { now } })
    await other.close()
    expect(answer.statusCode).toBe(404)
  })

  it('limits how often one caller asks, each for itself', async () => {
    const limited = await startApp(ThingModule, {
      LOCAL_KEY_DIR: keys,
      LOG_LEVEL: 'silent',
      RATE_LIMIT_PER_SECOND: '3',
    })
    const call = async (authorization: string) =>
      limited.inject({ method: 'GET', url: '/v1/things/open', headers: { authorization } })
    const mine = await Promise.all(Array.from({ length: 6 }, () => call(`Bearer ${moderator}`)))
    const other = await call(`Bearer ${await signLocalToken(keys, { roles: [], subject: 'other' })}`)
    const shared = { roles: ['platform'] as const, subject: 'mo' }
    const others = await Promise.all(
      ['p1', 'p2'].map(async (platform) =>
        call(`Bearer ${await signLocalToken(keys, { ...shared, platform })}`),
      ),
    )
    await limited.close()
    expect(mine.map((answer) => answer.statusCode).filter((status) => status === 429)).toHaveLength(3)
    expect(mine.find((answer) => answer.statusCode === 429)!.headers['retry-after']).toBe('1')
    expect(other.statusCode).toBe(200)
    // One subject for several platforms: what one of them asks is not counted against another.
    expect(others.map((answer) => answer.statusCode)).toEqual([200, 200])
  })
})
