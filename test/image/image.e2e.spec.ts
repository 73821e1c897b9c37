import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SERVICES, type ServiceName } from '#libs/contracts/catalogue'
import type { Verdict } from '#libs/contracts/verdict'
import { freePort } from '#libs/testing/free-port'
import type { GuardedProcess } from '#libs/testing/guarded-process'
import type { LocalStack } from '#libs/testing/local-stack'
import { projectRoot } from '#libs/testing/project-root'
import { LONG } from '#libs/testing/property-runs.fixture'
import { runTool } from '#libs/testing/run-tool'
import { builtFile } from '#libs/testing/service-process'
import { startTemporaryStack } from '#libs/testing/temporary-stack'
import { eventually } from '../harness/weir-system.js'
import { getHadolint, hasHadolint } from './get-hadolint.js'
import { makeSbom } from './make-sbom.js'
import { rehearseImage, type RehearsedImage } from './rehearse-image.js'
import { RehearsedContainers } from './rehearsed-containers.js'

const ISSUER = 'https://issuer.example/'
const AUDIENCE = 'weir-api'
const HARMFUL = 'You have inherited a fortune: pay the release fee to receive your inheritance of $4,500,000'
/** Longer than a service may take for its end by itself. */
const GRACE_MS = 45_000

let folder: string
let image: RehearsedImage
let containers: RehearsedContainers
let stack: LocalStack
let issuer: Server
let tokenOf: (claims: JWTPayload) => Promise<string>
/** All that production asks for. */
let settings: Record<string, string>
let startedAt: Date
const ports = {} as Record<ServiceName, number>
const services = {} as Record<ServiceName, GuardedProcess>

/**
 * What is installed and built here is what the lockfile and the sources say: taken over, but for the dependencies of production. The
 * long form installs and builds it anew.
 */
const takenOver = {
  'npm ci --ignore-scripts': async () => undefined,
  'npm run build': async (target: string) => {
    for (const path of await filesIn(target)) {
      const built = path.replace(/\.ts$/, '.js')
      if (built !== path && !path.endsWith('.d.ts'))
        for (const file of [built, `${built}.map`])
          await cp(builtFile(file), join(target, 'dist', file), { recursive: true })
    }
  },
}
async function filesIn(target: string): Promise<string[]> {
  const entries = await readdir(target, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(target, join(entry.parentPath, entry.name)))
}

/** A provider of tokens with one key. */
async function startIssuer(): Promise<string> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }]
  issuer = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  })
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  tokenOf = (claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject('ann')
      .setExpirationTime('1h')
      .sign(pair.privateKey)
  return `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`
}

function auditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const portOf = (name: ServiceName) => ({ PORT: String(ports[name]) })

async function ask(name: ServiceName, path: string, claims?: JWTPayload, body?: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${ports[name]}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(claims ? { authorization: `Bearer ${await tokenOf(claims)}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

async function untilReady(name: ServiceName): Promise<void> {
  await eventually(
    `${name} is ready`,
    async () => {
      if (!services[name].running) throw new Error(`${name} ended: ${services[name].output()}`)
      const answer = await ask(name, '/health/ready').catch(() => undefined)
      await answer?.body?.cancel()
      return answer?.status === 200
    },
    120,
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-image-'))
  await chmod(folder, 0o755)
  const rehearsed = rehearseImage({
    into: folder,
    env: { npm_config_prefer_offline: 'true' },
    ...(LONG ? {} : { instead: takenOver }),
  })
  const [made, started, jwks] = await Promise.all([
    rehearsed,
    startTemporaryStack({ alwaysOwn: true }),
    startIssuer(),
  ])
  image = made
  stack = started
  containers = await RehearsedContainers.of(image, join(folder, 'tmp'))
  settings = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    MONGODB_URI: stack.mongoUri,
    MONGODB_INDEXES: '1',
    OIDC_ISSUER: ISSUER,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_JWKS_URI: jwks,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    AUDIT_SIGNING_KEY: auditKey(),
  }
  startedAt = new Date()
  const apply = containers.start(['dist/apps/cli/main.js', 'topics', 'apply'], settings)
  expect(await apply.exited, apply.output()).toMatchObject({ code: 0 })
  for (const name of SERVICES) {
    ports[name] = await freePort()
    services[name] = containers.start([`dist/apps/${name}/main.js`], { ...settings, ...portOf(name) })
  }
  await Promise.all(SERVICES.map(untilReady))
})

afterAll(async () => {
  await containers?.stop()
  await stack?.stop()
  issuer?.close()
  await rm(folder, { recursive: true, force: true })
})

it.skipIf(!hasHadolint)('hadolint has nothing to say to the Dockerfile', async () => {
  const hadolint = await getHadolint(() => undefined)
  expect(await runTool(hadolint, [join(projectRoot, 'Dockerfile')])).toEqual({ code: 0, output: '' })
})

describe('the image, as its Dockerfile makes it', () => {
  it.each(SERVICES)('has all that %s needs, its documentation too', async (name) => {
    expect(await (await ask(name, '/health/live')).json()).toMatchObject({ status: 'up' })
    const page = await ask(name, '/docs')
    expect(page.status).toBe(200)
    const [, script] = /<script src="\.\/(docs\/swagger-ui-bundle\.js)"/.exec(await page.text()) ?? []
    expect(await (await ask(name, `/${script}`)).text()).toContain('SwaggerUIBundle')
    expect(await (await ask(name, '/openapi.json')).json()).toHaveProperty('paths')
    expect(await containers.isHealthy(portOf(name))).toBe(true)
  })

  it('holds the packages that its list names, and no others', async () => {
    const folders = await filesIn(join(image.root, image.config.workdir, 'node_modules'))
    const manifests = folders.filter((path) =>
      /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(path),
    )
    const there = manifests.map(async (path) => {
      const file = join(image.root, image.config.workdir, 'node_modules', path)
      const { name, version } = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
      return `${name}@${version}`
    })
    const { components } = await makeSbom()
    const listed = components.filter(({ type }) => type === 'library')
    expect(new Set(await Promise.all(there))).toEqual(
      new Set(listed.map(({ name, version }) => `${name}@${version}`)),
    )
  })

  it('brings the policy, the banks and the model', async () => {
    const caller = { roles: ['platform'], platform: 'p1' }
    const message = { messageId: 'm-1', accountId: 'a-1', visibility: 'public', text: HARMFUL }
    const asked = { ...message, sentAt: new Date().toISOString() }
    const answer = await ask('classification', '/v1/classify', caller, asked)
    expect(answer.status).toBe(200)
    expect((await answer.json()) as Verdict).toMatchObject({ outcome: 'act' })
    const models = await ask('classification', '/v1/models', { roles: ['admin'] })
    expect(await models.json()).toMatchObject({ items: [{ name: 'text' }] })
  })

  it('ends a program that is told to before it listens to signals, as process 1 of a container is not by itself', async () => {
    const early = containers.start(['--eval', 'console.log("loading"); setInterval(() => {}, 1000)'])
    await eventually('it has begun', () => early.output().includes('loading'))
    early.kill('SIGTERM')
    expect(await early.exited).toEqual({ code: 143, signal: null })
  })

  it.each(SERVICES)('ends %s cleanly on SIGTERM', async (name) => {
    await services[name].stop(GRACE_MS)
    expect(await services[name].exited, services[name].output()).toEqual({ code: 0, signal: null })
    expect(await containers.isHealthy(portOf(name))).toBe(false)
  })

  it('is never written to, nor does anything need a folder for short-lived files', async () => {
    expect(await containers.written(startedAt)).toEqual([])
  })
})
