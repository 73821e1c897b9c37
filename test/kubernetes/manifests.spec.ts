import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PlatformTopics, SERVICES, type ServiceName, Topics } from '#libs/contracts/catalogue'
import { defaultPort, readEnv, ServiceEnv, settingsOf } from '#libs/runtime/env'
import { openSecretBox } from '#libs/runtime/secret-box'
import { projectRoot } from '#libs/testing/project-root'
import { ClassificationEnv } from '../../apps/classification/config.js'
import { auditKey } from '../../apps/enforcement/audit/audit-key.js'
import { EnforcementEnv } from '../../apps/enforcement/config.js'
import { IngestionEnv } from '../../apps/ingestion/config.js'
import { NotificationEnv } from '../../apps/notification/config.js'
import { accessLines } from '../access-table.js'
import {
  configMapsOf,
  type Container,
  containersOf,
  EXAMPLE_PLATFORM,
  filesUnderK8s,
  isMadeByOperator,
  K8S_FOLDER,
  kustomizationOf,
  type Manifest,
  manifestsIn,
  ofKind,
  overlayFolder,
  OVERLAYS,
  type Overlay,
  type Pod,
  reachedFrom,
  resourcesOf,
  secretsOf,
  type Workload,
  workloadsOf,
} from './manifests.js'

const EXAMPLE = `${EXAMPLE_PLATFORM}/`

const ENVS: Readonly<Record<ServiceName, new () => ServiceEnv>> = {
  ingestion: IngestionEnv,
  classification: ClassificationEnv,
  enforcement: EnforcementEnv,
  notification: NotificationEnv,
}
const isService = (name: string): name is ServiceName => SERVICES.some((service) => service === name)

const PRODUCTIVE: readonly Overlay[] = ['production', 'air-gapped']
const everywhere = OVERLAYS.flatMap((overlay) =>
  workloadsOf(resourcesOf(overlay)).map((workload) => ({ overlay, name: workload.metadata.name, workload })),
)
const services = everywhere.filter(({ name }) => isService(name))

describe('the files', () => {
  it('are each reached by an overlay', () => {
    const reached = new Set(OVERLAYS.flatMap((overlay) => [...reachedFrom(overlayFolder(overlay)).files]))
    const expected = filesUnderK8s().filter((path) => !path.endsWith('.sh') && !path.startsWith(EXAMPLE))
    expect(expected.filter((path) => !reached.has(path))).toEqual([])
    expect(expected.length).toBeGreaterThan(40)
  })

  it.each(OVERLAYS)('of %s hold no resource twice', (overlay) => {
    const names = resourcesOf(overlay).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it.each(OVERLAYS)('of %s run each service once', (overlay) => {
    const names = workloadsOf(resourcesOf(overlay)).map(({ metadata }) => metadata.name)
    expect(names.sort()).toEqual([...SERVICES, 'migrations'].sort())
  })
})

describe('the image', () => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    version: string
  }

  it.each(OVERLAYS)('is that of this version in %s', (overlay) => {
    const weir = kustomizationOf(overlayFolder(overlay)).images?.filter(({ name }) => name === 'weir')
    expect(weir?.map(({ newTag }) => newTag)).toEqual([version])
  })

  it.each(everywhere)('is one for $overlay $name, which starts what is there', ({ workload }) => {
    for (const { image, args } of containersOf(workload.spec.template.spec)) {
      expect(image).toBe('weir')
      const main = args.find((arg) => arg.endsWith('.js'))!
      const source = main.replace(/^dist\//, '').replace(/\.js$/, '.ts')
      expect(existsSync(join(projectRoot, source)), main).toBe(true)
    }
  })

  it('comes from inside where there is no internet, and so do those of the database', () => {
    const inside = kustomizationOf(overlayFolder('air-gapped')).images ?? []
    const moved = inside.map(({ name, newName }) => [name, newName?.startsWith('registry.example.internal/')])
    const cluster = JSON.stringify(
      ofKind(resourcesOf('air-gapped'), 'PerconaServerMongoDB').get('weir-mongodb'),
    )
    const used = [...cluster.matchAll(/"image":"([^":]+):[^":]+"/g)].map((match) => match[1]!)
    expect(used).toHaveLength(2)
    expect(moved.sort()).toEqual(['weir', ...used].sort().map((name) => [name, true]))
  })
})

