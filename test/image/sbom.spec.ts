import { Ajv } from 'ajv'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '#libs/testing/project-root'
import { makeSbom, type Sbom } from './make-sbom.js'

interface Lockfile {
  packages: Record<string, { version: string; integrity?: string }>
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const { packages } = read(join(projectRoot, 'package-lock.json')) as Lockfile
const { dependencies, devDependencies } = read(join(projectRoot, 'package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>

/** The schemas that OWASP publishes with its library. */
const schemas = join(
  dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
  'res/schema',
)
const schema = (name: string): object => read(join(schemas, `${name}.SNAPSHOT.schema.json`)) as object

describe('the list of what the image holds', () => {
  let sbom: Sbom
  beforeAll(async () => {
    sbom = await makeSbom()
  }, 120_000)

  it('is CycloneDX by the schema that its version names', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
    for (const part of ['spdx', 'jsf-0.82'])
      ajv.addSchema(schema(part), `http://cyclonedx.org/schema/${part}.SNAPSHOT.schema.json`)
    const check = ajv.compile(schema(`bom-${String(sbom.specVersion)}`))
    check(sbom)
    expect(check.errors ?? []).toEqual([])
  })

  it('speaks of Weir, and has each of its dependencies, and Node', () => {
    expect(sbom.metadata.component).toMatchObject({ name: 'weir', type: 'application' })
    const named = sbom.components.map(({ name, version }) => `${name}@${version}`)
    const wanted = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`)
    expect(wanted.filter((one) => !named.includes(one))).toEqual([])
    expect(named).toContain(process.release.name + process.version.replace('v', '@'))
  })

  it('names no package that only developers have, and each with the hash that the lockfile holds it to', () => {
    const packagesListed = sbom.components.filter(({ type }) => type === 'library')
    const names = packagesListed.map(({ name }) => name)
    expect(Object.keys(devDependencies).filter((name) => names.includes(name))).toEqual([])
    const locked = Object.entries(packages).map(
      ([path, { version, integrity }]) => `${path.split('node_modules/').at(-1)}@${version} ${integrity}`,
    )
    const listed = packagesListed.map(
      ({ name, version, hashes }) => `${name}@${version} ${integrityOf(hashes)}`,
    )
    expect(listed.filter((one) => !locked.includes(one))).toEqual([])
  })

  it('says of each what it needs, of what is in the list', () => {
    const refs = new Set([sbom.metadata.component, ...sbom.components].map((one) => one['bom-ref']))
    expect(new Set(sbom.dependencies.map(({ ref }) => ref))).toEqual(refs)
    expect(
      sbom.dependencies.flatMap(({ dependsOn = [] }) => dependsOn).filter((on) => !refs.has(on)),
    ).toEqual([])
  })
})

function integrityOf(hashes: unknown): string {
  const [first] = hashes as { alg: string; content: string }[]
  return `${first?.alg.replace('-', '').toLowerCase()}-${Buffer.from(first?.content ?? '', 'hex').toString('base64')}`
}
