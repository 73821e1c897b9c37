import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '#libs/testing/project-root'

/** A part of a CycloneDX document, with what we look at. */
export interface Component {
  readonly 'bom-ref': string
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly [more: string]: unknown
}

/** A CycloneDX document. */
export interface Sbom {
  readonly metadata: { readonly component: Component; readonly [more: string]: unknown }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
  readonly [more: string]: unknown
}

const NPM = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
const MAX_BYTES = 64 * 1024 * 1024

interface Manifest {
  name: string
  devDependencies: Record<string, string>
}

interface Lockfile {
  packages: Record<string, { version?: string; dev?: true; devOptional?: true }>
}

/**
 * What the image holds of packages, as npm finds it installed here, and Node, which npm does not know of. What the base image brings is
 * in that image's own list. Rejects where npm finds a package missing or wrong.
 */
export async function makeSbom(): Promise<Sbom> {
  const { stdout } = await promisify(execFile)('npm', NPM, { cwd: projectRoot, maxBuffer: MAX_BYTES })
  const sbom = JSON.parse(stdout) as Sbom
  const { name, devDependencies } = await readJson<Manifest>('package.json')
  const { packages } = await readJson<Lockfile>('package-lock.json')
  const node = nodeOf(devDependencies['node'] ?? '')
  // Chosen here, for `--omit dev` leaves out what development needs as well.
  const inProduction = new Set(
    Object.entries(packages)
      .filter(([, { dev, devOptional }]) => !dev && !devOptional)
      .map(([path, { version }]) => `${path === '' ? name : path.split('node_modules/').at(-1)}@${version}`),
  )
  return {
    ...sbom,
    // npm calls it after the folder that it stands in.
    metadata: { ...sbom.metadata, component: { ...sbom.metadata.component, name } },
    components: [...sbom.components.filter((one) => inProduction.has(one['bom-ref'])), node],
    dependencies: [
      ...sbom.dependencies
        .filter(({ ref }) => inProduction.has(ref))
        .map(({ ref, dependsOn = [] }) => ({
          ref,
          dependsOn: dependsOn.filter((on) => inProduction.has(on)),
        })),
      { ref: node['bom-ref'] },
    ],
  }
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(projectRoot, path), 'utf8')) as T
}

/** Node as scanners look it up: it is copied into the image as a file, without a package that would tell them. */
function nodeOf(version: string): Component {
  const purl = `pkg:generic/node@${version}`
  return {
    'bom-ref': purl,
    type: 'platform',
    name: 'node',
    version,
    purl,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: 'MIT' } }],
  }
}