/** What the Pod Security Standard "restricted" forbids, and what we forbid beyond it; from its published table, not from ours. */
function objectionsTo(pod: Pod): string[] {
  const of = (part: Readonly<Record<string, unknown>> | undefined, name: string): unknown => part?.[name]
  const found: string[] = []
  const demand = (holds: boolean, what: string): void => void (holds || found.push(what))
  demand(pod.automountServiceAccountToken === false, 'has a token for the API server')
  demand(of(pod.securityContext, 'runAsNonRoot') === true, 'may run as root')
  demand(of(pod.securityContext, 'runAsUser') !== 0, 'runs as root')
  const seccomp = of(pod.securityContext, 'seccompProfile') as { type?: string } | undefined
  demand(seccomp?.type === 'RuntimeDefault', 'has no seccomp profile')
  for (const [name, forbidden] of [
    ['hostNetwork', true],
    ['hostPID', true],
    ['hostIPC', true],
  ] as const)
    demand((pod as unknown as Record<string, unknown>)[name] !== forbidden, name)
  for (const volume of pod.volumes ?? []) {
    demand('emptyDir' in volume || 'secret' in volume, `volume ${volume.name} of another kind`)
  }
  for (const { name, securityContext, resources, volumeMounts } of containersOf(pod)) {
    demand(of(securityContext, 'allowPrivilegeEscalation') === false, `${name} may gain privileges`)
    demand(of(securityContext, 'readOnlyRootFilesystem') === true, `${name} may write to its root`)
    const drop =
      (of(securityContext, 'capabilities') as { drop?: string[]; add?: string[] } | undefined) ?? {}
    demand(drop.drop?.includes('ALL') === true && drop.add === undefined, `${name} has capabilities`)
    demand(resources.limits['memory'] === resources.requests['memory'], `${name} may outgrow its memory`)
    demand(resources.limits['cpu'] === undefined, `${name} may be throttled`)
    demand(resources.requests['cpu'] !== undefined, `${name} asks for no CPU`)
    const writable = (volumeMounts ?? []).filter(({ readOnly }) => readOnly !== true)
    demand(
      writable.map(({ mountPath }) => mountPath).join() === '/tmp',
      `${name} writes elsewhere than to /tmp`,
    )
  }
  return found
}

describe('pods', () => {
  it.each(everywhere)('of $overlay $name are restricted', ({ workload }) => {
    expect(objectionsTo(workload.spec.template.spec)).toEqual([])
  })

  it.each(everywhere)('of $overlay $name run as an account of their own', ({ overlay, name, workload }) => {
    const accounts = ofKind(resourcesOf(overlay), 'ServiceAccount')
    const account = accounts.get(workload.spec.template.spec.serviceAccountName ?? 'default')
    expect(account?.metadata.name).toBe(name)
    expect(account).toHaveProperty('automountServiceAccountToken', false)
  })

  // Of the roles that a cluster brings, some are filled by a controller only: what they give, no API server alone tells.
  it.each(OVERLAYS)('of %s are given no role', (overlay) => {
    const kinds = new Set(resourcesOf(overlay).map(({ kind }) => kind))
    expect([...kinds].filter((kind) => /Role|Binding/.test(kind))).toEqual([])
  })

  it.each(services)('of $overlay $name are probed where the service answers', ({ name, workload }) => {
    const [container] = workload.spec.template.spec.containers as [Container]
    expect(container.ports).toEqual([{ name: 'http', containerPort: defaultPort(name as ServiceName) }])
    const { startupProbe, livenessProbe, readinessProbe } = container
    const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path)
    expect(paths).toEqual(['/health/live', '/health/live', '/health/ready'])
    const open = accessLines([name as ServiceName]).filter(({ access }) => access === 'public')
    expect(open.map(({ path }) => path)).toEqual(expect.arrayContaining(paths))
    // A part of the service is given 3 s to answer (libs/runtime/health/health.ts).
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      expect(probe?.httpGet?.port).toBe('http')
      expect(probe?.timeoutSeconds).toBeGreaterThan(3)
    }
  })

  it.each(services)(
    'of $overlay $name are found by a Service of their port',
    ({ overlay, name, workload }) => {
      interface Service {
        readonly selector: Readonly<Record<string, string>>
        readonly ports: readonly {
          readonly name: string
          readonly port: number
          readonly targetPort: string
        }[]
      }
      const { selector, ports } = ofKind<Service>(resourcesOf(overlay), 'Service').get(name)!.spec
      expect(workload.spec.template.metadata.labels).toMatchObject(selector)
      expect(ports).toEqual([{ name: 'http', port: defaultPort(name as ServiceName), targetPort: 'http' }])
    },
  )

  it.each(services)('of $overlay $name have time to drain', ({ overlay, name, workload }) => {
    const pod = workload.spec.template.spec
    const { seconds } = pod.containers[0]!.lifecycle!.preStop.sleep
    const { SHUTDOWN_SECONDS } = envOf(overlay, name as ServiceName, pod.containers[0]!)
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(seconds + SHUTDOWN_SECONDS)
  })

  it.each(services)('of $overlay $name give three quarters of their memory to the heap', ({ workload }) => {
    const [{ args, resources }] = workload.spec.template.spec.containers as [Container]
    const [heap] = args.flatMap((arg) => /^--max-old-space-size=(\d+)$/.exec(arg)?.[1] ?? [])
    expect(Number(heap)).toBe(mebibytes(resources.limits['memory']!) * 0.75)
  })

  it.each(services)('of $overlay $name are replaced one at a time', ({ overlay, name, workload }) => {
    expect(workload.spec).toMatchObject({
      minReadySeconds: 30,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    })
    const budgets = ofKind<{ maxUnavailable: number; selector: object }>(
      resourcesOf(overlay),
      'PodDisruptionBudget',
    )
    expect(budgets.get(name)?.spec.maxUnavailable).toBe(1)
    expect(budgets.get(name)?.spec.selector).toEqual(
      (workload.spec as unknown as { selector: object }).selector,
    )
  })
})

