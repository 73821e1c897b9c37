import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '#libs/testing/project-root'
import { lastLines, runTool, type ToolResult } from '#libs/testing/run-tool'
import { type Cluster, startCluster } from './api-server.js'
import type { Servers } from './get-servers.js'
import {
  EXAMPLE_PLATFORM,
  isMadeByOperator,
  type Manifest,
  ofKind,
  type Overlay,
  overlayFolder,
  parseManifests,
  type Pod,
  secretsOf,
  workloadsOf,
} from './manifests.js'

const NAMESPACE = 'weir'
/** Field names that do not exist are errors, and so is whatever the server warns of. */
const STRICT = ['--validate=strict', '--warnings-as-errors']
/** Given by a person before the local overlay is applied (`npm run token`). */
const BY_HAND = 'local-keys'

/** Something that must hold of an overlay; throws with what is wrong where it does not. */
type Check = readonly [name: string, holds: () => Promise<void>]

/** Judges an overlay on a cluster of its own. Returns what is wrong, in sentences. */
export async function judgeOverlay(
  overlay: Overlay,
  servers: Servers,
  definitions: string,
  log: (line: string) => void,
): Promise<string[]> {
  const cluster = await startCluster(servers)
  try {
    const wrong: string[] = []
    for (const [name, holds] of await checksOf(overlay, cluster, definitions)) {
      try {
        await holds()
        log(`  ok      ${name}`)
      } catch (error) {
        log(`  WRONG   ${name}`)
        wrong.push(`${overlay}: ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return wrong
  } finally {
    await cluster.stop()
  }
}

async function checksOf(overlay: Overlay, cluster: Cluster, definitions: string): Promise<Check[]> {
  const rendered = join(cluster.folder, 'rendered.yaml')
  const { output } = await succeed(
    cluster.kubectl('kustomize', join(projectRoot, overlayFolder(overlay)), '--output', rendered),
  )
  const manifests = parseManifests(await readFile(rendered, 'utf8'))
  const pods = workloadsOf(manifests).map(({ metadata, spec: { template } }) =>
    podOf(metadata.name, template.spec),
  )
  const accounts = [...ofKind(manifests, 'ServiceAccount').keys()]
  return [
    ['kustomize has nothing to say', () => Promise.resolve(demand(output === '', output))],
    ['the definitions of the operators are established', () => install(cluster, definitions)],
    [`${manifests.length} resources are taken, without a warning`, () => apply(cluster, rendered)],
    ['the example of a platform is taken', () => takeExample(cluster)],
    ['applied again, nothing changes', () => applyAgain(cluster, rendered)],
    ['a field that does not exist is refused', () => refuseUnknown(cluster, manifests)],
    ['the namespace enforces Pod Security "restricted"', () => enforced(cluster)],
    [`Pod Security takes the pods of ${pods.length} workloads`, () => takePods(cluster, pods)],
    ['Pod Security refuses each of them with one thing loosened', () => refuseLoosened(cluster, pods)],
    [`${accounts.length} accounts may do nothing`, () => mayNothing(cluster, accounts)],
    ...(overlay === 'production'
      ? []
      : [['every Secret is made', () => makeSecrets(cluster, manifests)] satisfies Check]),
  ]
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}

async function succeed(result: Promise<ToolResult>): Promise<ToolResult> {
  const { code, output } = await result
  const told = output
    .split('\n')
    .filter((line) => !/ (serverside-applied|condition met|created.*)$/.test(line))
  demand(code === 0, lastLines(told.join('\n')))
  return { code, output }
}

/** A definition that was stored a moment ago has no conditions yet, which `kubectl wait` takes for an error. */
async function install(cluster: Cluster, definitions: string): Promise<void> {
  await succeed(cluster.kubectl('apply', '--server-side', '--filename', definitions))
  for (let tries = 1; ; tries++) {
    const result = await cluster.kubectl(
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      'crd',
      '--all',
    )
    if (result.code === 0) return
    demand(tries < 60, lastLines(result.output))
    await sleep(500)
  }
}

async function apply(cluster: Cluster, rendered: string): Promise<void> {
  await succeed(cluster.kubectl('apply', '--server-side', ...STRICT, '--filename', rendered))
}

async function takeExample(cluster: Cluster): Promise<void> {
  const example = ['--kustomize', join(projectRoot, EXAMPLE_PLATFORM), '--namespace', NAMESPACE]
  await succeed(cluster.kubectl('apply', '--server-side', ...STRICT, ...example))
}

/** What the server fills in must not be taken back and given again at each apply. */
async function applyAgain(cluster: Cluster, rendered: string): Promise<void> {
  const versions = async (): Promise<string> => {
    const path = 'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}'
    return (await succeed(cluster.kubectl('get', '--filename', rendered, '--output', path))).output
  }
  const before = await versions()
  await apply(cluster, rendered)
  const after = (await versions()).split('\n').filter((line) => !before.includes(line))
  demand(after.length === 0, after.join(', '))
}

async function refuseUnknown(cluster: Cluster, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of firstOfEachKind(manifests)) {
    const odd = { ...manifest, metadata: { ...manifest.metadata, namespace: NAMESPACE }, [UNKNOWN]: true }
    const file = await writeResources(cluster, [odd])
    const { code, output } = await cluster.kubectl(
      'apply',
      '--server-side',
      '--dry-run=server',
      ...STRICT,
      '-f',
      file,
    )
    demand(
      code !== 0 && output.includes(UNKNOWN),
      `${manifest.kind} is taken with it: ${lastLines(output, 2)}`,
    )
  }
}

const UNKNOWN = 'notAField'

function firstOfEachKind(manifests: readonly Manifest[]): Manifest[] {
  return [
    ...new Map(manifests.filter(({ kind }) => kind !== 'Namespace').map((one) => [one.kind, one])).values(),
  ]
}

async function enforced(cluster: Cluster): Promise<void> {
  const label = 'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}'
  const { output } = await succeed(cluster.kubectl('get', 'namespace', NAMESPACE, '--output', label))
  demand(output === 'restricted', `it enforces "${output}"`)
}

interface PodManifest {
  readonly metadata: { readonly name: string }
  readonly spec: Pod
}

/** No controller runs that would make one: the template as a pod of its own. */
function podOf(name: string, spec: Pod): PodManifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE }, spec } as PodManifest
}

async function takePods(cluster: Cluster, pods: readonly PodManifest[]): Promise<void> {
  await succeed(create(cluster, pods))
}

async function refuseLoosened(cluster: Cluster, pods: readonly PodManifest[]): Promise<void> {
  for (const pod of pods) {
    for (const loose of loosened(pod)) {
      const { code, output } = await create(cluster, [loose])
      demand(
        code !== 0 && output.includes('violates PodSecurity'),
        `${pod.metadata.name}: ${lastLines(output, 2)}`,
      )
    }
  }
}

function loosened(pod: PodManifest): PodManifest[] {
  const { runAsNonRoot: _root, ...rest } = pod.spec.securityContext ?? {}
  const [first, ...others] = pod.spec.containers
  const open = { ...first!, securityContext: { ...first!.securityContext, capabilities: {} } }
  return [
    { ...pod, spec: { ...pod.spec, securityContext: rest } },
    { ...pod, spec: { ...pod.spec, containers: [open, ...others] } },
  ]
}

async function create(cluster: Cluster, pods: readonly PodManifest[]): Promise<ToolResult> {
  const file = await writeResources(cluster, pods)
  return cluster.kubectl('create', '--dry-run=server', ...STRICT, '--filename', file)
}

async function writeResources(cluster: Cluster, items: readonly object[]): Promise<string> {
  const file = join(cluster.folder, 'given.json')
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  return file
}

/** Everybody who is known may ask who they are and what they may. */
const ABOUT_ONESELF = ['selfsubjectaccessreviews', 'selfsubjectreviews', 'selfsubjectrulesreviews']
/** What would give an account everything else. */
const DANGEROUS = [
  ['get', 'secrets'],
  ['create', 'pods'],
  ['create', 'pods/exec'],
  ['create', 'serviceaccounts/token'],
  ['patch', 'deployments.apps'],
  ['create', 'rolebindings.rbac.authorization.k8s.io'],
] as const

interface User {
  readonly name: string
  readonly groups: readonly string[]
}

/** As each account, and for comparison as an administrator: all that it may in the namespace, and what is dangerous one by one. */
async function mayNothing(cluster: Cluster, accounts: readonly string[]): Promise<void> {
  for (const account of accounts) {
    const rights = await rightsOf(cluster, accountAs(account))
    demand(rights.length === 0, `${account} may ${rights.join('; ')}`)
  }
  const rights = await rightsOf(cluster, { name: 'somebody', groups: ['system:masters'] })
  demand(rights.includes('* * of *'), `an administrator may only ${rights.join('; ')}`)
  demand(rights.length > DANGEROUS.length, `an administrator may not what is dangerous`)
}

function accountAs(name: string): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${NAMESPACE}`, 'system:authenticated']
  return { name: `system:serviceaccount:${NAMESPACE}:${name}`, groups }
}

async function rightsOf(cluster: Cluster, user: User): Promise<string[]> {
  const as = ['--as', user.name, ...user.groups.flatMap((group) => ['--as-group', group])]
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace: NAMESPACE },
  }
  const file = await writeResources(cluster, [review])
  const { output } = await succeed(cluster.kubectl('create', ...as, '--filename', file, '--output', 'json'))
  const { status } = JSON.parse(output) as { status: { incomplete: boolean; resourceRules: Rule[] } }
  demand(!status.incomplete, 'the authorizer does not know all rules')
  const rules = status.resourceRules.filter(
    ({ resources }) => !resources.every((one) => ABOUT_ONESELF.includes(one)),
  )
  const listed = rules.map(
    ({ verbs, resources, apiGroups }) =>
      `${verbs.join(' ')} ${resources.join(' ')} of ${apiGroups?.join(' ')}`,
  )
  const allowed: string[] = []
  for (const [verb, resource] of DANGEROUS) {
    const { code } = await cluster.kubectl(
      'auth',
      'can-i',
      verb,
      resource,
      '--namespace',
      NAMESPACE,
      '--quiet',
      ...as,
    )
    if (code === 0) allowed.push(`${verb} ${resource}`)
  }
  return [...listed, ...allowed]
}

interface Rule {
  readonly verbs: readonly string[]
  readonly resources: readonly string[]
  readonly apiGroups?: readonly string[]
}

/** By the script that those without a store of secrets use; called twice, it makes each once. */
async function makeSecrets(cluster: Cluster, manifests: readonly Manifest[]): Promise<void> {
  const env = {
    ...process.env,
    KUBECTL: `${cluster.command} --kubeconfig ${cluster.kubeconfig}`,
    SMTP_URL: 'smtps://relay.example.org',
    BACKUP_ACCESS_KEY_ID: 'id',
    BACKUP_SECRET_ACCESS_KEY: 'key',
  }
  const script = join(projectRoot, 'k8s/make-secrets.sh')
  const made = async (): Promise<Map<string, string>> => {
    await succeed(runTool('sh', [script, NAMESPACE], { env }))
    const all = 'jsonpath={range .items[*]}{.metadata.name} {.data}{"\\n"}{end}'
    const { output } = await succeed(
      cluster.kubectl('get', 'secrets', '--namespace', NAMESPACE, '--output', all),
    )
    return new Map(
      output
        .trim()
        .split('\n')
        .map((line) => line.split(/ (.*)/, 2) as [string, string]),
    )
  }
  const first = await made()
  const second = await made()
  demand(JSON.stringify([...first]) === JSON.stringify([...second]), 'a second run changed them')
  demand(second.has('weir-mongodb-backup-store'), 'the key of the store of backups is not made')
  const missing = workloadsOf(manifests)
    .flatMap(({ spec }) => secretsOf(spec.template.spec))
    .filter((one) => !isMadeByOperator(one) && one.name !== BY_HAND)
    .filter(({ name, key }) => {
      const data = JSON.parse(second.get(name) ?? '{}') as Record<string, string>
      return (data[key] ?? '') === ''
    })
  demand(missing.length === 0, missing.map(({ name, key }) => `${name}/${key}`).join(', '))
}
