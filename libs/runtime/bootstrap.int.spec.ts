import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { freePort } from '#libs/testing/free-port'
import { builtFile } from '#libs/testing/service-process'

/** A service with a slow route and, where `HANG` is set, a part that never lets go. */
const program = (folder: string) => `
const { bootstrap } = await import('${folder}/bootstrap.js')
const { RuntimeModule } = await import('${folder}/runtime.module.js')
const { ServiceEnv } = await import('${folder}/env.js')
const { Public } = await import('${folder}/auth/roles.decorator.js')
const { Controller, Get, Module } = await import('@nestjs/common')

class Slow {
  async get() {
    console.error('asked')
    await new Promise((resolve) => setTimeout(resolve, 700))
    return { done: true }
  }
  async onApplicationShutdown() {
    if (process.env.HANG) await new Promise((resolve) => setInterval(() => {}, 1000))
  }
}
Public()(Slow)
Controller('slow')(Slow)
Get()(Slow.prototype, 'get', Object.getOwnPropertyDescriptor(Slow.prototype, 'get'))
class App {}
Module({ imports: [RuntimeModule.forService('ingestion', ServiceEnv)], controllers: [Slow] })(App)
await bootstrap(App, { service: 'ingestion', env: ServiceEnv })
`

interface Started {
  child: ChildProcess
  url: string
  out: () => string
  err: () => string
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>
}

const PATIENCE = { timeout: 30_000, interval: 50 }
const running: ChildProcess[] = []
const servers: Server[] = []
let keys: string

beforeAll(() => {
  keys = mkdtempSync(join(tmpdir(), 'weir-keys-'))
})

afterAll(() => rmSync(keys, { recursive: true }))

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  for (const server of servers.splice(0)) server.close()
})

async function start(env: Record<string, string> = {}): Promise<Started> {
  const port = env['PORT'] ?? String(await freePort())
  const folder = pathToFileURL(dirname(builtFile('libs/runtime/bootstrap.js'))).href
  const suffix = `_${randomBytes(6).toString('hex')}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(folder)], {
    env: {
      ...process.env,
      LOCAL_KEY_DIR: keys,
      MONGODB_SUFFIX: suffix,
      MONGODB_INDEXES: '0',
      PORT: port,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  return { child, url: `http://127.0.0.1:${port}`, out: () => out, err: () => err, ended }
}

async function statusOf(url: string): Promise<number> {
  return fetch(url).then(
    (answer) => answer.status,
    () => 0,
  )
}

const until = (url: string, status: number) =>
  vi.waitFor(async () => expect(await statusOf(url)).toBe(status), PATIENCE)

/** What stands between a service and its database; `cut` makes it away. */
async function passOn(port: number, to: number): Promise<{ cut: () => void }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    sockets.add(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return {
    cut: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

it('starts without its database, is ready whenever that is there, and ends with 0 when asked to', async () => {
  const real = new URL(process.env['MONGODB_URI']!)
  const port = await freePort()
  const service = await start({ MONGODB_URI: `mongodb://127.0.0.1:${port}/?directConnection=true` })
  await until(`${service.url}/health/live`, 200)
  expect(await statusOf(`${service.url}/health/ready`)).toBe(503)
  const first = await passOn(port, Number(real.port))
  await until(`${service.url}/health/ready`, 200)
  first.cut()
  await until(`${service.url}/health/ready`, 503)
  expect(await statusOf(`${service.url}/health/live`)).toBe(200)
  await passOn(port, Number(real.port))
  await until(`${service.url}/health/ready`, 200)
  service.child.kill('SIGTERM')
  expect(await service.ended).toBe(0)
})

it('finishes what was begun before it stops', async () => {
  const service = await start()
  await until(`${service.url}/health/ready`, 200)
  const answer = fetch(`${service.url}/v1/slow`)
  await vi.waitFor(() => expect(service.err()).toContain('asked'), PATIENCE)
  service.child.kill('SIGINT')
  expect(await (await answer).json()).toStrictEqual({ done: true })
  expect(await service.ended).toBe(0)
})

it('a second signal ends it at once, and so does time', async () => {
  const twice = await start({ HANG: '1' })
  await until(`${twice.url}/health/ready`, 200)
  twice.child.kill('SIGTERM')
  await vi.waitFor(() => expect(twice.out()).toContain('"stopping"'), PATIENCE)
  twice.child.kill('SIGTERM')
  expect(await twice.ended).toBe(1)

  const late = await start({ HANG: '1', SHUTDOWN_SECONDS: '1' })
  await until(`${late.url}/health/ready`, 200)
  late.child.kill('SIGTERM')
  expect(await late.ended).toBe(1)
  expect(late.out()).toContain('did not stop in time')
})

it('a start that fails is one line that says why', async () => {
  const bad = await start({ PORT: 'abc', LOG_LEVEL: 'loud' })
  expect(await bad.ended).toBe(1)
  expect(bad.out().trimEnd().split('\n')).toHaveLength(1)
  expect(JSON.parse(bad.out())).toMatchObject({
    level: 'fatal',
    message: expect.stringMatching(/PORT.*LOG_LEVEL/) as string,
  })

  const taken = createServer().listen(0, '127.0.0.1')
  servers.push(taken)
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const second = await start({ PORT: String(port) })
  expect(await second.ended).toBe(1)
  const fatal = second
    .out()
    .trimEnd()
    .split('\n')
    .filter((line) => line.includes('"fatal"'))
  expect(fatal).toHaveLength(1)
  expect(fatal[0]).toContain('EADDRINUSE')
})