function mebibytes(quantity: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity)!
  return Number(number) * (unit === 'Gi' ? 1_024 : 1)
}

const SECRETS: Readonly<Record<string, string>> = {
  KAFKA_PASSWORD: 'a password',
  MONGODB_URI: 'mongodb://user:password@weir-mongodb-rs0.weir.svc.cluster.local/?replicaSet=rs0&tls=true',
  SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
  AUDIT_SIGNING_KEY: generateKeyPairSync('ed25519')
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString(),
  SMTP_URL: 'smtps://user:password@relay.example.org',
}

/** What a container finds in its environment, secrets as examples. */
function variablesOf(overlay: Overlay, container: Container): Record<string, string> {
  const maps = configMapsOf(overlay)
  const shared = (container.envFrom ?? []).map(({ configMapRef }) => {
    const map = maps.get(configMapRef.name)
    if (!map) throw new Error(`no ConfigMap ${configMapRef.name}`)
    return map
  })
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? SECRETS[name] ?? ''])
  return Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>
}

function envOf(overlay: Overlay, service: ServiceName, container: Container): ServiceEnv {
  return readEnv(ENVS[service], variablesOf(overlay, container))
}

/** A variable of every service may be given to one that does not look at it; each must be a setting of somebody. */
const known = (service: ServiceName | undefined): string[] =>
  settingsOf(service ? ENVS[service] : ServiceEnv).map(({ name }) => name)

