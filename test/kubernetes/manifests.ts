import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { SERVICES } from '#libs/contracts/catalogue'
import { projectRoot } from '#libs/testing/project-root'

/** Where the manifests are, from the project's root. */
export const K8S_FOLDER = 'k8s'
/** The three ways to run Weir that are kept in the repository. */
export const OVERLAYS = ['local', 'production', 'air-gapped'] as const
export type Overlay = (typeof OVERLAYS)[number]
/** Copied and changed for each platform, and so in no overlay. */
export const EXAMPLE_PLATFORM = join(K8S_FOLDER, 'components/strimzi/generated/example-platform')

export interface SecretRef {
  readonly name: string
  readonly key: string
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef?: SecretRef }
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string }
  readonly timeoutSeconds?: number
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string>>>>
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly volumeMounts?: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }[]
}

export interface Pod {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes?: readonly {
    readonly name: string
    readonly emptyDir?: object
    readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly key: string }[] }
  }[]
}

export interface Manifest<Spec = unknown> {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: Spec
}

export interface Workload {
  readonly replicas?: number
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> }
    readonly spec: Pod
  }
}

interface EnvFiles {
  readonly name: string
  readonly envs?: readonly string[]
}

/** The parts of a kustomization that name files, or change what others name. */
export interface Kustomization {
  readonly kind: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly configurations?: readonly string[]
  readonly patches?: readonly { readonly path?: string }[]
  readonly configMapGenerator?: readonly EnvFiles[]
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[]
}

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')

/** Every file under `k8s`, from the project's root. */
export function filesUnderK8s(): string[] {
  return globSync(`${K8S_FOLDER}/**/*`, { cwd: projectRoot })
    .filter((path) => statSync(join(projectRoot, path)).isFile())
    .sort()
}

/** The resources of a file; a file of several documents has several. */
export function manifestsIn(path: string): Manifest[] {
  return parseManifests(read(path))
}

/** The resources of a text of several documents. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
}

/** The kustomization of a folder. */
export function kustomizationOf(folder: string): Kustomization {
  return parse(read(join(folder, 'kustomization.yaml'))) as Kustomization
}

export interface Reached {
  /** All files that kustomize reads. */
  readonly files: ReadonlySet<string>
  /** Those of them that are resources. */
  readonly resources: ReadonlySet<string>
}

/** What kustomize reads for a folder. Throws where a file is named that is not there. */
export function reachedFrom(folder: string): Reached {
  const files = new Set<string>()
  const resources = new Set<string>()
  const visit = (at: string): void => {
    files.add(join(at, 'kustomization.yaml'))
    const { components, configMapGenerator, configurations, patches, ...rest } = kustomizationOf(at)
    for (const name of [...(rest.resources ?? []), ...(components ?? [])]) {
      const path = normalize(join(at, name))
      if (statSync(join(projectRoot, path)).isDirectory()) visit(path)
      else resources.add(path)
    }
    const named = [
      ...(configurations ?? []),
      ...(patches ?? []).flatMap(({ path }) => path ?? []),
      ...(configMapGenerator ?? []).flatMap(({ envs }) => envs ?? []),
    ]
    for (const name of named) {
      const path = normalize(join(at, name))
      if (!existsSync(join(projectRoot, path))) throw new Error(`${at} names ${name}, which is not there`)
      files.add(path)
    }
  }
  visit(folder)
  for (const path of resources) files.add(path)
  return { files, resources }
}

export const overlayFolder = (overlay: Overlay): string => join(K8S_FOLDER, 'overlays', overlay)

const resources = new Map<Overlay, Manifest[]>()

/** The resources of an overlay, before patches. */
export function resourcesOf(overlay: Overlay): Manifest[] {
  const found =
    resources.get(overlay) ?? [...reachedFrom(overlayFolder(overlay)).resources].flatMap(manifestsIn)
  resources.set(overlay, found)
  return found
}

/** The resources of a kind, by their names. */
export function ofKind<Spec>(manifests: readonly Manifest[], kind: string): Map<string, Manifest<Spec>> {
  const some = manifests.filter((one) => one.kind === kind) as Manifest<Spec>[]
  return new Map(some.map((one) => [one.metadata.name, one]))
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Manifest<Workload>[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'Job') as Manifest<Workload>[]
}

/** The generated ConfigMaps of an overlay by their names: its own settings before those of the base. */
export function configMapsOf(overlay: Overlay): Map<string, Record<string, string>> {
  const maps = new Map<string, Record<string, string>>()
  for (const folder of [join(K8S_FOLDER, 'base'), overlayFolder(overlay)]) {
    for (const { name, envs } of kustomizationOf(folder).configMapGenerator ?? []) {
      const settings = (envs ?? []).map((file) => settingsIn(join(folder, file)))
      maps.set(name, Object.assign(maps.get(name) ?? {}, ...settings) as Record<string, string>)
    }
  }
  return maps
}

function settingsIn(path: string): Record<string, string> {
  const lines = read(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      if (at < 1) throw new Error(`${path}: ${line} is no setting`)
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** All containers of a pod, those before it starts first. */
export const containersOf = (pod: Pod): Container[] => [...(pod.initContainers ?? []), ...pod.containers]

/** What a pod asks for of which Secrets. */
export function secretsOf(pod: Pod): SecretRef[] {
  const mounted = (pod.volumes ?? []).flatMap(({ secret }) =>
    (secret?.items ?? []).map(({ key }) => ({ name: secret!.secretName, key })),
  )
  const given = containersOf(pod).flatMap(({ env }) => env ?? [])
  return [...mounted, ...given.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])]
}

/** Whether an operator makes it: with the cluster, or with the user of that name. */
export function isMadeByOperator({ name, key }: SecretRef): boolean {
  return BY_OPERATORS.has(`${name} ${key}`)
}

const BY_OPERATORS = new Set([
  'weir-cluster-ca-cert ca.crt',
  'weir-mongodb-ssl ca.crt',
  ...[...SERVICES, 'cli'].map((user) => `weir-${user} password`),
])
