import { Body, Controller, Module, Post } from '@nestjs/common'
import { getConnectionToken } from '@nestjs/mongoose'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { createConnection } from 'mongoose'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Public } from '../auth/roles.decorator.js'
import { dressApp, fastifyAdapter } from '../bootstrap.js'
import { readEnv, ServiceEnv } from '../env.js'
import { createLogger } from '../logger.js'
import { RuntimeModule } from '../runtime.module.js'
import { ENV } from '../tokens.js'
import { BodiesUnderWay } from './bodies-under-way.js'
import { BodyLimit, DEFAULT_BODY_VALUES } from './body-limit.js'
import { assertFresh, type ExpectedVersions, IfMatch } from './if-match.js'

const changes: string[] = []

@Public()
@Controller('things')
class ThingController {
  @Post()
  make(@Body() body: unknown) {
    changes.push(JSON.stringify(body))
    return { taken: true }
  }

  @Post('big')
  @BodyLimit(32 * 1024 * 1024, 200_000)
  big(@Body() body: unknown) {
    return { taken: Array.isArray(body) }
  }

  @Post('versioned')
  change(@IfMatch() ifMatch: ExpectedVersions | undefined) {
    assertFresh(ifMatch, 3)
    changes.push('versioned')
    return { version: 4 }
  }
}

@Module({ imports: [RuntimeModule.forService('ingestion', ServiceEnv)], controllers: [ThingController] })
class ThingModule {}

let keys: string
let app: NestFastifyApplication
let port: number

/** As a service starts, but that a request has so many milliseconds. */
async function start(request: number): Promise<NestFastifyApplication> {
  const settings = readEnv(ServiceEnv, { MONGODB_INDEXES: '0', LOCAL_KEY_DIR: keys, LOG_LEVEL: 'silent' })
  const testing = await Test.createTestingModule({ imports: [ThingModule] })
    .overrideProvider(ENV)
    .useValue(settings)
    .overrideProvider(getConnectionToken())
    .useFactory({ factory: () => createConnection() })
    .compile()
  const times = { headers: request, request, silence: 60_000, check: 20 }
  const made = testing.createNestApplication<NestFastifyApplication>(fastifyAdapter(settings, times), {
    logger: false,
  })
  await dressApp(
    made,
    { service: 'ingestion', guide: { description: '', tags: {} } },
    createLogger('ingestion', 'silent'),
  )
  await made.listen(0, '127.0.0.1')
  return made
}

const portOf = (one: NestFastifyApplication): number =>
  (one.getHttpServer().address() as { port: number }).port

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'weir-keys-'))
  app = await start(60_000)
  port = portOf(app)
})
afterAll(async () => {
  await app.close()
  await rm(keys, { recursive: true })
})

/** What comes back until the connection ends; `more` is sent after the answer to nothing, piece by piece. */
function spoken(to: number, text: string | Buffer, trickle?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(to, '127.0.0.1')
    let said = ''
    const timer = trickle === undefined ? undefined : setInterval(() => socket.write(trickle), 20)
    socket.on('data', (part: Buffer) => (said += part.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
    socket.on('close', () => {
      clearInterval(timer)
      resolve(said)
    })
    socket.write(text)
  })
}

async function post(body: Buffer | string, headers: Record<string, string | string[]> = {}, path = '') {
  const {
    statusCode,
    body: text,
    headers: told,
  } = await app.inject({
    method: 'POST',
    url: `/v1/things${path}`,
    headers: { 'content-type': 'application/json', ...headers } as Record<string, string>,
    payload: body,
  })
  return { status: statusCode, type: (JSON.parse(text) as { type?: string }).type, told }
}

const SMALL = '{"name":"a"}'

describe('a body that would take long to parse is refused before it is parsed', () => {
  it.each([
    ['31 MB of lists', `[${'[],'.repeat(10_000_000)}[]]`, 413, 'too-large'],
    ['8 MB of depth', '['.repeat(8_000_000), 400, 'too-deep'],
    ['8 MB of objects in objects', '{"a":'.repeat(1_600_000), 400, 'too-deep'],
  ])('%s', async (_name, body, status, type) => {
    expect(await post(body, {}, '/big')).toMatchObject({ status, type })
  })

  it('by the values that the route takes', async () => {
    const list = (count: number): string => JSON.stringify(Array.from({ length: count }, () => 1))
    expect(await post(list(DEFAULT_BODY_VALUES - 2))).toMatchObject({ status: 201 })
    expect(await post(list(DEFAULT_BODY_VALUES))).toMatchObject({ status: 413, type: 'too-large' })
    expect(await post(list(DEFAULT_BODY_VALUES), {}, '/big')).toMatchObject({ status: 201 })
  })

  it('by the names of one object, not of all', async () => {
    const object = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]))
    const two = (count: number): string => JSON.stringify([object(900), object(count)])
    expect(await post(two(1_000))).toMatchObject({ status: 201 })
    expect(await post(two(1_001))).toMatchObject({ status: 413, type: 'too-large' })
    expect(await post(two(1_001), {}, '/big')).toMatchObject({ status: 413, type: 'too-large' })
  })
})