describe('settings', () => {
  it.each(everywhere)('of $overlay $name exist', ({ overlay, name, workload }) => {
    for (const container of containersOf(workload.spec.template.spec)) {
      const given = Object.keys(variablesOf(overlay, container))
      const names = new Set(known(isService(name) ? name : undefined))
      expect(given.filter((one) => !names.has(one))).toEqual([])
      expect(given.length).toBeGreaterThan(8)
    }
  })

  it.each(services)('of $overlay $name are taken by the service', async ({ overlay, name, workload }) => {
    const env = envOf(overlay, name as ServiceName, workload.spec.template.spec.containers[0]!)
    if (env instanceof EnforcementEnv) await auditKey(env)
    if ('SECRETS_KEY' in env) await openSecretBox(env as EnforcementEnv, 'not used')
    expect(env.NODE_ENV).toBe(overlay === 'local' ? 'development' : 'production')
    expect(env.OIDC_ISSUER === undefined).toBe(overlay === 'local')
    expect(env).toMatchObject({ HOST: '0.0.0.0', KAFKA_SSL: true, KAFKA_SASL: 'scram-sha-512' })
    expect(env.KAFKA_USERNAME).toBe(`weir-${name}`)
    expect(env).toMatchObject({ TOPICS_MANAGE: false, MONGODB_INDEXES: false })
  })

  it.each(everywhere.filter(({ name }) => !isService(name)))(
    'of each step of $overlay $name are taken by what it starts',
    ({ overlay, workload }) => {
      for (const container of containersOf(workload.spec.template.spec)) {
        const service = SERVICES.find((one) => container.args[0] === `dist/apps/${one}/main.js`)
        const env = readEnv(service ? ENVS[service] : ServiceEnv, variablesOf(overlay, container))
        expect(env.KAFKA_SASL).toBe(service ? 'none' : 'scram-sha-512')
      }
    },
  )

  it.each(services.filter(({ overlay }) => PRODUCTIVE.includes(overlay)))(
    'of $overlay $name leave nothing pointed at the pod itself',
    ({ overlay, name, workload }) => {
      const given = variablesOf(overlay, workload.spec.template.spec.containers[0]!)
      const local = settingsOf(ENVS[name as ServiceName]).filter(
        ({ value }) => typeof value === 'string' && /127\.0\.0\.1|localhost|weir\.local/.test(value),
      )
      expect(local.length).toBeGreaterThan(3)
      expect(local.filter(({ name: one, value }) => (given[one] ?? value) === value)).toEqual([])
    },
  )

  it.each(OVERLAYS)('of %s name a file for every authority that is mounted', (overlay) => {
    for (const { workload } of services.filter((one) => one.overlay === overlay)) {
      const [container] = workload.spec.template.spec.containers as [Container]
      const folder = variablesOf(overlay, container)['KAFKA_SSL_CA_FILE']!.replace(/\/ca\.crt$/, '')
      expect(container.volumeMounts?.map(({ mountPath }) => mountPath)).toContain(folder)
    }
  })
})

