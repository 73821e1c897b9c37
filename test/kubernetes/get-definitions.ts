import { createHash } from 'node:crypto'
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '#libs/testing/fetch-cache'
import { getJava } from '#libs/testing/get-java'
import { runNeededTool } from '#libs/testing/run-tool'
import { StackError } from '#libs/testing/stack-error'
import { verifyFile } from '#libs/testing/verify-hash'

/** A Go module of an operator, which holds the definitions of the operator's kinds. */
interface PinnedModule {
  readonly path: string
  readonly version: string
  /** Of the whole module, as in a `go.sum`. */
  readonly sum: string
  readonly files: readonly string[]
}

const MODULES: readonly PinnedModule[] = [
  {
    path: 'github.com/kedacore/keda/v2',
    version: 'v2.20.1',
    sum: 'h1:0Bb2zX/s+RSPtU2W+/Jk24A/aFl8MO79UuU0C4lA8ts=',
    files: [
      'config/crd/bases/keda.sh_scaledobjects.yaml',
      'config/crd/bases/keda.sh_triggerauthentications.yaml',
    ],
  },
  {
    path: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.92.1',
    sum: 'h1:rHWuFo6SVya4FBSCNg2DCzyc4xAv54zk3eDTzp5mQZc=',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
    ],
  },
  {
    path: 'github.com/external-secrets/external-secrets',
    version: 'v0.16.2',
    sum: 'h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=',
    files: [
      'config/crds/bases/external-secrets.io_externalsecrets.yaml',
      'config/crds/bases/external-secrets.io_secretstores.yaml',
    ],
  },
  {
    path: 'github.com/percona/percona-server-mongodb-operator',
    version: 'v1.22.0',
    sum: 'h1:7iLJkmwa6AHSDTSY9q+g6/E53KrMF8p4uc/2NHrcN2g=',
    files: ['config/crd/bases/psmdb.percona.com_perconaservermongodbs.yaml'],
  },
]

/** Strimzi publishes no definitions but the classes that they are made from, and what makes them. */
const STRIMZI = {
  version: '1.2.0',
  jars: {
    api: '566961ae5e5646a001ae91312beda5cba3a5d467e740e205e1b761754335fe4e',
    'crd-generator': '76bb2430e702a1e6a24c071d26c865d5e9572cbc630d176d3b912033ae23ed00',
  },
  java: 21,
  classes: ['kafka.Kafka', 'nodepool.KafkaNodePool', 'topic.KafkaTopic', 'user.KafkaUser'],
} as const

const NO_GO = 'Go is not on the PATH and is needed to fetch the definitions: install Go 1.26 or newer.'
const NO_MAVEN = 'Maven (mvn) is not on the PATH and is needed to fetch those of Strimzi: install it.'

/**
 * A folder with the CustomResourceDefinitions of every operator that `k8s/` uses, each pinned by version and hash; fetched where the
 * cache has none of these. @throws StackError `tool-missing`, `tool-failed`, `hash-mismatch`
 */
export async function getDefinitions(log: (line: string) => void): Promise<string> {
  const pins = createHash('sha256')
    .update(JSON.stringify([MODULES, STRIMZI]))
    .digest('hex')
    .slice(0, 12)
  return cached(`kubernetes-definitions-${pins}`, async (folder) => {
    log('fetching the definitions of five operators (50 MB), once')
    for (const module of MODULES) await copyFromModule(module, folder)
    await makeThoseOfStrimzi(folder, log)
  })
}

async function copyFromModule({ path, version, sum, files }: PinnedModule, folder: string): Promise<void> {
  const output = await runNeededTool('go', ['mod', 'download', '-json', `${path}@${version}`], NO_GO, {
    cwd: folder,
    env: { ...process.env, GOWORK: 'off' },
  })
  const fetched = JSON.parse(output.slice(output.indexOf('{'))) as { Dir: string; Sum: string }
  if (fetched.Sum !== sum) {
    throw new StackError(
      'hash-mismatch',
      `${path} was fetched with ${fetched.Sum}, not ${sum}, and is not used.`,
    )
  }
  for (const file of files) await copyFile(join(fetched.Dir, file), join(folder, file.split('/').at(-1)!))
}

async function makeThoseOfStrimzi(folder: string, log: (line: string) => void): Promise<void> {
  const { version, jars, classes } = STRIMZI
  const java = await getJava(log, STRIMZI.java)
  const scratch = join(folder, 'jars')
  await mkdir(scratch)
  for (const [name, sha256] of Object.entries(jars)) {
    const copy = [
      'dependency:copy',
      `-Dartifact=io.strimzi:${name}:${version}`,
      `-DoutputDirectory=${scratch}`,
    ]
    await runNeededTool('mvn', ['-q', '-B', ...copy], NO_MAVEN, {
      cwd: scratch,
      env: { ...process.env, ...(java.home !== undefined && { JAVA_HOME: java.home }) },
    })
    await verifyFile(join(scratch, `${name}-${version}.jar`), sha256)
  }
  // As Strimzi itself calls it for its release.
  const options = [
    '--target-kube',
    '1.25+',
    '--crd-api-version',
    'v1',
    '--api-versions',
    'v1',
    '--storage-version',
    'v1',
  ]
  const made = classes.map((name) => {
    const file = join(folder, `kafka.strimzi.io_${name.split('.').at(-1)!.toLowerCase()}.yaml`)
    return `io.strimzi.api.kafka.model.${name}=${file}`
  })
  const generator = [
    '-cp',
    join(scratch, '*'),
    'io.strimzi.crdgenerator.CrdGenerator',
    ...options,
    '--yaml',
    ...made,
  ]
  await runNeededTool(java.command, generator, 'Java cannot be run.')
  await rm(scratch, { recursive: true })
}