describe('a body is read as its sender means it, or refused', () => {
  it.each([
    ['gzip', gzipSync(SMALL)],
    ['deflate', deflateSync(SMALL)],
    ['br', brotliCompressSync(SMALL)],
    ['zstd', Buffer.from(SMALL)],
    ['x-unknown', Buffer.from(SMALL)],
    ['identity, gzip', gzipSync(SMALL)],
    ['GZIP', gzipSync(SMALL)],
    ['gzip', gzipSync(Buffer.alloc(50_000_000, '['))],
    ['gzip', Buffer.from(SMALL)],
  ])('Content-Encoding: %s', async (encoding, body) => {
    const { status, type, told } = await post(body, { 'content-encoding': encoding })
    expect([status, type, told['accept-encoding']]).toEqual([415, 'unsupported-media-type', 'identity'])
  })

  it.each(['identity', 'Identity', 'identity, identity'])('Content-Encoding: %s', async (encoding) => {
    expect(await post(SMALL, { 'content-encoding': encoding })).toMatchObject({ status: 201 })
  })

  it.each([
    ['application/json; charset=gbk', 415],
    ['application/json; charset="utf-16le"', 415],
    ['application/json; charset=utf-8; charset=gbk', 415],
    ['application/json;charset', 415],
    ['application/json, text/plain', 415],
    ['application/json; charset=UTF-8', 201],
    ['application/json; charset="utf-8"', 201],
    ['APPLICATION/JSON;Charset=utf8', 201],
  ])('Content-Type: %s', async (type, status) => {
    expect((await post(SMALL, { 'content-type': type })).status).toBe(status)
  })

  it.each([
    [
      'two types',
      'content-type: application/json\r\ncontent-type: text/xml\r\ncontent-length: 2\r\n\r\n{}',
      415,
    ],
    [
      'gzip, chunked',
      `transfer-encoding: gzip, chunked\r\ncontent-type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      415,
    ],
    [
      'chunked, gzip',
      `transfer-encoding: chunked, gzip\r\ncontent-type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      400,
    ],
    ['both lengths', `transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 400],
    ['two lengths', 'content-length: 2\r\ncontent-length: 3\r\n\r\n{}x', 400],
  ])('%s', async (_name, rest, status) => {
    const answer = await spoken(port, `POST /v1/things HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${rest}`)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('application/problem+json')
  })
})

describe('what is too slow ends', () => {
  const HEAD = 'POST /v1/things HTTP/1.1\r\nhost: x\r\n'

  it('after a minute at the most, whatever trickles', () => {
    const { server } = fastifyAdapter({ TRUSTED_PROXIES: '' }).getInstance()
    expect(server.requestTimeout).toBe(60_000)
    expect(server.headersTimeout).toBeLessThanOrEqual(60_000)
    expect(server.timeout).toBe(120_000)
  })

  it.each([
    ['a body that trickles', `${HEAD}content-type: application/json\r\ncontent-length: 100000\r\n\r\n{`, ' '],
    [
      'chunks that trickle',
      `${HEAD}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      '1\r\n \r\n',
    ],
    ['headers that trickle', HEAD, 'x: y\r\n'],
    [
      'a body that never comes',
      `${HEAD}content-type: application/json\r\ncontent-length: 100\r\n\r\n`,
      undefined,
    ],
  ])('%s: 408, and the connection ends', async (_name, text, trickle) => {
    const impatient = await start(200)
    const answer = await spoken(portOf(impatient), text, trickle)
    await impatient.close()
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"type":"too-slow"/)
  })
})

describe('bodies that a caller sends at once', () => {
  it('are counted for each caller, by number and by bytes, until they end', () => {
    const underWay = new BodiesUnderWay()
    const began = (caller: string, bytes: number, count: number): number =>
      Array.from({ length: count }, () => underWay.begin(caller, bytes)).filter(Boolean).length
    expect(began('a', 32 * 1024 * 1024, 10)).toBe(3)
    expect(began('b', 1, 2_000)).toBe(1_000)
    underWay.end('a', 32 * 1024 * 1024)
    expect(began('a', 32 * 1024 * 1024, 10)).toBe(1)
    for (let i = 0; i < 1_000; i++) underWay.end('b', 1)
    for (let i = 0; i < 3; i++) underWay.end('a', 32 * 1024 * 1024)
    expect(underWay.callers).toBe(0)
    underWay.end('a', 1)
    expect(underWay.callers).toBe(0)
  })

  it('are a 429 beyond it, and none is kept after its connection ended', async () => {
    const head =
      'POST /v1/things/big HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 33000000\r\n\r\n['
    const sockets = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<{ destroy: () => void; said: () => string }>((resolve) => {
            const socket = connect(port, '127.0.0.1', () => socket.write(head))
            let said = ''
            socket.on('data', (part: Buffer) => (said += part.toString()))
            socket.on('error', () => undefined)
            resolve({ destroy: () => socket.destroy(), said: () => said })
          }),
      ),
    )
    await expect.poll(() => sockets.filter(({ said }) => / 429 /.test(said())).length).toBe(1)
    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await post('[1]', {}, '/big')).status).toBe(201)
  })
})

describe('a stale If-Match changes nothing', () => {
  it.each([
    ['', '"3"', 412],
    ['', 'W/"3"', 412],
    ['', '"1", "2"', 412],
    ['', 'x', 412],
    ['', '*', 201],
    ['/versioned', '"2"', 412],
    ['/versioned', 'W/"3"', 412],
    ['/versioned', '"2", "3"', 201],
    ['/versioned', '*', 201],
  ])('things%s with %s: %s', async (path, tag, status) => {
    const before = changes.length
    expect((await post(SMALL, { 'if-match': tag }, path)).status).toBe(status)
    expect(changes.length - before).toBe(status === 201 ? 1 : 0)
  })
})