describe('secrets', () => {
  interface ExternalSecret {
    readonly target: {
      readonly name: string
      readonly template?: { readonly data: Readonly<Record<string, string>> }
    }
    readonly data?: readonly { readonly secretKey: string }[]
  }
  interface Users {
    readonly users: readonly { name: string; db: string; passwordSecretRef: { key: string } }[]
  }
  const external = [...ofKind<ExternalSecret>(resourcesOf('production'), 'ExternalSecret').values()]
  const made = new Map(
    external.flatMap(({ spec: { target } }) =>
      Object.entries(target.template?.data ?? {}).map(
        ([key, text]) => [`${target.name} ${key}`, text] as const,
      ),
    ),
  )
  const asked = new Set(
    workloadsOf(resourcesOf('production'))
      .flatMap((workload) => secretsOf(workload.spec.template.spec))
      .filter((one) => !isMadeByOperator(one))
      .map(({ name, key }) => `${name} ${key}`),
  )

  it('that pods ask for are those that are made, and no others', () => {
    expect([...asked].sort()).toEqual([...made.keys()].sort())
    expect(asked.size).toBeGreaterThan(7)
  })

  it.each(OVERLAYS)('of users on Kafka come with users who are made in %s', (overlay) => {
    const users = ofKind(resourcesOf(overlay), 'KafkaUser')
    const pods = workloadsOf(resourcesOf(overlay)).map(({ spec }) => spec.template.spec)
    const named = pods.flatMap(containersOf).flatMap((container) => {
      const { KAFKA_SASL, KAFKA_USERNAME } = variablesOf(overlay, container)
      const password = container.env?.find(({ name }) => name === 'KAFKA_PASSWORD')?.valueFrom?.secretKeyRef
      return KAFKA_SASL === 'none' ? [] : [{ KAFKA_USERNAME, password }]
    })
    for (const { KAFKA_USERNAME, password } of named) {
      expect(users.has(KAFKA_USERNAME!), KAFKA_USERNAME).toBe(true)
      expect(password).toEqual({ name: KAFKA_USERNAME, key: 'password' })
    }
    expect(named).toHaveLength(5)
  })

  it('are made of what is fetched', () => {
    for (const { spec } of external) {
      const fetched = new Set(spec.data?.map(({ secretKey }) => secretKey))
      for (const text of Object.values(spec.target.template?.data ?? {})) {
        const [, used] = /\{\{ \.(\w+)/.exec(text)!
        expect(fetched, text).toContain(used)
      }
    }
  })

  it('name the authority of the database where it is mounted, and the user who is made', () => {
    const [file] = manifestsIn(join(K8S_FOLDER, 'components/mongodb/users.yaml')) as [Manifest<Users>]
    const known = new Map(file.spec.users.map((user) => [user.name, user]))
    const uris = [...made].filter(([one]) => one.endsWith(' MONGODB_URI'))
    expect(uris).toHaveLength(known.size)
    for (const [one, text] of uris) {
      const uri = new URL(text.replace(/\{\{.*\}\}/, 'password'))
      const user = known.get(uri.username)
      expect(`${user?.passwordSecretRef.key}-secrets MONGODB_URI`).toBe(one)
      expect(uri.searchParams.get('authSource')).toBe(user?.db)
      expect(uri.searchParams.get('tls')).toBe('true')
      expect(uri.searchParams.get('tlsCAFile')).toBe('/etc/weir/mongodb/ca.crt')
    }
  })
})

describe('the autoscaler', () => {
  interface Trigger {
    readonly type: string
    readonly metadata: Readonly<Record<string, string>>
  }
  interface ScaledObject {
    readonly scaleTargetRef: { readonly name: string }
    readonly minReplicaCount: number
    readonly maxReplicaCount: number
    readonly advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleDown: Record<string, unknown> } } }
    readonly triggers: readonly Trigger[]
  }
  const scaled = ofKind<ScaledObject>(resourcesOf('production'), 'ScaledObject')
  const shards = new ServiceEnv().KAFKA_PLATFORM_SHARDS
  const prefix = new ServiceEnv().KAFKA_GROUP_PREFIX

  it('scales every service', () => {
    expect([...scaled.keys()].sort()).toEqual([...SERVICES].sort())
  })

  it.each([...scaled.values()].map((one) => [one.metadata.name, one.spec] as const))(
    'of %s watches its groups from the first record, and makes no more members than partitions',
    (name, { scaleTargetRef, triggers, ...spec }) => {
      expect(scaleTargetRef.name).toBe(name)
      const groups = triggers.map(({ metadata }) => metadata['consumerGroup'])
      const platforms = Array.from(
        { length: shards },
        (_, i) => `${prefix}.${name}.platforms.messages.${i}of${shards}`,
      )
      expect(groups).toEqual(name === 'ingestion' ? platforms : [`${prefix}.${name}`])
      for (const { type, metadata } of triggers) {
        expect(type).toBe('kafka')
        expect(metadata).toMatchObject({
          offsetResetPolicy: 'earliest',
          allowIdleConsumers: 'false',
          tls: 'enable',
        })
        const topic = Object.values(Topics).find((one) => one.name === metadata['topic'])
        if (name !== 'ingestion') expect(topic?.to).toContain(name)
        // A partition that stands still makes no instance beyond the one that has it (KEDA issue 5906 on its other way).
        expect(metadata['limitToPartitionsWithLag']).toBe(topic ? 'true' : undefined)
        expect(spec.maxReplicaCount).toBe((topic ?? PlatformTopics.messages).partitions)
      }
      expect(spec.minReplicaCount).toBeGreaterThanOrEqual(2)
      const { scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior
      expect(scaleDown['stabilizationWindowSeconds']).toBeGreaterThanOrEqual(300)
      expect(scaleDown['policies']).toEqual([{ type: 'Pods', value: 1, periodSeconds: 300 }])
    },
  )

  it('may look where it has to look', () => {
    interface Acl {
      readonly resource: { readonly type: string; readonly name: string; readonly patternType: string }
      readonly operations: readonly string[]
    }
    const user = ofKind<{ authorization: { acls: Acl[] } }>(resourcesOf('production'), 'KafkaUser').get(
      'weir-keda',
    )!
    const { acls } = user.spec.authorization
    expect(acls.flatMap(({ operations }) => operations).every((one) => one === 'Describe')).toBe(true)
    const allows = (type: string, name: string): boolean =>
      acls.some(({ resource }) =>
        resource.patternType === 'prefix'
          ? resource.type === type && name.startsWith(resource.name)
          : resource.type === type && resource.name === name,
      )
    for (const { metadata } of [...scaled.values()].flatMap(({ spec }) => spec.triggers)) {
      expect(allows('group', metadata['consumerGroup']!)).toBe(true)
      expect(allows('topic', metadata['topic'] ?? 'weir.in.p1.messages.v1')).toBe(true)
    }
    expect(allows('topic', 'weir.events.v1')).toBe(false)
    expect(allows('group', 'weir.enforcement.tables.x')).toBe(false)
  })
})

