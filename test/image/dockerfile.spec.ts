import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SERVICES } from '#libs/contracts/catalogue'
import { defaultPort } from '#libs/runtime/env'
import { projectRoot } from '#libs/testing/project-root'
import { FLAGS } from '#libs/testing/service-process'
import { buildContext } from './build-context.js'
import { DockerfileError, readDockerfile } from './read-dockerfile.js'

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')
const stages = readDockerfile(read('Dockerfile'))
const last = stages.at(-1)!
const { config } = last
const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>
const PORTS = SERVICES.map((name) => String(defaultPort(name)))
const context = buildContext(projectRoot)

describe('the Dockerfile', () => {
  it('builds with the Node that developers have, under a tag that does not move', () => {
    const outer = stages.map(({ base }) => base).filter((base) => !stages.some(({ name }) => name === base))
    expect(outer).toEqual([
      `node:${devDependencies.node}-trixie-slim`,
      'gcr.io/distroless/cc-debian13:nonroot',
    ])
  })

  it('runs nothing in its last stage, and takes nothing there that only builds need', () => {
    expect(last.steps.filter(({ kind }) => kind === 'run')).toEqual([])
    const copied = last.steps.flatMap((step) => (step.kind === 'copy' && step.from ? step.sources : []))
    expect(copied.sort()).toEqual([
      '/usr/local/bin/node',
      '/weir/dist/apps',
      '/weir/dist/libs',
      '/weir/node_modules',
    ])
  })

  it('says what a service needs to be reached, asked and ended', () => {
    expect(config).toMatchObject({
      user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/) as string,
      stopSignal: 'SIGTERM',
      env: { NODE_ENV: 'production', HOST: '0.0.0.0' },
      ports: PORTS,
    })
    expect(config.entrypoint).toEqual(expect.arrayContaining(FLAGS))
    const [program, script, ...ports] = config.healthcheck
    expect([program, ports]).toEqual([config.entrypoint[0], PORTS])
    expect(context).toContain(`${script!.replace(/^dist\//, '').replace(/\.js$/, '')}.ts`)
  })

  it('labels the image as the OCI would have it', () => {
    const names = ['title', 'description', 'licenses', 'version', 'revision']
    expect(Object.keys(config.labels)).toEqual(names.map((name) => `org.opencontainers.image.${name}`))
  })
})

describe('what Docker is sent', () => {
  it('has every service, and nothing of tests', () => {
    for (const name of SERVICES) expect(context).toContain(`apps/${name}/main.ts`)
    expect(context.filter((path) => /\.(spec|fixture)\.|\/testing\/|^test|\/training\//.test(path))).toEqual(
      [],
    )
  })

  it('imports only what it has itself, and dependencies that are installed in production', () => {
    const sources = new Set(context.filter((path) => path.endsWith('.ts')))
    expect(sources.size).toBeGreaterThan(300)
    const missing = [...sources].flatMap((file) =>
      ts
        .preProcessFile(read(file))
        .importedFiles.map(({ fileName }) => fileName)
        .filter((name) => !isThere(name, file, sources))
        .map((name) => `${file} -> ${name}`),
    )
    expect(missing).toEqual([])
  })

  function isThere(name: string, file: string, sources: ReadonlySet<string>): boolean {
    if (name.startsWith('#libs/')) return sources.has(`${name.slice(1)}.ts`)
    if (name.startsWith('.')) return sources.has(posix.join(dirname(file), name).replace(/\.js$/, '.ts'))
    const [scope, rest] = name.split('/')
    return isBuiltin(name) || (name.startsWith('@') ? `${scope}/${rest}` : scope!) in dependencies
  }
})

describe('.dockerignore', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-context-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function put(paths: readonly string[]): void {
    for (const path of paths) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), '')
    }
  }

  it('lets through what it names, also in folders that it does not, and nothing else', () => {
    const isIn = ['apps/a.ts', 'apps/b/c.ts', 'libs/b/a.ts', 'models/text.bin']
    const isOut = ['.env', 'apps/b/c.spec.ts', 'libs/a.md', 'models/card.md', 'node_modules/a/apps/b.ts']
    put([...isIn, ...isOut])
    const rules = ['# why', '*', '!apps', '!libs/**/*.ts', '!models/text.bin', '**/*.spec.ts']
    writeFileSync(join(folder, '.dockerignore'), rules.join('\n'))
    expect(buildContext(folder)).toEqual(isIn)
  })

  it('of this project keeps what lies about in a checkout outside', () => {
    const secrets = ['.env', '.git/config', '.local/keys/signing-key.json', 'key.pem', 'k8s/secret.yaml']
    const secretsAmongSources = [
      'apps/.env',
      'apps/enforcement/key.pem',
      'libs/runtime/.npmrc',
      'policies/.env',
    ]
    const made = [
      'node_modules/a/index.js',
      'dist/apps/a.js',
      'apps/node_modules/a/index.js',
      'coverage/a.ts',
    ]
    put([...secrets, ...secretsAmongSources, ...made, 'package.json'])
    writeFileSync(join(folder, '.dockerignore'), read('.dockerignore'))
    expect(buildContext(folder)).toEqual(['package.json'])
  })
})

describe('a Dockerfile is read', () => {
  it('by stages, each with what it adds to the files and what a container starts with', () => {
    const text = [
      'FROM a:1 AS one',
      'WORKDIR /w',
      'RUN --mount=type=cache,target=/root/.npm first \\\n&& second "a  b"',
      'FROM one',
      'COPY --from=one x/ y z/',
      'ENV A=1 B="2 3"',
      'ENTRYPOINT ["/bin/a", "--b"]',
    ].join('\n')
    const [one, two] = readDockerfile(text)
    expect(one).toMatchObject({
      name: 'one',
      base: 'a:1',
      steps: [
        { kind: 'workdir', path: '/w' },
        { kind: 'run', command: 'first && second "a  b"' },
      ],
    })
    expect(two).toMatchObject({
      base: 'one',
      steps: [{ kind: 'copy', from: 'one', sources: ['x/', 'y'], to: 'z/' }],
      config: { workdir: '/w', env: { A: '1', B: '2 3' }, entrypoint: ['/bin/a', '--b'] },
    })
  })

  it.each(['FROM a\nADD http://b /', 'FROM a\nCOPY a*.json ./', 'FROM a\nCMD run it', 'RUN a\nFROM b'])(
    'not past what is not understood: %j',
    (text) => {
      expect(() => readDockerfile(text)).toThrow(DockerfileError)
    },
  )
})