describe('ways in', () => {
  interface Ingress {
    readonly rules: readonly {
      readonly host: string
      readonly http: { readonly paths: readonly { path: string; backend: { service: { name: string } } }[] }
    }[]
  }
  const ways = ofKind<Ingress>(resourcesOf('production'), 'Ingress')
  const routes = accessLines([])
  /** Whom an ingress hands a path to: the longest prefix of whole segments wins. */
  const handedTo = (way: string, path: string): string | undefined =>
    ways
      .get(way)!
      .spec.rules.flatMap(({ http }) => http.paths)
      .filter((one) => path === one.path || path.startsWith(`${one.path}/`))
      .sort((a, b) => b.path.length - a.path.length)[0]?.backend.service.name

  it('of the public leads to every route that asks for no token, and to few that do', () => {
    const open = routes.filter(({ access }) => access === 'public')
    expect(open.filter(({ path, service }) => handedTo('public', path) !== service)).toEqual([])
    const shut = routes.filter(
      ({ access, path }) => access !== 'public' && handedTo('public', path) !== undefined,
    )
    expect(shut.filter(({ path }) => !path.startsWith('/v1/appeals'))).toEqual([])
  })

  it('of the APIs leads each route to the service that has it', () => {
    const calls = routes.filter(({ path }) => path.startsWith('/v1/'))
    expect(calls.filter(({ path, service }) => handedTo('api', path) !== service)).toEqual([])
    expect(calls.length).toBeGreaterThan(50)
  })

  it.each(['public', 'api'])('of %s leads to no metrics, docs or health', (way) => {
    for (const path of ['/metrics', '/docs', '/openapi.json', '/health/live']) {
      expect(handedTo(way, path), path).toBeUndefined()
    }
  })

  it('have hosts of their own', () => {
    const hosts = [...ways.values()].map(({ spec }) => spec.rules.map(({ host }) => host).join())
    expect(new Set(hosts).size).toBe(2)
    expect(configMapsOf('production').get('weir')?.['PUBLIC_URL']).toBe(
      `https://${ways.get('public')!.spec.rules[0]!.host}`,
    )
  })
})

describe('network policies', () => {
  interface Policy {
    readonly podSelector: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly policyTypes: readonly string[]
    readonly ingress?: readonly { readonly ports?: readonly { readonly port: number }[] }[]
    readonly egress?: readonly {
      readonly to?: readonly object[]
      readonly ports?: readonly { port: number }[]
    }[]
  }
  const ANY = [0]
  const policies = ofKind<Policy>(resourcesOf('production'), 'NetworkPolicy')

  it('deny what none allows', () => {
    expect(policies.get('deny-all')?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  })

  it.each(workloadsOf(resourcesOf('production')).map((one) => [one.metadata.name, one.spec] as const))(
    'let %s reach Kafka and MongoDB, and only its own port be reached',
    (name, { template }: Workload) => {
      const policy = policies.get(name)!.spec
      expect(template.metadata.labels).toMatchObject(policy.podSelector.matchLabels!)
      const out = policy.egress?.flatMap(({ ports }) => ports?.map(({ port }) => port) ?? [])
      expect(out).toEqual(expect.arrayContaining([9093, 27017]))
      const into = policy.ingress?.flatMap(({ ports }) => ports?.map(({ port }) => port) ?? ANY)
      expect(into).toEqual(isService(name) ? [defaultPort(name)] : undefined)
      expect(policy.egress?.every(({ ports }) => ports !== undefined)).toBe(true)
    },
  )
})

describe('monitoring', () => {
  it('scrapes every service', () => {
    interface Monitor {
      readonly selector: { readonly matchExpressions: readonly { values: readonly string[] }[] }
      readonly podMetricsEndpoints: readonly { port: string; path: string }[]
    }
    const monitor = ofKind<Monitor>(resourcesOf('production'), 'PodMonitor').get('weir')!.spec
    expect([...monitor.selector.matchExpressions[0]!.values].sort()).toEqual([...SERVICES].sort())
    expect(monitor.podMetricsEndpoints.map(({ port, path }) => [port, path])).toEqual([['http', '/metrics']])
  })

  it('has the alerts', () => {
    expect([...ofKind(resourcesOf('production'), 'PrometheusRule').keys()]).toEqual(['weir'])
  })
})
